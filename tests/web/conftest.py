"""The dashboard over real stores, asked without a socket; the browser tests and the server's own use real ones."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec import structs
from starlette.types import ASGIApp
from tests.experiments import trials
from tests.insight import seeding
from tests.monitoring.conftest import ENDS, Installation
from tests.monitoring.conftest import NOW as LOOKED

from mailwake.earnings import keeper as goals
from mailwake.events import SECOND, CampaignId, Class, DeliveryId, EventType, Micros, Note, Source, event_id
from mailwake.goals.claims import claim
from mailwake.insight.stores import Stores
from mailwake.leaving.holding import HOLD
from mailwake.monitoring.status import Status, look
from mailwake.segments import keeper
from mailwake.segments.lexer import quoted
from mailwake.settings import parse
from mailwake.store.events import EventRow, Judgement
from mailwake.store.state import Incident, IncidentKind, LinkRow, Refusal, Suppression, Unsubscribe
from mailwake.suppression import acts
from mailwake.web.app import create_app


class Asking:
    """Asks an application as a browser would, without scripts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    @property
    def state(self) -> Any:
        """What the application within all layers holds."""
        inner: Any = self.app
        while not hasattr(inner, "state"):
            inner = inner._app
        return inner.state

    def get(
        self, path: str, *, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes = b""
    ) -> httpx2.Response:
        return asyncio.run(self._get(path, headers or {}, method, body))

    async def _get(self, path: str, headers: Mapping[str, str], method: str, body: bytes) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026") as client:
            return await client.request(method, path, headers=dict(headers), content=body)

    def page(self, path: str) -> str:
        """The text of a page that is there."""
        response = self.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        return response.text


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """1 counted by hand, 2 a crowd, 3 hostile in every text, 4 planned, `scan`; nobody writes to them after that."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("data"))
    seeding.by_hand(opened)
    seeding.crowd(opened, "Crowd & Sons", people=130)
    seeding.crowd(opened, HOSTILE, people=20, links=HOSTILE_LINKS, subject=HOSTILE, seed=2)
    seeding.sending(opened, "Planned", stream="transactional")
    scan(opened)
    leavers(opened)
    refusers(opened)
    segment(opened)
    tried(opened)
    earn(opened)
    yield opened
    seeding.close(opened)


def earn(stores: Stores) -> None:
    """A goal that some readers of campaign 2 reached, one of them by machine clicks alone, and people held out."""
    goals.add(stores.state, "purchase", window_days=60, value="19.99", currency="EUR", now=seeding.micros(), by=HOSTILE)
    names = [f"reader{number}.of1@example.com" for number in range(130)]
    handles = stores.state.handles(names, now=seeding.micros())
    rows = []
    for number, (name, currency) in enumerate(product(names[:100], ("EUR", "JPY"))):
        made = claim(stores.state.goals(), "purchase", id=str(number), currency=currency, value="50")
        rows.append(
            EventRow(
                id=event_id("earned", number), type=EventType.CONVERTED, at=seeding.micros(250_000 + number),
                received_at=seeding.micros(), source=Source.API, recipient=handles[name], modes=51, reason=made.line,
                settled=True,
            )
        )  # fmt: skip
    stores.events.write(rows=rows)
    stores.state.put_holdouts(CampaignId(2), {handles[name]: True for name in names[100:]}, now=seeding.micros())


def scan(stores: Stores) -> None:
    """Copy 0 of campaign 3 with hostile reasons and a change of mind."""
    mail = seeding.sending(stores, HOSTILE, links=HOSTILE_LINKS)
    mail.people(["reader0.of2@example.com"])
    told = json.dumps([["timing", -2.9, f"44 s {HOSTILE}"], ["network", 1.7, "from residential network AS3320"]])
    for number, (after, kind) in enumerate(((4, seeding.SCANNER), (9_000, seeding.HUMAN), (9_100, seeding.MPP))):
        more = {"id": 900 + number, "link": 1, "role": "cta", "reasons": told, "ruleset": "2026-11-917070f8b28a"}
        mail.add(EventType.CLICKED, 0, after, **{**kind, **more, "settled": number > 0})
    mail.add(EventType.CLICKED, 0, 9_200, id=903, link=2, role="cta")
    mail.write()
    judged = Judgement(id=900, p_human=0.6, klass=Class.HUMAN, reasons="[]", ruleset="r2", settled=False)
    stores.events.write(rejudged=[judged])
    _gateways(stores)


def segment(stores: Stores) -> None:
    """A live one of people who opened, hostile in name and query, and a static one."""
    hostile = HOSTILE.replace("/", "|")[:100]
    keeper.add(stores, hostile, f"opened in campaign {quoted(HOSTILE)} or opened", is_live=True, now=NOW, by=HOSTILE)
    keeper.add(stores, "Clicked once", "clicked", is_live=False, now=NOW, by="Eve")


def tried(stores: Stores) -> None:
    """A won one, one whose split broke, one whose leader machines would change, hostile in every text, and a draft."""
    sure = {"baseline": 0.2, "about": "question in the subject"}
    trials.trial(stores, "Won", [trials.Copies(sent=60, people=12), trials.Copies(sent=60, people=44)], **sure)
    trials.trial(stores, "Broken", [trials.Copies(sent=120, people=20), trials.Copies(sent=20, people=12)])
    flips = [trials.Copies(sent=50, people=14, machines=20), trials.Copies(sent=50, people=17)]
    trials.trial(stores, HOSTILE.replace("/", "|")[:100], flips, about=HOSTILE[:100])
    trials.trial(stores, "Draft", [trials.Copies(sent=0), trials.Copies(sent=0)])


def refusers(stores: Stores) -> None:
    """Dead addresses with hostile words, some counted, lifted and added by hand; a storm, an alarm, an import."""
    state, at = stores.state, Micros(NOW - 86_400 * SECOND)
    known = state.handles([f"dead{n}@gmail.com" for n in range(52)], now=at)
    told = f"550 5.1.1 user unknown {HOSTILE}"
    made = [
        Suppression(
            handle=handle, reason="bounced", source="bounce", at=Micros(at + n), category="bad_mailbox",
            rule="status 5.1.1", quoted=told, event=5_000 + n,
        )
        for n, handle in enumerate(known.values())
    ]  # fmt: skip
    state.put_suppressions(made)
    first, second = list(known.values())[:2]
    state.lift(second, NOW, by=HOSTILE, why=HOSTILE)
    full = Suppression(
        handle=first, reason="bounced", source="bounce", at=at, category="mailbox_full", stream="outbound"
    )
    state.put_suppressions(
        [replace(full, days=4, expires_at=Micros(NOW + 90 * 86_400 * SECOND), quoted="552 5.2.2 mailbox full")]
    )
    acts.add(state, "left@gmail.com", at=at, by="Eve", why=f"phone {HOSTILE}"[:200], reason="complained")
    for number, kind, place, category in (
        (31, IncidentKind.STORM, "gmail.com", None),
        (32, IncidentKind.ALARM, None, "auth_failure"),
        (33, IncidentKind.IMPORT, None, None),
        (34, IncidentKind.ALARM, None, "spam_content"),
    ):
        told_of = Incident(id=number, kind=kind, opened_at=at, last_at=NOW, count=1_200, quoted=told)
        state.put_incident(replace(told_of, place=place, category=category))
    state.close_incident(34, NOW, by="mailwake", why="nothing more came")
    refusals = [
        Refusal(
            event=6_000 + n, handle=handle, at=at, category="bad_mailbox", klass="hard", action="suppress_now",
            rule="status 5.1.1", quoted=told, domain="gmail.com", place="gmail.com", source="bounce", incident=31,
            campaign=CampaignId(2),
        )
        for n, handle in enumerate(known.values())
    ]  # fmt: skip
    state.put_refusals(refusals)


def leavers(stores: Stores) -> None:
    """Sixty who are held at one domain and one at another, with a hostile reason, one who is not, and one restored."""
    names = [*(f"person{n}@corp.example" for n in range(60)), "one@bank.example", "left@gmail.com", "back@gmail.com"]
    known = stores.state.handles(names, now=NOW)
    rows = [
        Unsubscribe(id=800 + n, handle=known[name], at=Micros(NOW + n), how=Note.BUTTON, campaign=CampaignId(3))
        for n, name in enumerate(names)
    ]
    for row in rows:
        stores.state.put_unsubscribe(row, source="edge", streams=["marketing"], is_looked_at=True)
    for part, incident in ((rows[:60], 8_001), (rows[60:61], 8_002)):
        held = [replace(row, incident=incident, held_until=Micros(row.at + HOLD)) for row in part]
        stores.state.hold_unsubscribes(held, at=NOW, by="mailwake", why=f"a burst {HOSTILE}")
    stores.state.restore_unsubscribes(rows[-1:], at=NOW, by=HOSTILE, why=HOSTILE)


def _gateways(stores: Stores) -> None:
    """Copies of no campaign at three domains, two of them with machines before them."""
    mail = seeding.sending(stores, "By hand")
    domains = {"gmail.com": (40, 0.0, None), "corp.example": (30, 0.7, 22843), "bank.example": (8, 0.5, 8075)}
    people = [(f"p{n}@{domain}", domain) for domain, (count, *_) in domains.items() for n in range(count)]
    mail.people([address for address, _ in people])
    draw = random.Random(6)
    for number, (_, domain) in enumerate(people):
        _, share, asn = domains[domain]
        stored = domain if domain == "gmail.com" else f"~{domain}"
        more = {"domain": stored, "links": 6, "campaign": None}
        for place, kind in enumerate((EventType.SENT, EventType.DELIVERED)):
            mail.add(kind, number, 0, id=10_000 + 10 * number + place, **more)
        for link in (1, 2, 3) if draw.random() < share else ():
            seen = {"id": 10_002 + 10 * number + link, "link": link, "asn": asn, **seeding.SCANNER}
            mail.add(EventType.CLICKED, number, draw.lognormvariate(3.5, 1), **more, **seen)
    mail.rows = [structs.replace(row, delivery=DeliveryId(77_000_000 + row.id // 10)) for row in mail.rows]
    stores.state.put_exchangers("corp.example", [f"{HOSTILE}.pphosted.com"], now=NOW)
    mail.write()


def troubled(folder: Path) -> Callable[[], Status]:
    """An installation in trouble: a sum broken by 3, an old report and a missing one, a reader that has stopped."""
    folder.mkdir(exist_ok=True)
    installation = Installation(folder)
    installation.serve("edge-0", "edge-1", "relay", "ingest", "web", "monitor")
    installation.edge(**(ENDS | {"received": 13}), stopped=1)
    installation.report("edge-1", age_seconds=44)
    for role in ("ingest", "monitor"):  # and none of the relay
        installation.report(role)
    installation.append("edge-0", 5, age_seconds=1_200)
    for campaign in range(9):
        installation.append(f"send-{campaign}", 1_000, age_seconds=300)
    account = {"cursor": 1, "records": 1_000, "applied": 1_000, "dead": 0, "dropped": {}, "damaged": 0, "earlier": 0}
    installation.report("pipeline", writers={f"send-{campaign}": account for campaign in range(9)})
    installation.passed("pipeline", age_seconds=900, **{f"send_{campaign}": 1 for campaign in range(9)})
    return lambda: look(folder, keep_days=7, now=LOOKED)


@pytest.fixture(scope="module")
def asking(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Asking:
    return Asking(create_app(stores, look=troubled(tmp_path_factory.mktemp("installation")), wall=lambda: NOW))


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[Asking]:
    """A dashboard over stores that are empty."""
    opened = seeding.open_stores(tmp_path)
    yield Asking(create_app(opened, settings=parse({"relay": {"port": 2599}}, root=Path())))
    seeding.close(opened)


#: three days after everything was sent
NOW = seeding.micros(3 * 86_400)
#: copy 0 of the hostile campaign
DELIVERY = "/api/campaigns/3/deliveries/3000000"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'"
HOSTILE_LINKS = tuple(
    LinkRow(number=number, href=href, label=f"{number}{HOSTILE}", role="cta", tracked=True)
    for number, href in enumerate(
        (
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "//evil.example/x",
            "https://",
            'https://shop.example.com/"onmouseover="alert(1)',
            "https://shop.example.com/\u202egpj.exe",
            "https://[::1",
            "http://shop.example.com/fine?a=1&b=<2>",
        ),
        start=1,
    )
)


#: why the pages were not looked at; `tests/conftest.py` repeats it where nobody overlooks it
