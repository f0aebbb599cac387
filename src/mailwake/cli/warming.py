"""Asking beforehand, so that on a large store not the first visitor of a page waits for it.

Answers are kept (`store.answers.remembered`), so what is asked here is asked once, and again only after something was
written. It is asked in the order in which people are likely to look: all campaigns, then one by one, newest first, as
long as there is room.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mailwake.atlas.domains import atlas
from mailwake.comparing.changes import changes
from mailwake.comparing.pace import checkpoints
from mailwake.comparing.timing import timing
from mailwake.deliverability.board import deliverability, of_campaign
from mailwake.deliverability.returned import returned
from mailwake.errors import MailwakeError
from mailwake.events import Micros
from mailwake.insight.dialects import definitions
from mailwake.insight.everywhere import link_sums
from mailwake.insight.repeats import repeats
from mailwake.insight.report import campaign_report, overview
from mailwake.insight.stores import Stores
from mailwake.people.finding import active_people
from mailwake.scoring.desk import Desk
from mailwake.segments.keeper import counted
from mailwake.segments.sunset import sunset
from mailwake.serving.patience import is_large
from mailwake.signposts.people import LINES
from mailwake.store.answers.opening import visits_of
from mailwake.store.state import Campaign

#: so many campaigns; older ones are rarely looked at
MOST_CAMPAIGNS = 100
#: of the sunset that the page of segments shows at first
SUNSET_DAYS = 180
#: share of the room for answers that is filled beforehand; the rest is for what people do look at
MOST_ROOM = 0.7
#: A question that is under way at a stop is not waited for any longer; nothing is lost with it.
_STOP_SECONDS = 1.0


def start(
    path: Path, stores: Stores, desk: Desk, clock: Callable[[], int], *, fullness: Callable[[], float]
) -> Callable[[], None]:
    """Ask beside, in a thread of its own, what pages are made of; nothing on a small store. What it returns ends it.

    Args:
        path: of the event store.
        stores: to ask.
        desk: that scores.
        clock: gives microseconds since 1970.
        fullness: how much of the room for answers is taken, 0 to 1.
    """
    if not is_large(path):
        return lambda: None
    stopped = threading.Event()
    thread = threading.Thread(
        target=ask_all,
        args=(stores, desk, Micros(clock()), lambda: stopped.is_set() or fullness() > MOST_ROOM),
        name="warming up",
        daemon=True,
    )
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(_STOP_SECONDS)

    return stop


def ask_all(stores: Stores, desk: Desk, now: Micros, enough: Callable[[], bool]) -> None:
    """Ask everything, until it is done or enough; who looks at a page meanwhile comes first."""
    rest = visits_of(stores.events).pacer()
    with contextlib.suppress(MailwakeError):
        for ask in _questions(stores, desk, now):
            rest()
            if enough():
                return
            with contextlib.suppress(MailwakeError):  # whoever visits the page is told
                ask()


def _questions(stores: Stores, desk: Desk, now: Micros) -> Iterator[Callable[[], object]]:
    """What to ask, one after the other."""
    known = overview(stores)
    yield lambda: changes(stores, known, now=now)
    yield lambda: atlas(stores, now=now)
    yield lambda: timing(stores, now=now)
    yield lambda: returned(stores, now=now)
    yield lambda: deliverability(stores, now=now)
    yield lambda: active_people(stores, now=now, limit=LINES)
    yield lambda: link_sums(stores, "label")
    yield lambda: link_sums(stores, "role")
    yield lambda: repeats(stores)
    by_id = {str(campaign.id): campaign for campaign in stores.state.campaigns()}
    for line in known.campaigns[:MOST_CAMPAIGNS]:
        if line.id in by_id:
            yield from _of_campaign(stores, by_id[line.id], now)
    for segment in stores.state.segments():
        yield partial(counted, stores, segment, now=now)
    yield lambda: sunset(stores, SUNSET_DAYS, now=now)
    yield lambda: desk.ranking(stores, now)  # a minute, of everybody


def _of_campaign(stores: Stores, campaign: Campaign, now: Micros) -> Iterator[Callable[[], object]]:
    yield lambda: campaign_report(stores, campaign)
    yield lambda: checkpoints(stores, campaign, now=now)
    yield lambda: of_campaign(stores, campaign)
    yield lambda: timing(stores, now=now, campaign=campaign)
    yield lambda: returned(stores, now=now, campaign=campaign)
    yield lambda: definitions(stores, campaign)
