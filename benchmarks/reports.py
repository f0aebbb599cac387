"""The dashboard over a large history: how long a page takes, what an event costs on disk, whether memory stays capped.

A store is filled with `--millions` million events (50 unless told) in the columns that production fills: copies sent
and delivered, put off, bounced, opened by people, privacy proxies and scanners, clicked, unsubscribed, complained,
over five hundred campaigns in a year and one of a tenth of all mail. Networks and clients are drawn from as many as a
large sender meets, reasons from those that the judge gives in simulated worlds, and rows lie in the order in which they
settle, so that compression has as much to do. Then the dashboard serves it in a process of its
own, and each page is asked over HTTP: for the first time in the life of the store, then `--rounds` times, and after an
orderly restart as often again while a batch of events is written every second, as in production. At last all answers
are forgotten, the dashboard asks beforehand what it asks after a start, and each page is visited for the first time
again. Run it with `mailwake bench reports`; the store is kept in `--folder` where that is given, and used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from mailwake.cli import warming, web
from mailwake.cli.gating import door_of
from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, Source, TemplateId, Verdict
from mailwake.exchange.lines import Hit as Line
from mailwake.exchange.lines import evidence_of, source_of
from mailwake.insight.stores import Stores, zone_named
from mailwake.judge.rules import load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.pipeline.rows import pack_reasons
from mailwake.scoring.desk import desk_of
from mailwake.sections import Enrich
from mailwake.segments import keeper
from mailwake.serving.patience import STATUS
from mailwake.settings import load
from mailwake.store.answers.opening import open_remembered
from mailwake.store.events import EventRow, EventStore, open_events
from mailwake.store.events.phrases import Phrases, note_phrases
from mailwake.store.state import LinkRow, StateStore, open_state
from mailwake.worlds.world import draw_plan, live

CAMPAIGNS, LARGE_SHARE = 500, 0.1
#: campaigns that are written together, as each statement takes seconds before its first row
AT_ONCE = 25
#: events a second while pages are asked
BATCH = 50
PEOPLE, LINKS = 400_000, 12
#: events a copy on average, by the shares in EVENTS
PER_COPY = 2.97
YEAR_SECONDS, DAY = 365 * 86_400, 86_400_000_000
DOMAINS = ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", *(f"firm{n}.example" for n in range(60)))
CONFIG = 'data = "data"\n[tracking]\nbase_url = "https://track.example.com"\n[keys]\nref = "file:mailwake.keys"\n'
#: the big campaign, one of the small ones, and a recipient
PAGES = (
    "/",
    "/campaigns/1",
    "/campaigns/250",
    "/campaigns/1/people",
    "/campaigns/1/people?outcome=clicked_human",
    "/campaigns/1/pace",
    "/campaigns/1/timing",
    "/campaigns/1/definitions",
    "/campaigns/1/map",
    "/campaigns/1/bounces",
    "/compare?c=250&c=251",
    "/compare?c=1&c=2",
    "/timing",
    "/person?address=reader0%40gmail.com",
    "/domains",
    "/people",
    "/clicks",
    "/again",
    "/campaigns/1/again",
    "/bounces",
    "/unsubscribes",
    "/suppressions",
    "/segments",
    "/segments?query=clicked+in+60d",
    "/segments?days=180",
    "/status",
)
#: kept before pages are asked, as the page of segments counts them all
SEGMENTS = (
    "clicked",
    "opened and never clicked",
    "clicked in 60d",
    "clicked >= 2 mails",
    "clicked as machine and never clicked",
    "active",
    "delivered and not active and not (bounced or unsubscribed)",
    'clicked country "DE"',
    'opened client "Gmail" in 90d',
    "lapsing or dormant",
)
#: what the copies of some sends did
EVENTS = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
#: whose verdicts are drawn from; none of them is for fitting
WORLDS = (("consumer", 102), ("plain", 102), ("short", 101))


class Visit(NamedTuple):
    """Seconds of one visit."""

    #: until a page was there: the one asked for, or the one that says that it is being counted
    answered: float
    #: until the one asked for was there
    whole: float


@dataclass(frozen=True, kw_only=True)
class Timed:
    """The visits to one page."""

    page: str
    #: nothing that it shows was ever asked before, unless a page before it shows it too
    first: Visit
    then: list[Visit]
    #: the first visit after a restart
    again: Visit
    #: the first visit once the dashboard has asked beforehand what it asks after a start
    warmed: Visit
    #: while events are written
    busy: list[Visit]


def percentile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=50.0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0, help="not used: a page is asked so many times")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help="only serve what is in the folder")
    parser.add_argument("--write", action="store_true", help="with --serve: write a batch a second meanwhile")
    parser.add_argument("--warm", action="store_true", help="with --serve: ask beforehand what pages are made of")
    options = parser.parse_args()
    if options.serve:
        serve(options.folder, writes=options.write, warms=options.warm)
        return
    with _folder(options.folder) as folder:
        if not (folder / "mailwake.toml").exists():
            fill(folder, round(options.millions * 1e6))
        _show(folder, *measured(folder, options.rounds), as_json=options.json)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    made = Path(tempfile.mkdtemp(prefix="mailwake-reports-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def fill(folder: Path, events: int) -> None:
    """A year of campaigns in new stores, so many events altogether."""
    from mailwake.cli.init import make

    make(folder, base_url="https://track.example.com", brand="Example", individual=True)
    data = folder / "mailwake-data"
    state = open_state(data / "state.sqlite")
    now = Micros(time.time_ns() // 1_000)
    addresses = [f"reader{n}@{DOMAINS[n % len(DOMAINS)]}" for n in range(PEOPLE)]
    handles = state.handles(addresses, now=now)
    open_events(data / "events.duckdb").close()
    copies = round(events / PER_COPY)
    sizes = [round(copies * LARGE_SHARE), *[round(copies * (1 - LARGE_SHARE) / (CAMPAIGNS - 1))] * (CAMPAIGNS - 1)]
    connection = duckdb.connect(str(data / "events.duckdb"), config={"memory_limit": "2GB", "threads": 2})
    _lay_ready(connection, [int(handles[address]) for address in addresses])
    sends, first = [], 0
    for number, size in enumerate(sizes):
        # the big one is a week old, the others are spread over the year before
        begun_at = now - 7 * DAY if number == 0 else now - round((2 + 360 * number / CAMPAIGNS) * DAY)
        sends.append([*_campaign(state, number, now), begun_at, first, first + size])
        first += size
    for some in (sends[:1], *(sends[n : n + AT_ONCE] for n in range(1, CAMPAIGNS, AT_ONCE))):
        _send(connection, some)
    for number, query in enumerate(SEGMENTS, 1):
        keeper.put(state, f"Segment {number}", query, None, now=now, by="benchmark")
    connection.execute("checkpoint")
    connection.close()
    state.close()


def _send(connection: duckdb.DuckDBPyConnection, sends: Sequence[Sequence[int]]) -> None:
    """Write down what happened to (campaign, template, begun at, first copy, last copy) of some campaigns."""
    connection.execute("delete from sends")
    connection.executemany("insert into sends values (?, ?, ?, ?, ?)", sends)
    connection.execute(
        EVENTS.replace("$people", str(PEOPLE)).replace("$links", str(LINKS)).replace("$domains", str(list(DOMAINS)))
    )


def _lay_ready(connection: duckdb.DuckDBPyConnection, handles: Sequence[int]) -> None:
    """Handles of readers, and verdicts to draw from, packed as the store packs them."""
    phrases, places = Phrases(), Counter[str]()
    connection.execute("create temp table readers (number bigint, handle bigint)")
    columns = "campaign bigint, template bigint, begun_at bigint, first bigint, last bigint"
    connection.execute(f"create temp table sends ({columns})")
    connection.execute("create temp table verdicts (kind text, place bigint, p bigint, klass text, reasons text)")
    for first in range(0, len(handles), 50_000):
        text = json.dumps(handles[first : first + 50_000])
        rows = "select ? + generate_subscripts(j, 1) - 1, unnest(j) from (select from_json(?, '[\"BIGINT\"]') as j)"
        connection.execute(f"insert into readers {rows}", [first, text])
    told = []
    for verdict in verdicts():
        kind = "mpp" if verdict.klass == "mpp" else "human" if (verdict.p_human or 0.0) >= 0.5 else "machine"
        p = None if verdict.p_human is None else int(verdict.p_human * 10_000 + 1e-6)
        told.append([kind, places[kind], p, str(verdict.klass), phrases.pack(pack_reasons(verdict.reasons))])
        places[kind] += 1
    connection.executemany("insert into verdicts values (?, ?, ?, ?, ?)", told)
    note_phrases(connection, phrases)


def verdicts() -> Iterator[Verdict]:
    """What the judge says of every hit of the simulated worlds."""
    for kind, seed in WORLDS:
        reader = EvidenceReader(Networks(Enrich(), b"bench"), b"bench")
        lines = [msgspec.convert(line, Line) for line, _ in live(draw_plan(kind, seed)).lines()]
        source = source_of(lines)
        evidence = [evidence_of(line, reader, number, source) for number, line in enumerate(lines)]
        for each in StreamJudge(load_rules()).judge_all(evidence):
            if each.verdict.klass is not None:
                yield each.verdict


def _campaign(state: StateStore, number: int, now: Micros) -> tuple[CampaignId, TemplateId]:
    campaign, template = (
        state.campaign(f"Campaign {number:03}", stream="marketing", now=now),
        TemplateId(1_000 + number),
    )
    links = [
        LinkRow(number=n, href=f"https://shop.example.com/{n}", label=f"Article {n}", role="cta", tracked=True)
        for n in range(1, LINKS + 1)
    ]
    body = "".join(f'<p><a href="https://shop.example.com/{n}">Article {n}</a></p>' for n in range(1, LINKS + 1))
    html = f"<html><body>{body}</body></html>".encode()
    state.put_template(campaign.id, template, subject=f"Number {number}", html=html, links=links, now=now)
    return campaign.id, template


def serve(folder: Path, *, writes: bool, warms: bool) -> None:
    """The dashboard as `mailwake web` serves it; what the pipeline would write comes from a thread."""
    config = str(folder / "mailwake.toml")
    settings = load(config)
    events = open_remembered(settings.data_folder / "events.duckdb", read_only=False, news=False)
    state = open_state(settings.data_folder / "state.sqlite")
    stores, stop = Stores(state=state, events=events, zone=zone_named(settings.web.timezone)), threading.Event()
    writer = threading.Thread(target=_write, args=(events, stop))
    desk = desk_of(settings)
    if warms:
        warming.ask_all(stores, desk, Micros(time.time_ns() // 1_000), lambda: events.fullness > warming.MOST_ROOM)
    if writes:
        writer.start()
    try:
        with door_of(settings) as door:
            asyncio.run(web._serve(settings, stores, desk, door))  # noqa: SLF001 - as the command does it
    finally:
        stop.set()
        if writes:
            writer.join()
        state.close()
        events.close()


def _write(events: EventStore, stop: threading.Event) -> None:
    """A batch a second: copies go out, and are opened and clicked, of the large campaign, a small one and any other."""
    chance = random.Random(time.time_ns())  # events of another run over the same folder are not written once more
    events.provisional()  # as the pipeline does first of all; what may still be judged again is known from then on
    campaigns = [row["campaign"] for row in events.ask("campaigns")]
    while not stop.wait(1.0):
        now = Micros(time.time_ns() // 1_000)
        hit = [_hit(chance, chance.choice((1, 250, chance.choice(campaigns))), now) for _ in range(BATCH)]
        events.write(rows=hit, settle_before=Micros(now - 900_000_000))


def _hit(chance: random.Random, campaign: int, now: Micros) -> EventRow:
    kind = chance.choice((EventType.SENT, EventType.DELIVERED, EventType.OPENED, EventType.CLICKED))
    is_judged = kind in (EventType.OPENED, EventType.CLICKED)
    return EventRow(
        id=chance.getrandbits(62),
        type=kind,
        at=now,
        received_at=now,
        source=Source.EDGE if is_judged else Source.RELAY,
        campaign=CampaignId(campaign),
        template=TemplateId(999 + campaign),
        delivery=DeliveryId(chance.getrandbits(62)),
        recipient=Handle(1 + chance.randrange(PEOPLE)),
        link=1 if kind is EventType.CLICKED else None,
        modes=51,
        links=LINKS,
        domain=chance.choice(DOMAINS),
        p_human=0.7 if is_judged else None,
        klass=Class.HUMAN if is_judged else None,
    )


def measured(folder: Path, rounds: int) -> tuple[list[Timed], float]:
    """Each page in turn, and the most memory that the dashboard took, in bytes."""
    kept = folder / "mailwake-data" / "events.answers"
    kept.unlink(missing_ok=True)
    first, then, quiet = _visited(folder, rounds)
    again, busy, memory = _visited(folder, rounds, "--write")
    kept.unlink(missing_ok=True)
    warmed, _, warm = _visited(folder, 0, "--warm")
    pages = [
        Timed(page=page, first=first[page], then=then[page], again=again[page], warmed=warmed[page], busy=busy[page])
        for page in PAGES
    ]
    return pages, max(quiet, memory, warm)


def _visited(folder: Path, rounds: int, *how: str) -> tuple[dict[str, Visit], dict[str, list[Visit]], float]:
    """The first visit of each page, the others, and the most memory."""
    command = [sys.executable, __file__, "--serve", "--folder", str(folder), *how]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        url = _address(server)
        first = {page: _ask(url + page) for page in PAGES}
        others: dict[str, list[Visit]] = {page: [] for page in PAGES}
        for _ in range(rounds):
            for page in PAGES:
                others[page].append(_ask(url + page))
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return first, others, int(found[1]) * 1_024 if found else float("nan")
    finally:
        server.terminate()
        server.wait()


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\d.:]+", line):
            return found[0]
    raise SystemExit("the dashboard did not start")


def _ask(url: str) -> Visit:
    """Ask as a browser does, again for as long as the page says that it is being counted."""
    start, answered = time.perf_counter(), None
    while True:
        request = urllib.request.Request(url, headers={"Accept": "text/html"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                answer.read()
        except urllib.error.HTTPError as refused:
            raise SystemExit(f"{url} answered {refused.code}:\n{refused.read().decode()}") from refused
        now = time.perf_counter() - start
        answered = now if answered is None else answered
        if answer.status != STATUS:
            return Visit(answered, now)


def _show(folder: Path, pages: list[Timed], memory: float, *, as_json: bool) -> None:
    file = folder / "mailwake-data" / "events.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        (count,) = connection.execute("select count(*) from settled").fetchone() or (0,)
        (taken,) = connection.execute("select used_blocks * block_size from pragma_database_size()").fetchone() or (0,)
    cost, used = file.stat().st_size / count, taken / count
    rows = {
        each.page: {
            "first": each.first,
            "then": _two(each.then),
            "again": each.again,
            "warmed": each.warmed,
            "busy": _two(each.busy),
            "answered": max(visit.answered for visit in (each.first, *each.then, each.again, each.warmed, *each.busy)),
        }
        for each in pages
    }
    if as_json:
        told = {"benchmark": "reports", "events": count, "bytes": cost, "used": used, "memory": memory, "pages": rows}
        print(json.dumps(told))
        return
    print(
        f"| page, over {count / 1e6:.1f} million events | slowest answer of all visits | first visit whole | p50 | p95 "
        "| first after a restart | first once warmed | p50 while events are written | p95 |\n"
        f"{'|---' * 9}|"
    )
    for page, told in rows.items():
        firsts = [each.whole for each in (told["first"], told["again"], told["warmed"])]
        seconds = [told["answered"], firsts[0], *told["then"], *firsts[1:], *told["busy"]]
        print(f"| `{page}` | {' | '.join(map(_ms, seconds))} |")
    print(f"\nanswers over 300 ms: {_over(page for page, told in rows.items() if told['answered'] > 0.3)}")
    slow = _over(page for page, told in rows.items() if max(told["then"][1], told["busy"][1]) > 0.3)
    print(f"whole pages over 300 ms at p95, or at p95 while events are written: {slow}")
    print(
        f"first visits whole after 300 ms once warmed: {_over(p for p, t in rows.items() if t['warmed'].whole > 0.3)}"
    )
    print(f"{used:.1f} bytes an event, {cost:.1f} with what is free in the file")
    print(f"at most {memory / 1e6:.0f} MB of memory, DuckDB capped at 512 MB")


def _over(pages: Iterable[str]) -> str:
    return ", ".join(pages) or "none"


def _two(visits: list[Visit]) -> list[float]:
    seconds = [visit.whole for visit in visits]
    return [percentile(seconds, 0.5), percentile(seconds, 0.95)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms"


if __name__ == "__main__":
    main()
