"""A small installation whose recipients work at two companies, and a scanner that reads the mail of one."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.pipeline.house import START, House, hit

from mailwake.events import Event, EventType, Handle, Note

OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    opened.handles = everybody(opened)
    yield opened
    opened.close()


def everybody(house: House) -> list[Handle]:
    """Five people at one company."""
    addresses = [f"{name}@company.example" for name in ("ada", "ben", "cem", "dia", "eva")]
    known = house.state.handles(addresses, now=START)
    return [known[address] for address in addresses]


def at(peer: str, event: Event) -> Event:
    """The same event from another address."""
    assert event.request is not None
    return msgspec.structs.replace(event, request=msgspec.structs.replace(event.request, peer=peer))


def press(house: House, who: int, seconds: float, *, peer: str = OFFICE, note: Note = Note.BUTTON) -> Event:
    """Somebody leaves."""
    handle = house.handles[who]
    return at(peer, hit(EventType.UNSUBSCRIBED, seconds, delivery=who + 1, recipient=handle, note=note))


def decoy(seconds: float = 0, *, peer: str = OFFICE) -> Event:
    """A link is followed that no person sees."""
    return at(peer, hit(EventType.CLICKED, seconds, delivery=90, link=2))
