"""All that somebody who sends must know about an address, in one question."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, exists, select

from mailwake.events import Handle
from mailwake.modes import Modes
from mailwake.profiles import Rules
from mailwake.store.consent import tables
from mailwake.store.consent.ledger import COUNTRY, Limits
from mailwake.store.state import schema
from mailwake.store.state.address import address_key
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Standing

_recipients, _suppressions, _consent = schema.recipients, schema.suppressions, tables.consent
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
#: the same with where they are
_WITH_COUNTRY = _QUERY.add_columns(_recipients.c.fields[COUNTRY].as_string())


class Standings(OnDatabase):
    """The part of the state store that is asked before each message."""

    def standings(
        self, addresses: Iterable[str], *, ceiling: Modes, unknown: Modes, rules: Rules | None = None
    ) -> dict[str, Standing]:
        """What holds for those addresses that were seen before.

        Args:
            addresses: in any spelling.
            ceiling: what installation, campaign and message allow.
            unknown: what holds for an axis on which a recipient has said nothing.
            rules: what holds besides by the country of each; None: the same for all.

        Raises:
            BadInput: one of them is no address.
        """
        keys = {address: address_key(address) for address in addresses}
        found: dict[str, tuple[Handle, bool]] = {}
        said: dict[str, dict[str, str]] = {}
        countries: dict[str, str | None] = {}
        query = _QUERY if rules is None else _WITH_COUNTRY
        with self._database.reading() as connection:
            for part in chunks(keys.values()):
                for key, handle, is_suppressed, axis, state, *where in connection.execute(query, {"keys": part}):
                    found[key] = Handle(handle), bool(is_suppressed)
                    countries[key] = where[0] if where else None
                    if axis is not None:
                        said.setdefault(key, {})[axis] = state
        limits = Limits(ceiling, unknown, rules)
        modes = {key: limits.modes(said.get(key, {}), countries[key]) for key in found}
        return {address: Standing(*found[key], modes[key]) for address, key in keys.items() if key in found}
