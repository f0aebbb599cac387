"""Reads what an org tracked by itself: mail that people and flows sent there, and the results of list emails.

By `SystemModstamp`, oldest first, a little before where the last reading ended. Nothing of it becomes an event: it is
kept apart, and numbers of people never hear of it. Of who wants no tracking nothing that they did is kept.

Sources: Object Reference, "EmailMessage",
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-emailmessage.html;
"ListEmail", https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-listemail.html;
Field Reference, "ListEmailSentResult" (API version 67 and later),
https://developer.salesforce.com/docs/platform/field-reference/references/field-reference/salesforce-field-reference-listemailsentresult.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from mailwake.crm.reading import OVERLAP, key_of
from mailwake.events import DeliveryId, Handle, Micros
from mailwake.salesforce import soql
from mailwake.salesforce.describe import ObjectShape
from mailwake.salesforce.records import Org, as_micros
from mailwake.store.native import ListMail, NativeMail, NativeStore
from mailwake.store.state import StateStore

DAY = 86_400_000_000
#: when the last reading ended
READ_AT = "native:read"
MESSAGE, LIST = "message", "list"
#: the fields read of each object where they are not hidden; Id and SystemModstamp go with each
WANTED: Mapping[str, tuple[str, ...]] = {
    "EmailMessage": (
        "ToAddress", "CcAddress", "BccAddress", "Subject", "MessageDate", "MessageIdentifier", "Incoming", "Status",
        "IsTracked", "IsOpened", "FirstOpenedDate", "IsBounced", "CreatedDate",
    ),
    "ListEmailSentResult": (
        "EmailAddress", "Headers", "IsOpenTracked", "IsOpened", "FirstOpenedDate", "IsLinkTracked", "IsClicked",
        "CreatedDate",
    ),
    "ListEmail": ("Name", "Subject", "TotalSent", "ScheduledDate", "CreatedDate"),
}  # fmt: skip
_PAGE = 2_000
#: recipients of one mail that are looked at; more is no mail of a person
_MOST_RECIPIENTS = 200
#: a mail that was sent, in the words of EmailMessage.Status: https://developer.salesforce.com (see above), 3 is Sent
_SENT = "3"
#: Message-ID of a letter of ours (mailwake/merge/letter.py): the delivery, in hexadecimal
_OURS = re.compile(r"<([0-9a-f]{16})@[^<>\s@]{1,255}>")
_MESSAGE_ID = re.compile(r"^message-id:\s{0,20}(<[^<>\s]{3,300}>)", re.IGNORECASE | re.MULTILINE)
#: what stands where a name comes in, in templates of Salesforce and of ours
_MERGED = re.compile(r"\{!|\{\{|\[\[")
_ADDRESS = re.compile(r"[^\s<>;,\"]{1,64}@[^\s<>;,\"]{1,255}")


@dataclass(kw_only=True)
class Found:
    """What a reading brought."""

    #: recipients of mails
    mails: int = 0
    #: of those whom we mailed at some time
    ours: int = 0
    lists: int = 0
    #: let go of, because it is too old
    forgotten: int = 0
    #: objects that the org does not have, or hides from us
    missing: list[str] = field(default_factory=list)
    #: fields that are hidden from us, object.field
    hidden: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads one org's own tracking.

    Args:
        org: where from.
        state: whose address is whose handle.
        store: where to.
        keep_days: mail sent longer ago is neither read nor kept.
    """

    org: Org
    state: StateStore
    store: NativeStore
    keep_days: int

    def read(self, *, now: Micros, progress: Callable[[int], None] = lambda _count: None) -> Found:
        """Read what changed.

        Args:
            now: the time.
            progress: told how many records were read so far.

        Raises:
            SalesforceAway, OrgMustAct: the org does not answer, or lets nobody in.
        """
        found, silent = Found(), frozenset(self.state.inert())
        oldest = Micros(max(now - self.keep_days * DAY, 0))
        count = 0
        for of, make in (("EmailMessage", self._messages), ("ListEmailSentResult", self._results)):
            for rows, marks in self._changed(of, found, oldest):
                mails = [_silenced(each, silent) for each in make(rows) if each.sent_at >= oldest]
                self.store.put_mails(mails, marks=marks)
                found.mails += len(mails)
                found.ours += sum(each.handle is not None for each in mails)
                count += len(rows)
                progress(count)
        for rows, marks in self._changed("ListEmail", found, oldest):
            self.store.put_lists(map(_list, rows), marks=marks)
            found.lists += len(rows)
        found.forgotten = self.store.forget(before=oldest)
        self.store.put_mark(READ_AT, now)
        return found

    def _changed(
        self, of: str, found: Found, oldest: Micros
    ) -> Iterator[tuple[list[dict[str, Any]], dict[str, Micros]]]:
        """Rows that changed since the last time, a page at a time, each with the mark to keep with it."""
        shape = self.org.shape(of)
        if shape is None:
            found.missing.append(of)
            return
        fields = [name for name in WANTED[of] if name in shape.fields]
        found.hidden += [f"{of}.{name}" for name in WANTED[of] if name not in shape.fields]
        since = max((self.store.mark(_mark(of)) or 0) - OVERLAP, oldest)
        where = f"SystemModstamp >= {soql.moment(since)}{_only(of, shape)}"
        rows = self.org.query(soql.select(["Id", *fields, "SystemModstamp"], of, where, "SystemModstamp, Id"))
        while page := list(islice(rows, _PAGE)):
            yield page, {_mark(of): Micros(as_micros(page[-1]["SystemModstamp"]) or 0)}

    def _messages(self, rows: Sequence[Mapping[str, Any]]) -> list[NativeMail]:
        named = {row["Id"]: _addresses(row, "ToAddress", "CcAddress", "BccAddress") for row in rows}
        named |= self._related([record for record, addresses in named.items() if not addresses])
        handles = self._handles(address for addresses in named.values() for address in addresses)
        return [mail for row in rows for mail in _message(row, named[row["Id"]], handles)]

    def _related(self, records: Sequence[str]) -> dict[str, list[str]]:
        """To whom mail went that names people and not addresses, as mail does that a program wrote down."""
        told: dict[str, list[str]] = {record: [] for record in records}
        fields = ["EmailMessageId", "RelationAddress"]
        if not records or not self._sees("EmailMessageRelation", fields):
            return told
        only = " AND RelationType IN ('ToAddress', 'CcAddress', 'BccAddress')"
        for part in soql.each_in("EmailMessageId", records):
            for row in self.org.query(soql.select(fields, "EmailMessageRelation", part + only, "Id")):
                if row["RelationAddress"] and len(told[row["EmailMessageId"]]) < _MOST_RECIPIENTS:
                    told[row["EmailMessageId"]].append(str(row["RelationAddress"]))
        return told

    def _sees(self, of: str, fields: Iterable[str]) -> bool:
        shape = self.org.shape(of)
        return shape is not None and all(name in shape.fields for name in fields)

    def _results(self, rows: Sequence[Mapping[str, Any]]) -> list[NativeMail]:
        handles = self._handles(str(row.get("EmailAddress") or "") for row in rows)
        return [_result(row, handles) for row in rows]

    def _handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        good = {each for each in addresses if key_of(each) is not None}
        return self.state.known_handles(good)


