"""The stores as whoever may not know who people are sees them: pseudonyms where addresses stand.

A pseudonym is the random handle in other letters, so it is the same on every page and says nothing to anybody else.
Addresses that servers quoted in their answers are taken out of every text that the event store gives.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.store.events import EventStore
from mailwake.store.state import Recipient, StateStore

_PREFIX = "person-"
_PSEUDONYM = re.compile(rf"{_PREFIX}([a-z2-7]{{13}})")
#: as mail servers quote them; the lengths are those of RFC 5321, section 4.5.3.1
_ADDRESS = re.compile(r"""[^\s<>"'(),;:@/?&=]{1,64}(?:(?:@|%40)[^\s<>"'(),;:@/?&=]{1,255})+""")
#: what stands where an address was
TAKEN_OUT = "[address]"


class Hidden(BadInput):
    """Whoever asks may not know who people are, and asked for somebody by address."""

    def __init__(self) -> None:
        super().__init__("your role shows people under pseudonyms only, so nobody is looked up by address")


def pseudonym(handle: Handle) -> str:
    """What a person is called by whoever may not know their address."""
    return _PREFIX + base64.b32encode(handle.to_bytes(8, "big")).decode().rstrip("=").lower()


def handle_of(name: str) -> Handle | None:
    """Whom a pseudonym is of; None: it is none."""
    found = _PSEUDONYM.fullmatch(name.strip())
    if found is None:
        return None
    number = int.from_bytes(base64.b32decode(found[1].upper() + "==="), "big")
    return Handle(number) if number < 1 << 63 else None


def without_addresses(text: str) -> str:
    """A text in which no address stands any more."""
    return _ADDRESS.sub(TAKEN_OUT, text) if "@" in text or "%40" in text else text


class MaskedState(StateStore):
    """The state store without addresses and without a way from an address to a person.

    Args:
        state: the whole one, whose database this uses and never closes.
    """

    def __init__(self, state: StateStore) -> None:
        super().__init__(state._database)  # noqa: SLF001 - the same store, seen otherwise

    def close(self) -> None:
        """Nothing: the whole store is closed by whoever opened it."""

    def handles(
        self,
        addresses: Iterable[str],  # noqa: ARG002 - as the whole store takes them
        *,
        now: Micros,  # noqa: ARG002
        fields: Mapping[str, Mapping[str, str]] | None = None,  # noqa: ARG002
    ) -> dict[str, Handle]:
        """Refused: who may not know addresses makes no people.

        Raises:
            Hidden: always.
        """
        raise Hidden

    def known_handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        """The handles behind pseudonyms.

        Raises:
            Hidden: something is no pseudonym.
        """
        told = {name: handle_of(name) for name in addresses}
        if None in told.values():
            raise Hidden
        known = super().recipients(handle for handle in told.values() if handle is not None)
        return {name: handle for name, handle in told.items() if handle is not None and handle in known}

    def recipients(self, handles: Iterable[Handle]) -> dict[Handle, Recipient]:
        """Those that are known, under pseudonyms and without their merge fields."""
        return {
            handle: Recipient(
                handle=handle,
                address=pseudonym(handle),
                domain=told.domain,
                first_seen_at=told.first_seen_at,
                fields={},
            )
            for handle, told in super().recipients(handles).items()
        }


class _MaskedEvents:
    """Answers of an event store, without the addresses that stand in their texts."""

    def __init__(self, events: EventStore) -> None:
        self._events = events

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        return [_masked(row) for row in self._events.ask(question, **parameters)]

    def stream(self, question: str, *, batch: int, **parameters: int | str) -> Iterator[list[dict[str, Any]]]:
        for rows in self._events.stream(question, batch=batch, **parameters):
            yield [_masked(row) for row in rows]

    def among(self, handles: Iterable[Handle]) -> EventStore:
        return masked_events(self._events.among(handles))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has; it holds no texts of others
        return getattr(self._events, name)


def masked_events(events: EventStore) -> EventStore:
    """An event store whose answers quote no address."""
    return cast("EventStore", _MaskedEvents(events))


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """The row itself where nothing stands in it that has to go: answers are shared."""
    found = {
        name: without_addresses(value)
        for name, value in row.items()
        if isinstance(value, str) and ("@" in value or "%40" in value)
    }
    return {**row, **found} if found else row
