"""One installation at work on its org: reads it, follows the facts, pushes, repairs; by hand or by the clock."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailwake.closings.reading import Closings, Found
from mailwake.closings.sources import sources_of
from mailwake.crm import daily
from mailwake.crm.consenting import Followed, follow_wishes
from mailwake.crm.contacts import contacts_of, scorer_of
from mailwake.crm.fields import PEOPLE, ours
from mailwake.crm.following import Follow, follow, follow_people, is_night, sweep
from mailwake.crm.identity import heirs
from mailwake.crm.links import Names, org_of
from mailwake.crm.membership import Ladder
from mailwake.crm.reading import Reader, Reading
from mailwake.crm.telling import DAY, Around, Scorer
from mailwake.errors import Misconfigured
from mailwake.events import SECOND, Handle, Micros
from mailwake.pushing import forgetting, planning, repairing, undoing
from mailwake.pushing.budget import BELIEVED_SECONDS, Budget
from mailwake.pushing.sending import Sender, Sent, one_sender
from mailwake.salesforce.records import Org
from mailwake.salesforce.wire import Around as World
from mailwake.scoring.desk import desk_of
from mailwake.store.crm import CrmStore, Lane
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailwake.settings import Settings

_BUDGET = "budget"
_FIELDS = "fields"
KIND = "salesforce"
#: when the org was last read; 0: it is to be read at once
LOOKED = "looked"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What came of a look at the org."""

    reading: Reading
    followed: Followed
    wishes: int
    #: goals that the org's records reach
    closings: Found


