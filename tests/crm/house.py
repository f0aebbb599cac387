"""People of an org who got mail from us, in the real stores."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.blank import lay_out

from mailwake.crm.links import Names
from mailwake.crm.telling import Around
from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, Source, TemplateId
from mailwake.store.crm import CrmPerson, CrmStore, open_crm
from mailwake.store.events import EventRow, EventStore, open_events
from mailwake.store.state import LinkRow, StateStore, open_state

DAY = 86_400_000_000
NOW = Micros(1_780_000_000_000_000)
TEMPLATE = TemplateId(7)


@dataclass
class House:
    """Stores, and a pen to write facts into them."""

    state: StateStore
    events: EventStore
    store: CrmStore
    campaign: CampaignId
    _id: int = field(default=1)

    @property
    def around(self) -> Around:
        return Around(state=self.state, events=self.events, store=self.store, names=Names("track.example.com"))

    def handle(self, address: str) -> Handle:
        return self.state.handles([address], now=NOW)[address]

    def person(self, record: str, address: str | None, **more: Any) -> CrmPerson:
        kind = "Lead" if record.startswith("00Q") else "Account" if record.startswith("001") else "Contact"
        told: dict[str, Any] = {"name": record, "is_opted_out": False, "created_at": NOW, "changed_at": NOW}
        found = CrmPerson(id=record, kind=kind, address_key=address, **{**told, **more})
        self.store.put_people([found])
        return found

    def happened(self, address: str, type_: str, *, ago: int, delivery: int = 1, **more: Any) -> None:
        """One event, so many microseconds ago; of a person unless said otherwise."""
        self._id += 1
        reaction = type_ in ("opened", "clicked")
        told: dict[str, Any] = {"template": TEMPLATE, "modes": 51}
        told |= {"p_human": 0.95, "klass": Class.HUMAN, "ruleset": "r"} if reaction else {}
        told |= {"link": 1, "role": "cta"} if type_ == "clicked" else {}
        row = EventRow(
            id=self._id,
            type=EventType(type_),
            at=Micros(NOW - ago),
            received_at=Micros(NOW - ago),
            source=Source.EDGE,
            campaign=self.campaign,
            delivery=DeliveryId(delivery),
            recipient=self.handle(address),
            settled=True,
            **{**told, **more},
        )
        self.events.write(rows=[row])

    def close(self) -> None:
        for each in (self.events, self.store, self.state):
            each.close()


def open_house(folder: Path) -> House:
    lay_out(folder)
    state = open_state(folder / "state.sqlite")
    campaign = state.campaign("Spring news", now=NOW)
    links = [LinkRow(number=1, href="https://example.com/book", label="Book a call", role="cta", tracked=True)]
    state.put_template(campaign.id, TEMPLATE, subject="Spring", html=b"<p>x</p>", links=links, now=NOW)
    return House(state, open_events(folder / "events.duckdb"), open_crm(folder / "state.sqlite"), campaign.id)
