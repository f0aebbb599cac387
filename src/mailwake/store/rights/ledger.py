"""Who was erased, what is known of one person, and what is asked of the event store's owner.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, select

from mailwake.events import Handle, Micros
from mailwake.store.rights import digests, erasing, knowing, tables
from mailwake.store.rights.rows import Erasure, Errand
from mailwake.store.state.address import address_key
from mailwake.store.state.engine import Database, open_database
from mailwake.store.withdrawals import tables as withdrawals

__all__ = ["Erasure", "Errand", "RightsStore", "open_rights"]

_erasures, _errands = tables.erasures, tables.errands
#: A larger file is written anew at night: nobody else can write to it for 1.6 s in 100 MB (measured on a busy machine),
#: and they wait for `BUSY_TIMEOUT_SECONDS`.
AT_ONCE_BYTES = 128 << 20


class RightsStore:
    """What the database has of one person, and how it is let go.

    Args:
        database: an open, migrated database.
        folder: where the key lies that hashes addresses.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    def known(self, handle: Handle, address: str | None) -> knowing.Known:
        """Every row about somebody, as it stands."""
        with self._database.reading() as connection:
            return knowing.known(connection, handle, None if address is None else address_key(address))

    def counts(self, handle: Handle, address: str | None) -> dict[str, int]:
        """How many rows of each table are about somebody."""
        with self._database.reading() as connection:
            return erasing.person_counts(connection, handle, None if address is None else address_key(address))

    def org_places(self, handle: Handle, address: str | None) -> dict[str, Any]:
        """Which records of the org are theirs, or hold something of ours about them; ids and keys alone."""
        with self._database.reading() as connection:
            return erasing.org_places(connection, handle, None if address is None else address_key(address))

    def begin(self, handle: Handle, address: str | None, *, at: Micros, by: str, digest: str | None = None) -> Erasure:
        """Write down that somebody is to be erased; from now on nothing new is kept of them. Again: what was begun.

        Args:
            handle: whom.
            address: theirs; None: not known.
            at: when it was asked.
            by: who asks.
            digest: keyed hash of the address where somebody made it before; None: it is made here.
        """
        told = digest if digest is not None else self._digest(address)
        with self._database.writing() as connection:
            erasing.remember(connection, self._database.upsert, handle, at)
            begun = connection.execute(select(_erasures).where(_erasures.c.handle == handle)).mappings().first()
            if begun is None:
                row = {"digest": told, "handle": handle, "at": at, "by": by, "certificate": {}}
                row["kept"] = erasing.kept_of(connection, handle)
                connection.execute(_erasures.insert(), row)
                begun = connection.execute(select(_erasures).where(_erasures.c.handle == handle)).mappings().one()
            return _erasure(begun)

    def _digest(self, address: str | None) -> str:
        """A key is made for the first; a later one that did not know it could never be told again."""
        with self._database.reading() as connection:
            is_first = connection.scalar(select(_erasures.c.id).limit(1)) is None
        key = digests.make_key(self._folder) if is_first else digests.key_beside(self._folder)
        return "" if address is None else digests.digest(key, address_key(address))

    def erase(self, handle: Handle, address: str | None) -> dict[str, int]:
        """Delete and cut loose what the database has of somebody; how many rows of each table that concerned."""
        with self._database.writing() as connection:
            told = erasing.erase_person(connection, handle, None if address is None else address_key(address))
        if not self.rewrite(AT_ONCE_BYTES):
            self._database.empty_log()
        return told

    def rewrite(self, most_bytes: int | None = None) -> bool:
        """Leave nothing of deleted rows in the file; see `Database.rewrite`."""
        return self._database.rewrite(most_bytes)

    def note(self, erasure: int, **change: object) -> None:
        """Write down what came of an erasure so far."""
        with self._database.writing() as connection:
            connection.execute(_erasures.update().where(_erasures.c.id == erasure).values(**change))

    def erasures(self, *, only_open: bool = False, since: Micros | None = None) -> list[Erasure]:
        """All erasures, oldest first."""
        query = select(_erasures).order_by(_erasures.c.id)
        query = query.where(_erasures.c.finished_at.is_(None)) if only_open else query
        query = query if since is None else query.where(_erasures.c.at >= since)
        with self._database.reading() as connection:
            return [_erasure(row) for row in connection.execute(query).mappings()]

    def erasure(self, number: int) -> Erasure | None:
        """One of them."""
        with self._database.reading() as connection:
            row = connection.execute(select(_erasures).where(_erasures.c.id == number)).mappings().first()
            return None if row is None else _erasure(row)

    def was_erased(self, address: str) -> Erasure | None:
        """Whether somebody with this address was erased: the latest time."""
        with self._database.reading() as connection:
            if connection.scalar(select(_erasures.c.id).limit(1)) is None:
                return None
            told = digests.digest(digests.key_beside(self._folder), address_key(address))
            query = select(_erasures).where(_erasures.c.digest == told).order_by(_erasures.c.id.desc()).limit(1)
            row = connection.execute(query).mappings().first()
            return None if row is None else _erasure(row)

    def erased_handles(self) -> list[Handle]:
        """Everybody of whom nothing is recorded for ever, ascending."""
        handles = withdrawals.erased.c.handle
        with self._database.reading() as connection:
            return [Handle(each) for each in connection.scalars(select(handles).order_by(handles))]

    def ask(self, kind: str, asked: Mapping[str, Any], *, now: Micros) -> int:
        """Ask something of the process that owns the event store; its number."""
        with self._database.writing() as connection:
            row = {"kind": kind, "asked": dict(asked), "asked_at": now}
            (number,) = connection.execute(_errands.insert(), row).inserted_primary_key or (0,)
            return int(number)

    def asked(self, *, since: Micros) -> list[Errand]:
        """What was asked since a time and nobody has done yet, oldest first."""
        query = select(_errands).where(_errands.c.done_at.is_(None), _errands.c.asked_at >= since)
        with self._database.reading() as connection:
            return [_errand(row) for row in connection.execute(query.order_by(_errands.c.id)).mappings()]

    def errand(self, number: int) -> Errand:
        """One of them."""
        with self._database.reading() as connection:
            return _errand(connection.execute(select(_errands).where(_errands.c.id == number)).mappings().one())

    def done(self, number: int, *, now: Micros, problem: str | None) -> None:
        """It was done, or cannot be; what was asked is not kept any longer."""
        change = _errands.update().where(_errands.c.id == number)
        with self._database.writing() as connection:
            connection.execute(change.values(done_at=now, problem=problem, asked={}))

    def forget_errands(self, numbers: Iterable[int]) -> None:
        """Let go of what was asked and answered, or given up."""
        with self._database.writing() as connection:
            connection.execute(_errands.delete().where(_errands.c.id.in_(list(numbers))))

    def close(self) -> None:
        """Let go of the database; the next use opens it again."""
        self._database.close()


def open_rights(path: Path | str) -> RightsStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return RightsStore(open_database(Path(path)), Path(path).parent)


def _erasure(row: RowMapping) -> Erasure:
    return Erasure(**row)


def _errand(row: RowMapping) -> Errand:
    return Errand(**row)