def subject_hash(text: str | None) -> str | None:
    """What a subject is compared by, 16 hexadecimal digits; None: there is none, or names come into it."""
    plain = " ".join((text or "").split()).casefold()
    if not plain or _MERGED.search(plain):
        return None
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _only(of: str, shape: ObjectShape) -> str:
    if of != "EmailMessage":
        return ""
    told = {"Incoming": " AND Incoming = false", "Status": f" AND Status = '{_SENT}'"}
    return "".join(words for name, words in told.items() if name in shape.fields)


def _mark(of: str) -> str:
    return f"native:{of}"


def _addresses(row: Mapping[str, Any], *names: str) -> list[str]:
    """Every address of some fields once; they have semicolons between, and names or none around."""
    text = " ; ".join(str(row.get(name) or "")[:20_000] for name in names)
    return list(dict.fromkeys(_ADDRESS.findall(text)))[:_MOST_RECIPIENTS]


def _message(row: Mapping[str, Any], addresses: Sequence[str], handles: Mapping[str, Handle]) -> list[NativeMail]:
    mail = NativeMail(
        record=row["Id"],
        kind=MESSAGE,
        handle=None,
        sent_at=_time(row, "MessageDate"),
        delivery=_ours(str(row.get("MessageIdentifier") or "")),
        subject=subject_hash(row.get("Subject")),
        recipients=max(len(addresses), 1),
        is_tracked=_said(row, "IsTracked"),
        is_opened=_opened(row),
        opened_at=_micros(row.get("FirstOpenedDate")),
        is_bounced=_said(row, "IsBounced"),
        changed_at=_time(row, "SystemModstamp"),
    )
    places = enumerate(addresses) if addresses else [(0, "")]
    return [replace(mail, place=place, handle=handles.get(address)) for place, address in places]


