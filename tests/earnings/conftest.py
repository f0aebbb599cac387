"""A shop with readers who clicked and bought, counted by hand, and one with random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.insight import seeding
from tests.insight.seeding import HUMAN, SCANNER, Sending, micros

from mailwake.earnings import keeper
from mailwake.events import DeliveryId, EventType, Handle, Micros, Note, Source, event_id
from mailwake.goals.claims import claim
from mailwake.insight.stores import Stores
from mailwake.store.events import EventRow

DAY = 86_400
NOW = micros(40 * DAY)


@dataclass
class Shop:
    """Stores, and what was told to them."""

    stores: Stores
    sold: int = 0
    rows: list[EventRow] = field(default_factory=list)

    def goal(self, name: str, **more: Any) -> None:
        keeper.add(self.stores.state, name, now=micros(), by="test", **more)

    def mail(self, name: str, people: list[str], **more: Any) -> Sending:
        """A campaign, delivered to everybody of a list."""
        mail = seeding.sending(self.stores, name, **more)
        mail.people(people)
        for number in range(len(people)):
            mail.add(EventType.SENT, number, number)
            mail.add(EventType.DELIVERED, number, number + 1)
        return mail

    def click(self, mail: Sending, number: int, after: float, link: int = 2, *, human: bool = True) -> None:
        mail.add(EventType.CLICKED, number, after, link=link, role="cta", **(HUMAN if human else SCANNER))

    def buy(
        self,
        address: str,
        after: float,
        goal: str = "purchase",
        *,
        picture: bool = False,
        copy: DeliveryId | None = None,
        **claimed: str,
    ) -> None:
        """A goal reached by somebody; with a copy: told by the reference of a click in it."""
        self.sold += 1
        handle = self.stores.state.handles([address], now=micros())[address]
        made = claim(self.stores.state.goals(), goal, **claimed)
        self.rows.append(
            EventRow(
                id=event_id("sold", self.sold),
                type=EventType.CONVERTED,
                at=micros(after),
                received_at=micros(after),
                source=Source.EDGE if picture else Source.API,
                recipient=Handle(handle),
                delivery=copy,
                note=Note.PIXEL if picture else Note.NONE,
                modes=51,
                reason=made.line,
                settled=True,
            )
        )

    def write(self, *mails: Sending) -> None:
        for mail in mails:
            mail.write()
        self.stores.events.write(rows=self.rows)
        self.rows.clear()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(seeding.open_stores(tmp_path))
    yield opened
    seeding.close(opened.stores)


def at(after: float) -> Micros:
    return micros(after)
