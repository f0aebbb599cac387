"""`mailwake web`: the dashboard and its API, with or without the pipeline beside it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from gettext import NullTranslations
from typing import Annotated

import typer

from mailwake.cli import warming
from mailwake.cli.gating import door_of, warn
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.series import Series
from mailwake.insight.stores import Stores, zone_named
from mailwake.language import ENGLISH, catalogue
from mailwake.notifying.courier import Around
from mailwake.notifying.endpoints import endpoints_of
from mailwake.notifying.messages import DeadLink
from mailwake.notifying.office import REPORT, Office
from mailwake.scoring.desk import Desk, desk_of
from mailwake.scoring.facts import Contacts
from mailwake.serving import address
from mailwake.serving.entry import Door
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.answers.opening import open_remembered
from mailwake.store.events import EventStore, open_events
from mailwake.store.state import StateStore, open_state
from mailwake.watchdog.desk import Desk as LinkDesk
from mailwake.watchdog.desk import opened_desk

#: after which a thread hands the interpreter over; five times as often as Python does by itself
_SWITCH_SECONDS = 0.001


def command(
    config: ConfigOption = DEFAULT_FILE,
    with_work: Annotated[
        bool, typer.Option("--with-work", help="Take the log into the stores as well, in a thread of this process.")
    ] = False,
) -> None:
    """Serve the dashboard and its API until stopped.

    Example: mailwake web --with-work
    """
    settings = load(config)
    configure(settings.logging, "web")
    desk = desk_of(settings, _contacts(settings))
    with door_of(settings) as door, _open(settings, config, desk, with_work=with_work) as stores:
        warn(settings)
        asyncio.run(_serve(settings, stores, desk, door))


@contextlib.contextmanager
def _open(settings: Settings, config: str, desk: Desk, *, with_work: bool) -> Iterator[Stores]:
    """The stores, and the pipeline's thread where wanted; all of it let go in the reverse order."""
    zone = zone_named(settings.web.timezone)
    path = settings.data_folder / "events.duckdb"
    if not with_work and not path.exists():
        open_events(path).close()  # so that an installation without mail shows how to begin
    with contextlib.ExitStack() as opened:
        endpoints = endpoints_of(settings) if with_work else ()
        events = open_remembered(path, read_only=not with_work, news=bool(endpoints))
        opened.callback(events.close)
        state = open_state(settings.data_folder / "state.sqlite")
        opened.callback(state.close)
        if endpoints:
            links = opened.enter_context(opened_desk(settings))
            around = Around(
                events=events, state=state, wall=lambda: time.time_ns() // 1_000, dead_links=partial(_dead_links, links)
            )
            opened.callback(Office(endpoints, around, report=settings.data_folder / REPORT).start())
        stores = Stores(state=state, events=events, zone=zone)
        opened.callback(_audit(settings, state, keeps=with_work))
        if with_work and settings.reports:
            opened.callback(_reports(settings, stores))
        if with_work:
            opened.callback(_work(settings, events))
            opened.callback(_rights(settings, stores))
            opened.callback(_experiments(settings, events, config))
            opened.callback(_salesforce(settings, stores))
            opened.callback(_workflows(settings, stores, config))
            opened.callback(_segments(settings, events))
            opened.callback(_retention(settings, events))
            opened.callback(_told(settings))
            opened.callback(_links(settings, events))
        opened.callback(
            warming.start(path, stores, desk, lambda: time.time_ns() // 1_000, fullness=lambda: events.fullness)
        )
        yield stores


def _audit(settings: Settings, state: StateStore, *, keeps: bool) -> Callable[[], None]:
    """Note what policy holds from now on; where the pipeline runs, keep the log in order as well."""
    from mailwake.audit.keeping import Keeping
    from mailwake.audit.log import AuditLog
    from mailwake.audit.opening import anchors_of, wall_clock
    from mailwake.audit.policy import note_policy
    from mailwake.store.audit import same_database

    audit = AuditLog(same_database(state), wall=wall_clock)
    note_policy(audit, settings, role="the dashboard")
    if not keeps:
        return lambda: None
    keeping = Keeping(audit, anchors_of(settings), keep_days=settings.audit.keep_days, wall=wall_clock)
    return keeping.start()


def _reports(settings: Settings, stores: Stores) -> Callable[[], None]:
    from mailwake.bulletins.postman import Postman, start
    from mailwake.watchdog.telling import dead_links

    def wall() -> int:
        return time.time_ns() // 1_000

    def over_time(campaign: str) -> Series | None:
        return campaign_report(stores, find(stores, campaign)).over_time

    dead = partial(dead_links, settings)
    return start(Postman(settings, stores.state, partial(overview, stores), wall, dead_links=dead, over_time=over_time))


def _dead_links(desk: LinkDesk, after: int) -> list[DeadLink]:
    return [
        DeadLink(id=each.id or 0, url=each.href, said=each.said, opened_at=each.opened_at, sent_from=sent_from)
        for each, sent_from in desk.alarms_after(after)
    ]


def _work(settings: Settings, events: EventStore) -> Callable[[], None]:
    from mailwake.cli.work import open_worker, start_worker

    return start_worker(open_worker(settings, events))


def _rights(settings: Settings, stores: Stores) -> Callable[[], None]:
    from mailwake.cli.privacy.owning import start_office

    return start_office(settings, stores)


def _experiments(settings: Settings, events: EventStore, config: str) -> Callable[[], None]:
    from mailwake.experiments.turns import start_turns

    return start_turns(settings, events, config=config)


def _contacts(settings: Settings) -> Contacts | None:
    """Who people are in the org, where one is connected."""
    if not settings.salesforce.login:
        return None
    from mailwake.crm.contacts import contacts_of
    from mailwake.store.crm import open_crm

    return contacts_of(open_crm(settings.data_folder / "state.sqlite"), settings.salesforce.login)


def _salesforce(settings: Settings, stores: Stores) -> Callable[[], None]:
    if not settings.salesforce.login:
        return lambda: None
    from mailwake.pushing.desk import open_desk
    from mailwake.pushing.office import REPORT as SALESFORCE_REPORT
    from mailwake.pushing.office import Office as SalesforceOffice
    from mailwake.store.crm import open_crm

    store = open_crm(settings.data_folder / "state.sqlite")
    desk = open_desk(settings, stores.state, stores.events, store)
    office = SalesforceOffice(desk, pushes=settings.salesforce.push, report=settings.data_folder / SALESFORCE_REPORT)
    stop = office.start()

    def stop_and_close() -> None:
        stop()
        store.close()

    return stop_and_close


def _workflows(settings: Settings, stores: Stores, config: str) -> Callable[[], None]:
    from mailwake.workflows.office import start
    from mailwake.workflows.opening import opened_desk

    opened = contextlib.ExitStack()
    stop = start(opened.enter_context(opened_desk(settings, stores)), config=config)

    def stop_and_close() -> None:
        stop()
        opened.close()

    return stop_and_close


def _retention(settings: Settings, events: EventStore) -> Callable[[], None]:
    from mailwake.retention.nightly import start_nightly

    return start_nightly(settings, events)


def _segments(settings: Settings, events: EventStore) -> Callable[[], None]:
    from mailwake.segments.noting import start_noting

    return start_noting(settings, events)


def _told(settings: Settings) -> Callable[[], None]:
    from mailwake.cli.work.reports import start_taking

    return start_taking(settings)


def _links(settings: Settings, events: EventStore) -> Callable[[], None]:
    from mailwake.watchdog.office import start_watch

    return start_watch(settings, events)


async def _serve(settings: Settings, stores: Stores, desk: Desk, door: Door) -> None:
    from mailwake.cli.packing import maker_of
    from mailwake.cli.privacy.owning import disclosing
    from mailwake.monitoring.status import look
    from mailwake.serving.server import serve
    from mailwake.web.app import create_app

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = create_app(
        stores,
        door=door,
        packs=lambda: maker_of(settings),
        settings=settings,
        language=_language(settings),
        desk=desk,
        look=lambda: look(settings.data_folder, keep_days=settings.log.keep_days, now=time.time_ns() // 1_000),
    )
    _share_evenly()
    try:
        async with disclosing(settings, stores, stop):
            await serve(
                app,
                host=settings.web.host,
                port=settings.web.port,
                ready=lambda url: _say_ready(settings, url, door),
                stop=stop,
            )
    finally:
        gc.unfreeze()  # or DuckDB says at the end that its functions were left behind
        stop.set()
        address.remove(settings.data_folder, pid=os.getpid())


def _share_evenly() -> None:
    """Let no page wait for what goes on beside it in the same process.

    Looking for cycles goes through all objects, a tenth of a second and more; what was there from the start is part of
    none. And whoever draws a page lets go of the interpreter at each of dozens of questions; a thread that counts would
    keep it for 5 ms each time, unless told to hand it over.
    """
    gc.freeze()
    sys.setswitchinterval(_SWITCH_SECONDS)


def _language(settings: Settings) -> NullTranslations:
    """Of the pages; English, with a word to the operator, where there is no catalogue."""
    found = catalogue(settings.web.language, settings.path("languages"))
    if found is ENGLISH and settings.web.language.partition("-")[0].lower() != "en":
        print(
            f"mailwake: there is no catalogue for web.language {settings.web.language!r} in "
            f"{settings.path('languages')}; pages stay English",
            file=sys.stderr,
        )
    return found


def _say_ready(settings: Settings, url: str, door: Door) -> None:
    address.write(settings.data_folder, address.Address(url=url, pid=os.getpid(), secret=door.secret))
    print(f"dashboard on {url}", flush=True)