@dataclass(kw_only=True)
class Desk:
    """All that work on an org needs.

    Args:
        org: that is told.
        around: where facts come from, and where wishes go.
        budget: calls that may be made.
        folder: of the installation's data.
        row_days: rows of copies sent longer ago are deleted; the org's people may want fewer.
        poll_minutes: how often the org is looked at.
        journal_days: writes are remembered for so long, and can be undone.
        fields: that rules may set, such as Contact.Rating__c; they are read too.
        closings: reads which goals the org's records reach; None: none do.
        wall: microseconds since 1970.
    """

    org: Org
    around: Around
    budget: Budget
    folder: Path
    row_days: int
    poll_minutes: float
    journal_days: int
    fields: tuple[str, ...] = ()
    closings: Closings | None = None
    wall: Callable[[], int] = lambda: time.time_ns() // 1_000
    reader: Reader = field(init=False)
    _refused_fields: set[str] = field(default_factory=set)
    #: goal to what keeps it from being read
    goal_problems: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = {kind: [each.partition(".")[2] for each in self.fields if each.startswith(f"{kind}.")] for kind in PEOPLE}
        written = {kind: (*ours(kind), *own[kind]) for kind in PEOPLE}
        self.reader = Reader(self.org, self.store, written, wall=self.wall)

    @property
    def store(self) -> CrmStore:
        """Where all of it is kept."""
        return self.around.store

    @property
    def now(self) -> Micros:
        """The time."""
        return Micros(self.wall())

    def look(self, progress: Callable[[str, int], None] = lambda _kind, _count: None) -> Looked:
        """Read what changed in the org, follow what people want, and wish anew for whoever is somebody else now."""
        self.reader.forget_shapes()
        self._read_all_where_fields_are_others()
        with self.counted():
            reading = self.reader.read(progress)
            daily.ask(self.org, self.store, reading.touched, now=self.now)
        followed = follow_wishes(
            self.around.state,
            self.store,
            people=reading.touched,
            individuals=reading.individuals,
            now=self.now,
            purpose=self.around.purpose,
        )
        ids = reading.touched | set(heirs(self.store, reading.touched).values())
        keys = {each.address_key for each in self.store.people_of(ids).values() if each.address_key}
        keys |= {each.address_key for each in self.store.people_with(reading.individuals) if each.address_key}
        handles = sorted(self.store.handles_of(keys).values())
        is_first = self.store.mark("followed") is None
        done = Follow(0, 0) if is_first else follow_people(self.around, handles, now=self.now)
        closings = self._read_closings()  # last: whoever wants no mail must not wait for a deal
        self.store.put_mark(LOOKED, self.now)
        return Looked(reading=reading, followed=followed, wishes=done.wishes, closings=closings)

    def _read_closings(self) -> Found:
        if self.closings is None:
            return Found()
        with self.counted():
            found = self.closings.read(self.reader.shape, now=self.now)
        self.goal_problems = found.problems
        return found

    def _read_all_where_fields_are_others(self) -> None:
        """What changed alone does not tell what stands in a field that was not read before."""
        told = int.from_bytes(hashlib.sha256(",".join(sorted(self.fields)).encode()).digest()[:6]) if self.fields else 0
        if (self.store.mark(_FIELDS) or 0) != told:
            for kind in PEOPLE:
                self.store.put_mark(f"read:{kind}", 0)
            self.store.put_mark(_FIELDS, told)

    def follow(self) -> Follow:
        """Keep wishes for everybody of whom something new is known."""
        return follow(self.around, now=self.now)

    def sweep(self, progress: Callable[[int], None] = lambda _count: None) -> Follow:
        """Keep wishes for everybody."""
        return sweep(self.around, now=self.now, progress=progress)

    def plan(self) -> planning.Plan:
        """What a push would do."""
        with self.counted():
            limits = self.org.limits()
            goals = 0 if self.closings is None else len(self.closings.sources)
            return planning.plan(self.store, self.reader.shape, limits, poll_minutes=self.poll_minutes, goals=goals)

    def push(self, *, lane: Lane | None = None, progress: Callable[[int], None] = lambda _count: None) -> Sent:
        """Send what waits, as a run that can be undone.

        Raises:
            Unavailable: another process of this installation sends.
            OrgMustAct: nothing goes until somebody changes the org or the settings.
        """
        with one_sender(self.folder), self.counted():
            sender = Sender(
                org=self.org, store=self.store, shapes=self.reader.shape, budget=self.budget, wall=self.wall,
                job=self.new_job(), refused_fields=self._refused_fields,
            )  # fmt: skip
            done = sender.run(lane=lane, progress=progress)
            if done.moved:
                self.reader.read()
        follow_people(self.around, [Handle(each) for each in sorted(done.moved)], now=self.now)
        return done

    def undo(
        self, job: str, *, keep_opt_outs: bool = False, progress: Callable[[int], None] = lambda _count: None
    ) -> undoing.Undone:
        """Take back a run; nothing is sent by itself until `resume`."""
        with one_sender(self.folder), self.counted():
            return undoing.undo(self.org, self.store, job, now=self.now, keep_opt_outs=keep_opt_outs, progress=progress)

    def repair(self) -> repairing.Repaired:
        """Compare what the org holds with what it was told, and let go of what is too old, there and in the journal."""
        self.store.forget_entries(Micros(self.now - self.journal_days * DAY))
        with one_sender(self.folder), self.counted():
            days = daily.row_days(self.store, self.row_days)
            return repairing.repair(self.org, self.store, now=self.now, row_days=days)

    def forget(self, places: Mapping[str, Any]) -> forgetting.Forgotten:
        """Take out of the org what was put there about one person; see `forgetting.forget`.

        Raises:
            Unavailable: another process of this installation sends, or the org is away.
        """
        with one_sender(self.folder), self.counted():
            self.budget.is_urgent = True
            try:
                return forgetting.forget(self.org, places)
            finally:
                self.budget.is_urgent = False

    @property
    def is_paused(self) -> bool:
        """Whether a run was taken back and nobody has said to go on."""
        return bool(self.store.mark(undoing.PAUSED))

    def resume(self) -> None:
        """Send by itself again."""
        self.store.put_mark(undoing.PAUSED, 0)

    @property
    def is_night(self) -> bool:
        """Whether everybody is to be looked at again."""
        return is_night(self.around, now=self.now)

    def new_job(self) -> str:
        """The name of a new run: the time, and something that nobody else has."""
        return f"{datetime.fromtimestamp(self.wall() / SECOND, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def calls_of_day(self) -> int:
        """Calls of ours in the last day, those of former processes too."""
        self._recall()
        return self.budget.used

    def _recall(self) -> None:
        job = self.around.state.job(KIND, _BUDGET)
        if job is not None:
            self.budget.recall(job.data["steps"])

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Calls are counted over restarts, and together with those of other processes."""
        self._recall()
        before = self.budget.told()
        try:
            yield
        finally:
            if (steps := self.budget.told()) != before:
                self.around.state.put_job(KIND, _BUDGET, data={"steps": steps}, now=self.now)


def open_desk(
    settings: Settings,
    state: StateStore,
    events: EventStore,
    store: CrmStore,
    *,
    score: Scorer | None = None,
    world: World | None = None,
) -> Desk:
    """A desk for an installation's org; nothing is asked of it yet.

    Args:
        settings: of the installation.
        state: who may be mailed.
        events: what happened.
        store: what stands between us and the org.
        score: how warm people are; None: as the settings say.
        world: the world.

    Raises:
        Misconfigured: no org is connected, or an option cannot be.
    """
    told, world = settings.salesforce, world or World()
    budget = Budget(daily=told.daily_calls, org_share=told.org_share, wall=world.wall)
    world.spend = budget.spend
    org = org_of(settings, around=world)
    budget.usage = lambda: org.wire.recent_usage(BELIEVED_SECONDS)
    around = Around(
        state=state,
        events=events,
        store=store,
        names=Names(settings.tracking_host),
        score=score or scorer_of(state, events, desk_of(settings, contacts_of(store, told.login))),
        ladder=_ladder(told.statuses),
        rows=told.rows,
        row_days=told.row_days,
        wait=round(told.wait_minutes * 60 * SECOND),
        purpose=told.tracking_purpose,
    )
    closings = Closings(
        sources=sources_of(settings), org=org, store=store, state=state, log=settings.data_folder / "log",
        keep=settings.log,
    )  # fmt: skip
    return Desk(
        org=org,
        around=around,
        budget=budget,
        folder=settings.data_folder,
        row_days=told.row_days,
        poll_minutes=told.poll_minutes,
        journal_days=told.journal_days,
        fields=settings.workflows.fields,
        closings=closings,
        wall=lambda: round(world.wall() * SECOND),
    )


def _ladder(told: dict[str, str]) -> Ladder:
    try:
        return Ladder(**told)
    except TypeError:
        known = ", ".join(Ladder.__dataclass_fields__)
        raise Misconfigured("salesforce.statuses", f"there is no such step; there are {known}") from None
