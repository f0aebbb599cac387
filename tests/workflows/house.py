"""An installation with rules: real stores, a small org as it was read, and mail that people and machines clicked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.insight import seeding
from tests.insight.seeding import HOUR, MINUTE, Sending

from mailwake.crm.telling import Scored
from mailwake.events import SECOND, Class, EventType, Handle, Micros, event_id
from mailwake.insight.stores import Stores
from mailwake.notifying.posting import Answer
from mailwake.settings import Settings, parse
from mailwake.store.crm import CrmPerson, CrmStore, CrmUser, Individual, open_crm
from mailwake.store.state import address_key
from mailwake.store.workflows import RuleEntry, WorkflowStore, open_workflows
from mailwake.workflows.desk import Desk, open_desk
from mailwake.workflows.mailing import Outcome
from mailwake.workflows.turns import Turned, Turns

DAY = 24 * HOUR
#: a Monday, nine o'clock
START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
OWNER, AWAY, FALLBACK = "005000000000001AAA", "005000000000002AAA", "005000000000003AAA"
CAMPAIGN = "701000000000001AAA"
PERSON: dict[str, Any] = {"p_human": 0.95, "klass": Class.HUMAN}
MACHINE: dict[str, Any] = {"p_human": 0.03, "klass": Class.SCANNER}
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLICK = 'trigger = "click"\nroles = ["cta"]\nquiet = false\n[task]\nsubject = "Call {name} about {link}"\n'


def at(seconds: float) -> Micros:
    """So many seconds after the start."""
    return Micros(int((START.timestamp() + seconds) * SECOND))


@dataclass
class House:
    """All of it, and what the outside world was told."""

    folder: Path
    stores: Stores
    crm: CrmStore
    store: WorkflowStore
    mail: Sending
    people: list[str]
    posted: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    #: what endpoints answer
    status: int = 200
    ran: list[list[str]] = field(default_factory=list)
    exit_code: int = 0
    #: handle to (from, score): what somebody's score is from a moment on
    scores: dict[Handle, list[tuple[int, int]]] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    turns: Turns | None = None

    def rule(self, name: str, text: str) -> None:
        """Write a rule's file."""
        (self.folder / "workflows").mkdir(exist_ok=True)
        (self.folder / "workflows" / f"{name}.toml").write_text(text, encoding="utf-8")

    def settings(self) -> Settings:
        """As mailwake.toml would say."""
        workflows = {"fields": ["Contact.Rating__c", "Contact.HasOptedOutOfEmail"], "fallback_owner": FALLBACK}
        tree = {
            "data": ".",
            "workflows": {**workflows, **self.more},
            "notify": {"crm": {"url": "https://hooks.example.com/", "secrets": ["file:secret"]}},
        }
        (self.folder / "secret").write_text(SECRET, encoding="utf-8")
        return parse(tree, root=self.folder)

    def desk(self) -> Desk:
        """As the dashboard's process opens it."""
        return open_desk(self.settings(), self.stores, self.crm, self.store, score=self._score, post=self._post)

    def _score(self, handles: Any, now: Micros) -> dict[Handle, Scored]:
        found = {}
        for each in handles:
            known = [score for since, score in self.scores.get(each, []) if since <= now]
            if known:
                found[each] = Scored(score=known[-1], band="Hot", momentum=None, reasons="3 clicks on Pricing")
        return found

    def _post(self, url: str, headers: Mapping[str, str], body: bytes, **_: Any) -> Answer:
        self.posted.append((url, headers, body))
        return Answer(status=self.status)

    def _run(self, words: list[str]) -> Outcome:
        self.ran.append([*words, Path(words[2]).read_text(encoding="utf-8")])
        return Outcome(status=self.exit_code)

    def turn(self, seconds: float, *, fresh: bool = False) -> Turned:
        """One turn so many seconds after the start; as a process that was just started, where wanted."""
        if self.turns is None or fresh:
            self.turns = Turns(self.desk(), run=self._run)
        return self.turns.turn(now=at(seconds))

    def click(self, number: int, seconds: float, *, link: int = 2, role: str = "cta", **more: Any) -> int:
        """A click, and its id."""
        found = event_id("click", number, str(seconds), link)
        self.mail.add(EventType.CLICKED, number, seconds, link=link, role=role, **{**PERSON, "id": found, **more})
        self.mail.write()
        return found

    def handle(self, number: int) -> Handle:
        """Of one of the people."""
        return self.stores.state.known_handles([self.people[number]])[self.people[number]]

    def wishes(self, of: str) -> list[dict[str, Any]]:
        """What the org is to be told of one object, with the keys."""
        return [{"key": each.key, **each.fields} for each in self.crm.waiting(objects=[of])]

    def entries(self, **more: Any) -> list[RuleEntry]:
        """What was decided."""
        return self.store.entries(**more)

    def fulfil(self, now: Micros) -> None:
        """The org takes everything that waits."""
        waiting = self.crm.waiting()
        self.crm.fulfil([(each, each.key[:18]) for each in waiting], now=now)
        self.crm.hold({each.key: dict(each.fields) for each in waiting if each.key_field == "Id"}, opted_out={})

    def close(self) -> None:
        """Let go of the stores."""
        seeding.close(self.stores)
        self.crm.close()
        self.store.close()


def build(folder: Path, *, people: int = 6) -> House:
    """Six people, mailed an hour before the start; the first five are contacts: three of one account, then two more."""
    stores = seeding.open_stores(folder)
    mail = seeding.sending(stores, "Autumn", start=START)
    addresses = [f"person{number}@example.com" for number in range(people)]
    mail.people(addresses)
    for number in range(people):
        mail.add(EventType.SENT, number, -HOUR)
    mail.write()
    crm = open_crm(folder / "state.sqlite")
    house = House(
        folder=folder, stores=stores, crm=crm, store=open_workflows(folder / "state.sqlite"), mail=mail,
        people=addresses,
    )  # fmt: skip
    users = [(OWNER, True, "America/New_York"), (AWAY, False, "Europe/Berlin"), (FALLBACK, True, "Europe/Berlin")]
    crm.put_users(
        CrmUser(id=user, name=user, is_active=active, timezone=zone, changed_at=at(0)) for user, active, zone in users
    )
    crm.put_people(contact(number) for number in range(min(people, 5)))
    return house


def contact(number: int, **more: Any) -> CrmPerson:
    """One of the people as the org has them."""
    told: dict[str, Any] = {
        "id": f"00300000000000{number}AAA",
        "kind": "Contact",
        "address_key": address_key(f"person{number}@example.com"),
        "name": f"Person {number}",
        "owner": OWNER if number != 4 else AWAY,
        "account": f"00100000000000{0 if number < 3 else number}AAA",
        "is_opted_out": False,
        "created_at": at(-DAY),
        "changed_at": at(-DAY),
        "held": {"Rating__c": "Cold"},
    }
    return CrmPerson(**{**told, **more})


def individual(number: int, **more: bool) -> Individual:
    """What one of the people allows."""
    told = {"no_tracking": False, "no_profiling": False, "no_mail": False, "no_marketing": False, "is_to_forget": False}
    return Individual(id=f"0PK00000000000{number}AAA", changed_at=at(0), **{**told, **more})


__all__ = ["CLICK", "DAY", "HOUR", "MACHINE", "MINUTE", "House", "at", "build", "contact", "individual"]
