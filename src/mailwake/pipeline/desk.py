"""What the steps work with: the stores, the judge, the clock, and the tables, put on one desk."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailwake.bounces.decide import Bounces
from mailwake.events import Micros
from mailwake.inert.keeper import InertKeeper
from mailwake.judge import Judge
from mailwake.leaving.holding import Holding
from mailwake.pipeline.clock import DEMO_IDLE, DEMO_LAG, EventClock
from mailwake.pipeline.dead import DeadLetters
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.pipeline.item import NEVER
from mailwake.pipeline.lookups import Lookups
from mailwake.pipeline.raw import RawFiles
from mailwake.sections import Demo
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore
from mailwake.store.withdrawals import Withdrawals
from mailwake.suppression.keeper import Keeper

#: Reports of the same fact come close together, or across a restart, where the store knows them.
REMEMBERED_KEYS = 500_000


@dataclass(slots=True, kw_only=True)
class Desk:
    """One pipeline's tools. Everything that changes while it works is named here."""

    state: StateStore
    events: EventStore
    evidence: EvidenceReader
    lookups: Lookups
    bounces: Bounces
    dead: DeadLetters
    inert: InertKeeper
    withdrawals: Withdrawals
    raw: RawFiles
    holding: Holding
    keeper: Keeper
    demo: Demo
    judge: Judge
    clock: EventClock
    #: what becomes of earlier opens and clicks of who withdraws: stop, anonymise or erase
    on_withdrawal: str = "anonymise"
    #: how far the ledger was followed there; None: to be asked
    cut_line: int | None = None
    #: the judge has closed everything that was quiet by then
    settled_until: Micros = NEVER
    #: ids of keyed events, oldest first
    seen: dict[int, None] = field(default_factory=dict)
    #: seconds spent per step
    seconds: dict[str, float] = field(default_factory=dict)

    def is_news(self, identity: int) -> bool:
        """Whether a keyed event was not seen yet; from now on it was."""
        if identity in self.seen:
            return False
        if len(self.seen) >= REMEMBERED_KEYS:
            del self.seen[next(iter(self.seen))]
        self.seen[identity] = None
        return True


def make_clock(demo: Demo) -> EventClock:
    """The clock that fits the speed at which time passes."""
    return EventClock(lag=DEMO_LAG, idle=DEMO_IDLE) if demo.event_clock else EventClock()
