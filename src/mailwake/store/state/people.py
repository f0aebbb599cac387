"""Recipients: the only place where an address and its handle stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from mailwake.events import Handle, Micros
from mailwake.store.consent.rows import ConsentEntry
from mailwake.store.rights.returning import hold_back
from mailwake.store.state import schema
from mailwake.store.state.address import address_key, split_address
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Recipient

_recipients, _open_days = schema.recipients, schema.open_days


class People(OnDatabase):
    """The part of the state store that knows who a handle is."""

    _new_handle: Callable[[], int]
    if TYPE_CHECKING:

        def write_consents(self, connection: Connection, lines: Iterable[ConsentEntry]) -> None:
            """Of `Consents`."""

    def handles(
        self, addresses: Iterable[str], *, now: Micros, fields: Mapping[str, Mapping[str, str]] | None = None
    ) -> dict[str, Handle]:
        """The handle of each address, made for those never seen: random, 1 to 2**63 - 1, for good.

        Spellings that `address_key` takes for the same share one handle; the first one given is kept.

        Args:
            addresses: in any spelling.
            now: when they were seen.
            fields: address as given to merge fields; they replace those kept before.

        Raises:
            BadInput: one of them is no address; nothing was kept.
        """
        keys = {address: address_key(address) for address in addresses}
        first = {key: address for address, key in reversed(keys.items())}
        known = self._known(first)
        missing = [key for key in first if key not in known]
        if missing or fields:
            with self._database.writing() as connection:
                self._add(connection, {key: first[key] for key in missing}, now)
                known |= _find(connection, missing)
                _put_fields(
                    connection, {known[keys[a]]: dict(given) for a, given in (fields or {}).items() if a in keys}
                )
        return {address: known[key] for address, key in keys.items()}

    def new_handles(self, addresses: Iterable[str], *, now: Micros) -> dict[str, Handle]:
        """As `handles`, quicker for addresses that were not there a moment ago.

        Args:
            addresses: in any spelling.
            now: when they were seen.

        Raises:
            BadInput: one of them is no address; nothing was kept.
        """
        keys = {address: address_key(address) for address in addresses}
        first = {key: address for address, key in reversed(keys.items())}
        with self._database.writing() as connection:
            made = self._add(connection, first, now)
            known = made if len(made) == len(first) else _find(connection, first)
        return {address: known[key] for address, key in keys.items()}

    def known_handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        """The handles of those addresses that were seen before; makes none.

        Raises:
            BadInput: one of them is no address.
        """
        keys = {address: address_key(address) for address in addresses}
        known = self._known(keys.values())
        return {address: known[key] for address, key in keys.items() if key in known}

    def addresses(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        """The address of each handle that is known, as it was first given."""
        return {handle: person.address for handle, person in self.recipients(handles).items()}

    def recipients(self, handles: Iterable[Handle]) -> dict[Handle, Recipient]:
        """All that is kept about each handle that is known."""
        found: dict[Handle, Recipient] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                for row in connection.execute(select(_recipients).where(_recipients.c.handle.in_(part))):
                    found[Handle(row.handle)] = Recipient(
                        handle=Handle(row.handle),
                        address=row.address,
                        domain=row.domain,
                        first_seen_at=Micros(row.first_seen_at),
                        fields=row.fields,
                    )
        return found

    def domains(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        """The domain of each handle that is known: lower-case, IDNA."""
        found: dict[Handle, str] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                query = select(_recipients.c.handle, _recipients.c.domain).where(_recipients.c.handle.in_(part))
                found.update((Handle(handle), domain) for handle, domain in connection.execute(query))
        return found

    def domain_of(self, handle: Handle) -> str | None:
        """The domain of one handle; None: not known."""
        return self.domains([handle]).get(handle)

    def put_open_days(self, days: Mapping[Handle, date]) -> None:
        """Mode `deliverability`: overwrite the day of the last open where the new one is later. `store.days` reads."""
        if not days:
            return
        made = self._database.upsert(_open_days)
        later = made.on_conflict_do_update(
            index_elements=["handle"], set_={"day": made.excluded.day}, where=made.excluded.day > _open_days.c.day
        )
        with self._database.writing() as connection:
            connection.execute(later, [{"handle": handle, "day": day} for handle, day in days.items()])

    def _known(self, keys: Iterable[str]) -> dict[str, Handle]:
        with self._database.reading() as connection:
            return _find(connection, keys)

    def _add(self, connection: Connection, missing: Mapping[str, str], now: Micros) -> dict[str, Handle]:
        """The handles made; when somebody else made some of them meanwhile, none is told, for theirs hold."""
        if not missing:
            return {}
        rows: list[dict[str, Any]] = [
            {
                "handle": self._new_handle(),
                "address": address,
                "address_key": key,
                "domain": split_address(address)[1],
                "first_seen_at": now,
                "fields": {},
            }
            for key, address in missing.items()
        ]
        # Another process may have made the same address meanwhile; its handle wins.
        made = self._database.upsert(_recipients).on_conflict_do_nothing(index_elements=["address_key"])
        count = connection.execute(made, rows).rowcount
        if back := hold_back(connection, rows):
            self.write_consents(connection, back)
        return {row["address_key"]: Handle(row["handle"]) for row in rows} if count == len(rows) else {}


def _find(connection: Connection, keys: Iterable[str]) -> dict[str, Handle]:
    found: dict[str, Handle] = {}
    for part in chunks(keys):
        query = select(_recipients.c.address_key, _recipients.c.handle).where(_recipients.c.address_key.in_(part))
        found.update((key, Handle(handle)) for key, handle in connection.execute(query))
    return found


def _put_fields(connection: Connection, fields: Mapping[Handle, Mapping[str, str]]) -> None:
    if fields:
        change = _recipients.update().where(_recipients.c.handle == bindparam("who")).values(fields=bindparam("given"))
        connection.execute(change, [{"who": handle, "given": dict(given)} for handle, given in fields.items()])
