"""Rules: how many clicks a second they can decide about, and what a minute without news costs, beside the pipeline.

In one run the pipeline takes `--clicks` clicks out of a log into empty stores, enriched, judged and written; then ten
rules meet as many clicks of people in stores of their own, final and all of them new, a twentieth of them by contacts
of an org, for whom a task is wished. Both work on one core. A turn is taken every minute over the last two days of
clicks, so that after the first one only what is new is decided about; the second figure is a turn without news, the
third one with a hundredth of it. Run it with `mailwake bench workflows`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.cli.init import make
from mailwake.cli.work import open_worker
from mailwake.eventlog.sqlite import append_now
from mailwake.events import (
    SECOND,
    Class,
    DeliveryId,
    Event,
    EventType,
    Handle,
    Micros,
    Request,
    Source,
    TemplateId,
    encode_event,
    event_id,
)
from mailwake.insight.stores import Stores
from mailwake.modes import INDIVIDUAL
from mailwake.settings import load, parse
from mailwake.store.crm import CrmPerson, CrmUser, open_crm
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import LinkRow, StateStore, address_key, open_state
from mailwake.store.workflows import open_workflows
from mailwake.workflows.desk import open_desk
from mailwake.workflows.mailing import Outcome
from mailwake.workflows.turns import Turns

RULES, IN_ORG, NEWS = 10, 20, 100
START = 1_780_000_000 * SECOND
HOUR, MINUTE = 3_600 * SECOND, 60 * SECOND
TEMPLATE, OWNER = TemplateId(7), "005000000000001AAA"
RULE = """
trigger = "click"
roles = ["cta"]
quiet = false
again = "every"
most_per_hour = 10000000
[task]
subject = "Call {name}"
"""
AGENT = b"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


def people(state: StateStore, count: int) -> list[Handle]:
    """Recipients of a campaign, which is made."""
    campaign = state.campaign("Bench", now=Micros(START))
    links = [LinkRow(number=1, href="https://example.com/book", label="Book a call", role="cta", tracked=True)]
    state.put_template(campaign.id, TEMPLATE, subject="Spring", html=b"<p>x</p>", links=links, now=Micros(START))
    addresses = [f"reader{number}@example.com" for number in range(count)]
    found = state.handles(addresses, now=Micros(START))
    return [found[each] for each in addresses]


def through_the_pipeline(folder: Path, clicks: int) -> float:
    """Events a second out of the log into the stores."""
    make(folder, base_url="https://track.example.com", brand="Bench", individual=True)
    settings = load(folder / "mailwake.toml")
    state = open_state(settings.data_folder / "state.sqlite")
    handles = people(state, clicks)
    state.close()
    now = time.time_ns() // 1_000
    for start in range(0, clicks, 1_000):
        batch = [_logged(handles[number], number, now) for number in range(start, min(start + 1_000, clicks))]
        append_now(settings.data_folder / "log", "edge-0", batch, clock=lambda: now)
    events = open_events(settings.data_folder / "events.duckdb", threads=1)
    worker = open_worker(settings, events)
    began = time.perf_counter()
    worker.drain()
    took = time.perf_counter() - began
    assert events.ask("latest")[0]["event_count"] == clicks
    worker.close()
    events.close()
    return clicks / took


def _logged(handle: Handle, number: int, now: int) -> bytes:
    headers = ((b"User-Agent", AGENT), (b"Accept", b"text/html"), (b"Sec-Fetch-Mode", b"navigate"))
    return encode_event(
        Event(
            type=EventType.CLICKED,
            received_at=Micros(now + number),
            source=Source.EDGE,
            modes=INDIVIDUAL.to_byte(),
            template=TEMPLATE,
            delivery=DeliveryId(number + 1),
            recipient=handle,
            link=1,
            request=Request("GET", b"/c/x/y", f"198.51.{number // 250 % 250}.{number % 250}", headers),
        )
    )


def _stored(handle: Handle, number: int, at: int, campaign: Any) -> EventRow:  # noqa: ANN401 - a campaign's id
    return EventRow(
        id=event_id("bench", number), type=EventType.CLICKED, at=Micros(at), received_at=Micros(at), source=Source.EDGE,
        campaign=campaign, template=TEMPLATE, delivery=DeliveryId(number + 1), recipient=handle, link=1, role="cta",
        modes=INDIVIDUAL.to_byte(), p_human=0.95, klass=Class.HUMAN, ruleset="bench", settled=True,
    )  # fmt: skip


def through_rules(folder: Path, clicks: int) -> dict[str, float]:
    """Clicks a second that are decided about, and seconds of turns with little and without news."""
    folder.mkdir()
    (folder / "workflows").mkdir()
    for number in range(RULES):
        (folder / "workflows" / f"rule{number}.toml").write_text(RULE, encoding="utf-8")
    caps = {"person_per_day": 1_000, "owner_per_day": 10_000_000, "per_day": 10_000_000}
    settings = parse({"data": ".", "workflows": {**caps}}, root=folder)
    state, events = open_state(folder / "state.sqlite"), open_events(folder / "events.duckdb", threads=1)
    crm, store = open_crm(folder / "state.sqlite"), open_workflows(folder / "state.sqlite")
    more = clicks + clicks // NEWS
    handles = people(state, more)
    owner = CrmUser(id=OWNER, name="Owner", is_active=True, timezone="UTC", changed_at=Micros(START))
    crm.put_users([owner])
    crm.put_people(_person(number) for number in range(0, more, IN_ORG))
    stores = Stores(state=state, events=events, zone=ZoneInfo("UTC"))
    turns = Turns(open_desk(settings, stores, crm, store), run=lambda _: Outcome(status=0))
    turns.turn(now=Micros(START - HOUR))
    campaign = state.campaigns()[0].id
    events.write(rows=[_stored(handles[n], n, START + n, campaign) for n in range(clicks)])
    told = {"first": _turn(turns, START + HOUR), "idle": _turn(turns, START + HOUR + MINUTE)}
    events.write(rows=[_stored(handles[n], n, START + HOUR + n, campaign) for n in range(clicks, more)])
    told["little"] = _turn(turns, START + HOUR + 30 * MINUTE)
    entered = store.entry_counts()
    expected = RULES * len(range(0, more, IN_ORG))
    assert sum(each.entered for each in entered.values()) == expected, "tasks were wished for"
    for each in (events, crm, store, state):
        each.close()
    return {**told, "per_second": clicks / told["first"]}


def _turn(turns: Turns, now: int) -> float:
    began = time.perf_counter()
    turns.turn(now=Micros(now))
    return time.perf_counter() - began


def _person(number: int) -> CrmPerson:
    return CrmPerson(
        id=f"003{number:012d}AAA", kind="Contact", address_key=address_key(f"reader{number}@example.com"),
        name=f"Reader {number}", owner=OWNER, is_opted_out=False, created_at=Micros(START),
        changed_at=Micros(START),
    )  # fmt: skip


def measure(clicks: int) -> dict[str, float]:
    """Both, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        pipeline = through_the_pipeline(Path(name) / "pipeline", clicks)
        rules = through_rules(Path(name) / "rules", clicks)
    return {"clicks": clicks, "pipeline_per_second": pipeline, "ratio": rules["per_second"] / pipeline, **rules}


def show(told: dict[str, float]) -> None:
    """Print it."""
    print(f"pipeline: {told['pipeline_per_second']:,.0f} clicks/s, enriched, judged and written")
    print(f"{RULES} rules: {told['per_second']:,.0f} clicks/s decided about, ratio {told['ratio']:.2f}")
    share = told["idle"] / 60
    print(f"a turn over {told['clicks']:,.0f} clicks of two days: {told['idle']:.2f} s without news ({share:.1%} of a "
          f"minute), {told['little']:.2f} s with a hundredth of it")  # fmt: skip


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description="rules beside the pipeline")
    parser.add_argument("--seconds", type=float, default=3.0, help="not used: a fixed number of clicks is timed")
    parser.add_argument("--clicks", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = measure(given.clicks)
    print(json.dumps(told)) if given.json else show(told)


if __name__ == "__main__":
    main()