def _result(row: Mapping[str, Any], handles: Mapping[str, Handle]) -> NativeMail:
    told = _MESSAGE_ID.search(str(row.get("Headers") or ""))
    return NativeMail(
        record=row["Id"],
        kind=LIST,
        handle=handles.get(str(row.get("EmailAddress") or "")),
        sent_at=_time(row, "CreatedDate"),
        delivery=_ours(told[1]) if told else None,
        is_tracked=_said(row, "IsOpenTracked"),
        is_opened=_opened(row),
        opened_at=_micros(row.get("FirstOpenedDate")),
        is_link_tracked=_said(row, "IsLinkTracked"),
        is_clicked=_said(row, "IsClicked"),
        changed_at=_time(row, "SystemModstamp"),
    )


def _list(row: Mapping[str, Any]) -> ListMail:
    total = row.get("TotalSent")
    return ListMail(
        record=row["Id"],
        name=str(row.get("Name") or "")[:255],
        subject=subject_hash(row.get("Subject")),
        sent_at=_time(row, "ScheduledDate"),
        total_sent=int(total) if isinstance(total, int | float) else None,
        changed_at=_time(row, "SystemModstamp"),
    )


def _silenced(mail: NativeMail, silent: frozenset[Handle]) -> NativeMail:
    """Without what somebody did who wants no tracking."""
    if mail.handle not in silent:
        return mail
    return replace(mail, is_opened=None, opened_at=None, is_clicked=None)


def _ours(message_id: str) -> DeliveryId | None:
    """The copy that a Message-ID of ours names; whether there is such a copy is not said by that."""
    told = _OURS.fullmatch(message_id.strip().lower())
    number = int(told[1], 16) if told else 0
    return DeliveryId(number) if 0 < number < 2**63 else None


def _opened(row: Mapping[str, Any]) -> bool | None:
    if row.get("FirstOpenedDate") is not None:
        return True
    return _said(row, "IsOpened") if "IsOpened" in row else (False if "FirstOpenedDate" in row else None)


def _said(row: Mapping[str, Any], name: str) -> bool | None:
    return bool(row[name]) if row.get(name) is not None else None


def _time(row: Mapping[str, Any], name: str) -> Micros:
    """A time of a row, else when the record was made."""
    told = (_micros(row.get(each)) for each in (name, "CreatedDate", "SystemModstamp"))
    return next((each for each in told if each is not None), Micros(0))


def _micros(text: object) -> Micros | None:
    found = as_micros(text) if isinstance(text, str) else None
    return None if found is None else Micros(found)
