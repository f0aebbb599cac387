"""The demo's last act: what people did is pushed into an org, found there, taken back to the byte, and pushed again."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from mailwake.cli.demo.kept import DEAL
from mailwake.cli.report.asking import ask
from mailwake.crm.links import org_of
from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros
from mailwake.native.reading import WANTED
from mailwake.salesforce import soql
from mailwake.settings import Settings, load
from mailwake.simulate.acts import Doer
from mailwake.simulate.org import ADMIN, APP, KEY, USER, OrgBeside, beside, emulator
from mailwake.simulate.people import Person
from mailwake.simulate.plan import Plan

SECTION = """
[salesforce]
# An emulated org on this machine; a real one has https and asks you to let the app in.
login = "{url}"
client_id = "{app}"
username = "{user}"
key = "file:{key}"
wait_minutes = 0.0

[salesforce_goals.deal]
where = {{IsWon = true}}
"""
FOLLOW_SECONDS = 120.0
#: copies that the org tracks by itself
_TRACKED = 80
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_PAGE = 1_000
#: one in so many of those who clicked signs, for so much at least and at most, in the goal's currency
_SIGNS, _WORTH = 3, (400, 9_000)


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """How it went."""

    #: addresses that are hot in the org, and on the dashboard among those whom the org knows
    hot_there: frozenset[str]
    hot_here: frozenset[str]
    written: int
    calls: int
    #: taken back, the org held what it held before
    is_undone: bool

    @property
    def holds(self) -> bool:
        """Both sides say the same, and nothing was left behind."""
        return self.hot_there == self.hot_here and self.is_undone and self.written > 0


@contextlib.contextmanager
def org_with_people(folder: Path, people: Sequence[Person]) -> Iterator[OrgBeside | None]:
    """An org that knows most of the people; None: the emulator is not there, for this is no checkout."""
    source = emulator()
    if source is None:
        yield None
        return
    with beside(source, folder) as org:
        org.type_in(people)
        yield org


def connect(folder: Path, org: OrgBeside) -> None:
    """Name the org in the settings, and put the package into it."""
    config = folder / "mailwake.toml"
    section = SECTION.format(url=org.url, app=APP, user=USER, key=KEY)
    config.write_text(config.read_text(encoding="utf-8") + section, encoding="utf-8")
    _run(config, "deploy", "--username", ADMIN)
    org.assign()


def track_natively(org: OrgBeside, plan: Plan, campaign: str, *, sent_at: Micros) -> None:
    """The org tracked some of the same copies by itself, as it does with mail that goes out through our relay.

    It counts whoever loads its picture, machines too, and knows of no click.
    """
    told: list[dict[str, Any]] = []
    for number, deeds in enumerate(plan.deeds):
        named = _MESSAGE_ID.search(plan.copies.headers(number)[0])
        if deeds.campaign == campaign and named is not None and len(told) < _TRACKED:
            opened = {"IsOpened": True, "FirstOpenedDate": _stamp(sent_at, hours=3)} if deeds.opens else {}
            told.append({
                "ToAddress": deeds.address, "Subject": campaign, "Status": "3", "MessageDate": _stamp(sent_at),
                "MessageIdentifier": named[1].decode(), "IsTracked": True, **opened,
            })  # fmt: skip
    org.order("access", {"user": USER, "show": [f"{of}.{name}" for of, names in WANTED.items() for name in names]})
    org.order("records", {"object": "EmailMessage", "records": told})


def sign_deals(config: Path, org: OrgBeside, plan: Plan, campaign: str) -> None:
    """Some of those who clicked in a mailing sign something; the org says so."""
    settings = load(config)
    asked = org_of(settings)
    contacts = {row["Email"].lower(): row["Id"] for row in asked.query(soql.select(["Id", "Email"], "Contact"))}
    asked.wire.close()
    clicked = {each.address.lower() for each in plan.deeds if each.campaign == campaign and Doer.PERSON in each.clicks}
    signs = [contacts[each] for each in sorted(clicked & contacts.keys())][::_SIGNS]
    chance = Random("deals")  # noqa: S311 - a play, and the same one each time
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    deals = [
        {"Name": "Garden plan", "StageName": "Closed Won", "IsWon": True, "IsClosed": True, "CloseDate": day,
         "Amount": float(chance.randint(*_WORTH))}
        for _ in signs
    ]  # fmt: skip
    made = org.order("records", {"object": "Opportunity", "records": deals})["ids"]
    roles = [
        {"OpportunityId": deal, "ContactId": contact, "IsPrimary": True}
        for deal, contact in zip(made, signs, strict=True)
    ]
    org.order("records", {"object": "OpportunityContactRole", "records": roles})


def _stamp(at: Micros, *, hours: int = 0) -> str:
    return f"{datetime.fromtimestamp(at / SECOND, UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S.000+0000}"


def push(config: Path, dashboard_url: str, org: OrgBeside) -> Pushed:
    """Push, compare, take back, compare, and push again for whoever looks around afterwards."""
    _follow_everybody(config, dashboard_url)
    _await_deals(dashboard_url)
    _await_ranking(dashboard_url)
    _follow_everybody(config, dashboard_url)  # a deal speaks for whoever signed it
    before = org.everything()
    done = json.loads(_run(config, "push", "--json"))
    settings = load(config)
    there, known = _hot_there(settings)
    here = _hot_here(dashboard_url)
    _run(config, "reconcile", "--json")
    _run(config, "undo", done["job"])
    is_undone = org.everything() == before
    _run(config, "push")
    return Pushed(
        hot_there=there, hot_here=here & known, written=done["written"], calls=done["calls"], is_undone=is_undone
    )


def _follow_everybody(config: Path, dashboard_url: str) -> None:
    """The dashboard looks at everybody anew; the crowd's week went by too quickly for its usual pace."""
    _run(config, "refresh")
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        told = _get(dashboard_url, "/api/salesforce")
        if told["followed_to"] and told["looked_at"]:
            return
        time.sleep(0.2)
    raise Unavailable("the dashboard did not follow what happened; serve.log says why")


