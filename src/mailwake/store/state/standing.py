"""All that somebody who sends must know about an address, in one question."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, exists, select

from mailwake.events import Handle
from mailwake.modes import Modes, strictest
from mailwake.store.state import schema
from mailwake.store.state.address import address_key
from mailwake.store.state.consent import modes_of
from mailwake.store.state.engine import Database, chunks
from mailwake.store.state.rows import Standing

_recipients, _suppressions, _consent = schema.recipients, schema.suppressions, schema.consent
_QUERY = (
    select(
        _recipients.c.address_key,
        _recipients.c.handle,
        exists().where(_suppressions.c.handle == _recipients.c.handle, _suppressions.c.lifted_at.is_(None)),
        _consent.c.axis,
        _consent.c.state,
    )
    .select_from(_recipients.outerjoin(_consent, _consent.c.handle == _recipients.c.handle))
    .where(_recipients.c.address_key.in_(bindparam("keys", expanding=True)))
)


class Standings:
    """The part of the state store that is asked before each message."""

    _database: Database

    def standings(self, addresses: Iterable[str], *, ceiling: Modes, unknown: Modes) -> dict[str, Standing]:
        """What holds for those addresses that were seen before.

        Args:
            addresses: in any spelling.
            ceiling: what installation, campaign and message allow.
            unknown: what holds for an axis on which a recipient has said nothing.

        Raises:
            BadInput: one of them is no address.
        """
        keys = {address: address_key(address) for address in addresses}
        found: dict[str, tuple[Handle, bool]] = {}
        said: dict[str, dict[str, str]] = {}
        with self._database.reading() as connection:
            for part in chunks(keys.values()):
                for key, handle, is_suppressed, axis, state in connection.execute(_QUERY, {"keys": part}):
                    found[key] = Handle(handle), bool(is_suppressed)
                    if axis is not None:
                        said.setdefault(key, {})[axis] = state
        silent = strictest((ceiling, unknown))
        modes = {key: modes_of(words, ceiling, unknown) for key, words in said.items()}
        return {address: Standing(*found[key], modes.get(key, silent)) for address, key in keys.items() if key in found}
