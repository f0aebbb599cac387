"""Recipients by a part of their address, for whoever may see addresses."""

from __future__ import annotations

from sqlalchemy import select

from mailwake.events import Handle
from mailwake.store.access.masked import Hidden, MaskedState
from mailwake.store.state import StateStore
from mailwake.store.state.schema import recipients as _recipients


def addresses_with(state: StateStore, part: str, *, limit: int) -> dict[Handle, str]:
    """Those whose address has a part, in any case, in the order of their addresses.

    It reads all addresses, of which a million take about a second, and stops when it has enough.

    Args:
        state: where they are known.
        part: of the address; taken as it is, without wildcards.
        limit: so many at most.

    Raises:
        Hidden: whoever asks sees pseudonyms.
    """
    if isinstance(state, MaskedState):
        raise Hidden
    key = _recipients.c.address_key
    query = select(_recipients.c.handle, _recipients.c.address).where(key.contains(part.casefold(), autoescape=True))
    with state._database.reading() as connection:  # noqa: SLF001 - the same store, asked otherwise
        return {Handle(handle): address for handle, address in connection.execute(query.order_by(key).limit(limit))}
