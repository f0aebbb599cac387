"""`mailwake work`: takes the log into the stores, in a process of its own or beside the dashboard."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Annotated

import typer

from mailwake import beside
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.judge import Judge
from mailwake.pipeline.desk import Desk, make_clock
from mailwake.pipeline.worker import Pass, Worker
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.events import EventStore

#: Names of the keys that are derived from the installation's oldest master key, so that rotation changes no hash.
NETWORK_KEY, AGENT_KEY, DOMAIN_KEY = "network", "agent", "domain"


def command(
    config: ConfigOption = DEFAULT_FILE,
    once: Annotated[bool, typer.Option("--once", help="Take in what waits, then leave.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Put records that were set aside back into the log, then leave.")
    ] = False,
) -> None:
    """Take the log into the stores: judge, count, suppress.

    Example: mailwake work --once
    """
    from mailwake.cli.privacy.owning import start_office
    from mailwake.cli.work.reports import start_taking
    from mailwake.experiments.turns import start_turns
    from mailwake.insight.stores import Stores, zone_named
    from mailwake.retention.nightly import start_nightly
    from mailwake.segments.noting import start_noting
    from mailwake.store.events import open_events
    from mailwake.watchdog.office import start_watch

    settings = load(config)
    if again:
        print(put_back(settings))
        return
    configure(settings.logging, "work")
    events = open_events(settings.data_folder / "events.duckdb")
    with closing(events), closing(open_worker(settings, events)) as worker:
        if once:
            print(tell(worker.drain()), flush=True)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        print(f"work reading {settings.data_folder / 'log'}", flush=True)
        others = (
            start_turns(settings, events, config=config),
            start_noting(settings, events),
            start_watch(settings, events),
            start_office(settings, Stores(state=worker.state, events=events, zone=zone_named(settings.web.timezone))),
            start_nightly(settings, events),
            start_taking(settings),
        )
        worker.run(stop)
        for stop_and_wait in others:
            stop_and_wait()
        print(tell(worker.total), flush=True)


def put_back(settings: Settings) -> str:
    """Records that were set aside go back into the log; says how many, and what stayed."""
    from mailwake.eventlog.sqlite import append_now
    from mailwake.pipeline.dead import take_again

    done, left = take_again(
        settings.data_folder / "dead",
        lambda records: append_now(settings.data_folder / "log", "again", records, keep=settings.log),
    )
    told = f"{done:,} records are in the log again; `mailwake serve` or `mailwake work --once` takes them in"
    stayed = f"; left as they are, look at them: {', '.join(left[:5])}{' …' if len(left) > 5 else ''}" if left else ""
    return told + stayed


def open_worker(settings: Settings, events: EventStore, *, make_judge: Callable[[], Judge] | None = None) -> Worker:
    """A worker on the installation's log and state store.

    Args:
        settings: of the installation.
        events: the event store, which the caller owns and closes after the worker has stopped.
        make_judge: gives a judge that has seen nothing; None: the one of the package, with the rules in force.

    Raises:
        Misconfigured: keys are missing.
        Unavailable: the state store cannot be opened.
    """
    from mailwake.eventlog.sqlite import SqliteReader

    make_judge = make_judge or _judge_in_force(settings, events)
    return Worker(
        SqliteReader(settings.data_folder / "log"),
        _desk(settings, events, make_judge()),
        make_judge=make_judge,
        wall=lambda: time.time_ns() // 1_000,
        report=settings.data_folder / "pipeline.json",
    )


def _desk(settings: Settings, events: EventStore, judge: Judge) -> Desk:
    from mailwake.bounces.counting import Thresholds
    from mailwake.bounces.decide import Bounces
    from mailwake.cli.privacy.keeping import open_keeper
    from mailwake.leaving.holding import Holding
    from mailwake.origins.networks import Networks
    from mailwake.pipeline.dead import DeadLetters
    from mailwake.pipeline.evidence import EvidenceReader
    from mailwake.pipeline.lookups import Lookups
    from mailwake.pipeline.raw import FOLDER, RawFiles
    from mailwake.store.state import open_state
    from mailwake.store.withdrawals import open_withdrawals
    from mailwake.suppression.keeper import Keeper

    keys, data = settings.load_keys(), settings.data_folder
    networks = Networks(settings.enrich, keys.derive(NETWORK_KEY), root=settings.root, folder=data / "enrich")
    # Over plain HTTP browsers send no Sec-Fetch-* headers, except to this machine.
    secure = settings.tracking.base_url.startswith("https:") or settings.tracking_host in ("localhost", "127.0.0.1")
    state, withdrawals = open_state(data / "state.sqlite"), open_withdrawals(data / "state.sqlite")
    lookups = Lookups(state, keys.derive(DOMAIN_KEY), **settings.limits)
    return Desk(
        state=state,
        events=events,
        evidence=EvidenceReader(networks, keys.derive(AGENT_KEY), secure=secure),
        lookups=lookups,
        bounces=Bounces.load(),
        dead=DeadLetters(data / "dead"),
        inert=open_keeper(settings, withdrawals),
        withdrawals=withdrawals,
        raw=RawFiles(data / FOLDER, settings.tracking.keep_raw_days),
        keeper=Keeper(state, events, Thresholds.load(), told=lookups.told),
        holding=Holding(state, events, holds=settings.edge.second_button),
        demo=settings.demo,
        on_withdrawal=settings.privacy.on_withdrawal,
        judge=judge,
        clock=make_clock(settings.demo),
    )


def _judge_in_force(settings: Settings, events: EventStore) -> Callable[[], Judge]:
    from mailwake.history.rulesets import in_force
    from mailwake.judge.verdicts import StreamJudge

    rules = in_force(events, settings.data_folder)
    return lambda: StreamJudge(rules)


def start_worker(worker: Worker) -> Callable[[], None]:
    """Run a worker in a thread of this process; call what comes back to stop it, wait until it has, and close it."""
    stop = beside.begin("pipeline", worker.run)

    def stop_and_close() -> None:
        stop()
        worker.close()

    return stop_and_close


def tell(done: Pass) -> str:
    """What was done, in one line."""
    parts = [f"read {done.records:,}", f"stored {done.written:,}"]
    parts += [f"{str(reason).replace('_', ' ')} {n:,}" for reason, n in done.dropped]
    if done.damaged_segments:
        parts.append(f"damaged segments {done.damaged_segments:,}, {done.lost:,} records lost")
    return " · ".join(parts)