def _await_deals(dashboard_url: str) -> None:
    """Returns when all that the org was read for is among the goals that were reached."""
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        told = sum(each["told"] for each in _get(dashboard_url, "/api/salesforce")["goals"])
        goals = {each["name"]: each["total"]["conversions"] for each in _get(dashboard_url, "/api/goals")["goals"]}
        if goals[str(DEAL[0]["name"])] >= told:
            return
        time.sleep(0.2)
    raise Unavailable("what the org said of goals did not come in; serve.log says why")


def _await_ranking(dashboard_url: str) -> None:
    """Returns when everybody was ranked anew: a ranking is kept a while, and who is hot depends on everybody."""
    since, until = datetime.now(UTC), time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        if datetime.fromisoformat(_get(dashboard_url, "/api/calls?page_size=1")["as_of"]) > since:
            return
        time.sleep(0.2)
    raise Unavailable("the dashboard did not rank people anew; serve.log says why")


def _hot_there(settings: Settings) -> tuple[frozenset[str], frozenset[str]]:
    """Addresses that the org lists as hot, and all that it knows."""
    org = org_of(settings)
    hot, known = set(), set()
    for of in ("Contact", "Lead"):
        for row in org.query(soql.select(["Email", "Engagement_Band__c"], of)):
            known.add(row["Email"].lower())
            if row["Engagement_Band__c"] == "Hot":
                hot.add(row["Email"].lower())
    org.wire.close()
    return frozenset(hot), frozenset(known)


def _hot_here(dashboard_url: str) -> frozenset[str]:
    found: set[str] = set()
    page = 1
    while calls := _get(dashboard_url, f"/api/calls?band=Hot&page={page}&page_size={_PAGE}")["calls"]:
        found |= {each["address"].lower() for each in calls if each["address"]}
        page += 1
    return frozenset(found)


def _get(dashboard_url: str, path: str) -> dict[str, Any]:
    body = ask(dashboard_url, path)
    if body is None:
        raise Unavailable("nobody listens")
    found: dict[str, Any] = json.loads(body)
    return found


def _run(config: Path, *words: str) -> str:
    """`mailwake salesforce …`, as somebody types it."""
    arguments = (sys.executable, "-m", "mailwake", "salesforce", *words, "--config", str(config))
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"mailwake salesforce {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
