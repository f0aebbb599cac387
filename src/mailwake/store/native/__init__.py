"""What Salesforce's own tracking says of mail, kept for comparison alone: no event is made of it.

The same database as the state store. Whom a mail went to is kept as the recipient's handle; of an address that we never
mailed only that there was one, and no subject is kept but as a hash. Synchronous; every method is one transaction.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import select

from mailwake.events import DeliveryId, Handle, Micros
from mailwake.store.crm.marks import Marks
from mailwake.store.native import tables
from mailwake.store.state.engine import chunks, open_database

__all__ = ["ListMail", "NativeMail", "NativeStore", "open_native"]

_mails, _lists = tables.mails, tables.lists


@dataclass(frozen=True, kw_only=True)
class NativeMail:
    """One recipient of one mail, as the org tells of it. None: the org does not say, or hides it from us."""

    #: id in the org
    record: str
    #: number of the recipient in it
    place: int = 0
    #: message: an EmailMessage; list: a ListEmailSentResult
    kind: str
    #: None: we never mailed this address
    handle: Handle | None
    sent_at: Micros
    #: of our copy, where the Message-ID names one
    delivery: DeliveryId | None = None
    #: hash of the subject
    subject: str | None = None
    #: whom the mail went to, copies included; opens of one mail are of them all
    recipients: int = 1
    is_tracked: bool | None = None
    is_opened: bool | None = None
    opened_at: Micros | None = None
    is_link_tracked: bool | None = None
    is_clicked: bool | None = None
    is_bounced: bool | None = None
    changed_at: Micros


@dataclass(frozen=True, kw_only=True)
class ListMail:
    """A list email of the org, with how many it says were sent."""

    #: id in the org
    record: str
    name: str
    #: hash of the subject
    subject: str | None
    sent_at: Micros
    #: None: the org does not say
    total_sent: int | None
    changed_at: Micros


class NativeStore(Marks):
    """Mail as the org tracked it."""

    def put_mails(self, mails: Iterable[NativeMail], *, marks: dict[str, Micros]) -> None:
        """Keep mails as the org has them now, and how far the reading got, at once."""
        rows = [{each.name: getattr(mail, each.name) for each in fields(NativeMail)} for mail in mails]
        made = self._database.upsert(_mails)
        others = {column.key: made.excluded[column.key] for column in _mails.c if not column.primary_key}
        change = made.on_conflict_do_update(index_elements=["record", "place"], set_=others)
        with self._database.writing() as connection:
            for part in chunks(rows, 1_000):
                connection.execute(change, list(part))
            self._put_marks(connection, marks)

    def put_lists(self, lists: Iterable[ListMail], *, marks: dict[str, Micros]) -> None:
        """Keep list emails as the org has them now, and how far the reading got, at once."""
        rows = [{each.name: getattr(one, each.name) for each in fields(ListMail)} for one in lists]
        made = self._database.upsert(_lists)
        others = {column.key: made.excluded[column.key] for column in _lists.c if not column.primary_key}
        change = made.on_conflict_do_update(index_elements=["record"], set_=others)
        with self._database.writing() as connection:
            for part in chunks(rows, 1_000):
                connection.execute(change, list(part))
            self._put_marks(connection, marks)

    def mails(self, *, since: Micros) -> list[NativeMail]:
        """Mails sent since a time, by recipient and time."""
        query = select(_mails).where(_mails.c.sent_at >= since)
        query = query.order_by(_mails.c.handle, _mails.c.sent_at, _mails.c.record, _mails.c.place)
        with self._database.reading() as connection:
            return [NativeMail(**row) for row in connection.execute(query).mappings()]

    def lists(self, *, since: Micros) -> list[ListMail]:
        """List emails sent since a time, the latest first."""
        query = select(_lists).where(_lists.c.sent_at >= since).order_by(_lists.c.sent_at.desc(), _lists.c.record)
        with self._database.reading() as connection:
            return [ListMail(**row) for row in connection.execute(query).mappings()]

    def forget(self, *, before: Micros) -> int:
        """Let go of mail sent before a time; says of how many recipients."""
        with self._database.writing() as connection:
            connection.execute(_lists.delete().where(_lists.c.sent_at < before))
            return connection.execute(_mails.delete().where(_mails.c.sent_at < before)).rowcount


def open_native(path: Path | str) -> NativeStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return NativeStore(open_database(Path(path)))
