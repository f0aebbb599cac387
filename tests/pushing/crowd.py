"""A small crowd that does everything that an org can be told of, and rules that act on it; read back by other tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.crm.house import DAY, NOW
from tests.pushing.orgs import Place

from mailwake.crm.audience import link
from mailwake.crm.contacts import contacts_of, scorer_of
from mailwake.events import Class, Micros, TemplateId
from mailwake.insight.stores import Stores
from mailwake.scoring.calls import calls
from mailwake.scoring.desk import Desk
from mailwake.settings import parse
from mailwake.store.state import LinkRow, Refusal, Suppression
from mailwake.store.workflows import open_workflows
from mailwake.workflows.desk import open_desk
from mailwake.workflows.mailing import Outcome
from mailwake.workflows.turns import Turns

HOUR = DAY // 24
LINKS = [
    LinkRow(number=1, href="https://example.com/prices", label="Prices", role="cta", tracked=True),
    LinkRow(number=2, href="https://example.com/story", label="A story", role="text", tracked=True),
]
RULES = {
    "call": 'trigger = "click"\nroles = ["cta"]\nquiet = false\n[task]\nsubject = "Call {name} about {link}"\n',
    "hot": 'trigger = "hot"\nscore = 70\nquiet = false\n[platform_event]\nsignal = "hot"\n',
}
SCANNER: dict[str, Any] = {"p_human": 0.02, "klass": Class.SCANNER}
READER: dict[str, Any] = {"device": "iPhone", "country": "DE"}
#: who stands twice in the org
TWICE = "both@example.com"


@dataclass
class Crowd:
    """Who is who in the org, by address."""

    place: Place
    campaign: str
    records: dict[str, str] = field(default_factory=dict)

    def hot(self) -> set[str]:
        """Addresses of those whom the dashboard has on its list as hot."""
        found = calls(stores_of(self.place), scoring_of(self.place), now=NOW, band="Hot", page_size=100).calls
        return {each.address or "" for each in found}


def gather(place: Place) -> Crowd:
    """Contacts and leads of both kinds of everything; rules have acted, and nothing was pushed yet."""
    house = place.house
    house.state.put_template(
        house.campaign, TemplateId(9), subject="Prices of 2026", html=b"<p>x</p>", links=LINKS, now=NOW
    )
    crm_campaign = place.add("Campaign", Name="Spring")
    crowd = Crowd(place, crm_campaign)
    for of, prefix in (("Contact", "contact"), ("Lead", "lead")):
        for who in ("warm", "hot", "gone", "left", "angry", "quiet", "robot"):
            more = {"Company": "C"} if of == "Lead" else {}
            address = f"{prefix}-{who}@example.com"
            crowd.records[address] = place.add(of, LastName=f"{who} {prefix}", Email=address, **more)
    crowd.records[TWICE] = place.add("Contact", LastName="Twice", Email=TWICE)
    place.add("Lead", LastName="Twice", Email=TWICE, Company="C")
    link(place.org, house.store, house.campaign, crm_campaign, now=NOW, wanted=_wanted(place))
    place.desk.look()
    turns = _turns(place)
    turns.turn(now=Micros(NOW - 2 * HOUR))
    for number, address in enumerate(crowd.records, start=1):
        _act(place, address, number)
    turns.turn(now=NOW)
    place.desk.follow()
    return crowd


def _act(place: Place, address: str, number: int) -> None:
    def did(type_: str, ago: int, **more: Any) -> None:
        place.house.happened(address, type_, ago=ago, delivery=number, template=9, **more)

    who = address.partition("@")[0].partition("-")[2]
    did("sent", 3 * DAY)
    did("delivered", 3 * DAY - HOUR)
    did("clicked", 3 * DAY - HOUR + 1, **SCANNER)
    did("opened", 3 * DAY - HOUR + 1, **SCANNER)
    if who == "hot":
        did("replied", 2 * DAY)
        did("opened", DAY, **READER)
        did("clicked", HOUR, **READER)
        did("clicked", HOUR - 1, link=2, role="text", **READER)
    elif who in ("warm", "", "left"):
        did("clicked", 2 * DAY, **READER)
    if who in ("gone", "left", "angry"):
        _leave(place, address, who, did)


def _leave(place: Place, address: str, who: str, did: Any) -> None:
    words = {"gone": ("bounced", "550 5.1.1 no such user"), "left": ("unsubscribed", ""), "angry": ("complained", "")}
    reason, said = words[who]
    did(reason, 2 * DAY, reason=said)
    handle = place.house.handle(address)
    row = Suppression(handle=handle, reason=reason, source="edge", at=Micros(NOW - 2 * DAY), quoted=said)
    place.house.state.put_suppressions([row])
    if who == "gone":
        decided: dict[str, Any] = {
            "category": "bad_mailbox",
            "klass": "hard",
            "action": "suppress_now",
            "rule": "x",
            "quoted": said,
        }
        place.house.state.put_refusals([Refusal(event=place.house._id, handle=handle, at=NOW, **decided)])


def _wanted(place: Place) -> tuple[str, ...]:
    return place.desk.around.ladder.steps


def stores_of(place: Place) -> Stores:
    """What the dashboard shows."""
    return Stores(state=place.house.state, events=place.house.events, zone=ZoneInfo("UTC"))


def scoring_of(place: Place) -> Desk:
    """How the dashboard scores."""
    return Desk(contacts=contacts_of(place.house.store, place.emulator.url))


def _turns(place: Place) -> Turns:
    """The rules, in the installation's own folder."""
    folder = place.desk.folder
    (folder / "workflows").mkdir(exist_ok=True)
    for name, text in RULES.items():
        (folder / "workflows" / f"{name}.toml").write_text(text, encoding="utf-8")
    score = scorer_of(place.house.state, place.house.events, scoring_of(place))
    settings = parse({"data": "."}, root=folder)
    store = open_workflows(folder / "state.sqlite")
    return Turns(
        open_desk(settings, stores_of(place), place.house.store, store, score=score),
        run=lambda _words: Outcome(status=0),
    )
