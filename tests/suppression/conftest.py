"""An installation that mails many people at a few domains, and hears what comes back."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.pipeline.house import House, after, hit

from mailwake.events import Event, EventType, Handle, Source


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.close()


def crowd(house: House, domain: str, number: int) -> list[Handle]:
    """So many people at one domain."""
    addresses = [f"p{n}@{domain}" for n in range(number)]
    known = house.state.handles(addresses, now=after(0))
    return [known[address] for address in addresses]


def refused(handle: Handle, seconds: float, reason: str = "550 5.1.1 user unknown", *, delivery: int = 0) -> Event:
    """A copy of theirs was refused for good."""
    number = delivery or handle % 10**9 + 1
    key = f"bounced:{number}:{seconds}"
    return hit(EventType.BOUNCED, seconds, delivery=number, recipient=handle, reason=reason, key=key)


def mailed(handle: Handle, seconds: float, kind: EventType = EventType.SENT) -> Event:
    """A copy was sent to them, or delivered."""
    number = handle % 10**9 + 1 + round(seconds)
    event = hit(kind, seconds, delivery=number, recipient=handle, key=f"{kind}:{number}")
    return msgspec.structs.replace(event, source=Source.SEND)
