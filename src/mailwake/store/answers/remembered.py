"""Answers kept for as long as what they are made of stays as it is.

Most of a history is over: a campaign of last month is looked at daily and never added to. So an answer on a campaign
is given again until something is written of that campaign, an answer on everything until something is written at all.

On a large store a question on everything takes seconds, and something is written all the time. An answer that took
`SLOW_SECONDS` or more may therefore be a little behind: one that took t seconds is given for 10 t more, and for 100 t,
two minutes at least, while it is being asked anew in the background; after that who asks waits. A page asks many
questions, so on a large store `SLOW_ON_LARGE` is slow enough. What is behind is said: ``latest``, which every page puts
its stamp from, then answers with what was the newest when the oldest of the given answers was made. On a store whose
questions take less, nothing is ever behind.

Who looks at a page (`glance`) is given such an answer however old it is, with its stamp, while it is asked anew; unless
something was taken out of the store since. Programs, which take the first answer that they get, are not.

On such a store a question on all campaigns is put together from the answers on each (`together`), so that only those
are asked again of which something was written.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from mailwake.errors import Unavailable
from mailwake.events import Handle, Micros
from mailwake.store.answers.glance import looking, note_behind
from mailwake.store.answers.keys import Held, Key, Rows, key_of, later
from mailwake.store.answers.line import Line, Turns
from mailwake.store.answers.saved import Saved, SavedAnswer
from mailwake.store.answers.together import FEW, OF_ALL, of_run, runs
from mailwake.store.events import CounterRow, Cuts, EventRow, EventStore, Judgement, TakenRow
from mailwake.store.events.choosing import Choice, told

SLOW_SECONDS = 0.1
#: the same on a store of `_LARGE` events and more
SLOW_ON_LARGE = 0.005
#: an answer that took so long is saved when the store is let go of
_SAVED_SECONDS = 0.01
#: multiples of the time that an answer took: so long it is given as it is, so long while it is asked anew
_AS_IT_IS, _MEANWHILE = 10, 100
#: seconds; so long it is given at least while it is asked anew: who comes back after a minute need not wait
_LEAST_MEANWHILE = 120.0
#: values in all answers that are kept; some 100 bytes each
_MAX_VALUES = 1_000_000
#: the same in an answer that is worth keeping: larger ones are read once, by whoever goes through the whole store
_MAX_ANSWER = 200_000

#: put together from so many events on; on fewer, one question costs less than many
_LARGE = 1_000_000
#: seconds that a question on one campaign takes at least, by being planned; more than asking for many takes for each
_ALONE_SECONDS = 0.02

#: what was never written: of an answer that was behind when it was saved
_BEHIND = (-1, -1)


@dataclass(frozen=True, slots=True)
class _Answer:
    held: Held
    #: how much had been written of what it is made of
    written: tuple[int, int]
    #: seconds of processor time
    took: float
    made_at: float
    #: the answer to `latest` at that time, of slow ones
    latest: Rows | None
    #: where the times were that slide
    at: Mapping[str, int]
    #: put together from answers on each campaign
    is_together: bool = False


class Remembered:
    """An `EventStore` that keeps the answers of another; whatever is written has to be written through it.

    Args:
        store: that answers.
        clock: seconds, for tests.
        cost: seconds of this thread's processor time, which a busy machine does not make more; for tests.
        refresh: runs a task beside; for tests.
        saved: where answers were saved, and are when the store is let go of; None: nowhere.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        cost: Callable[[], float] = time.thread_time,
        refresh: Callable[[Callable[[], None]], None] | None = None,
        saved: Saved | None = None,
    ) -> None:
        self._store, self._clock, self._cost = store, clock, cost
        #: runs a task beside, when nobody looks at a page
        self.beside = refresh or Line()
        self._turns = Turns[Key]()
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._values = 0
        self._asking: set[Key] = set()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        #: writes to each campaign, to all of them at once, and of any kind: while `written` stays, so does every answer
        self._writes: dict[int, int] = {}
        self._upheavals = self.written = 0
        #: how often something was taken out of the store, or judged by other rules
        self.overthrown = 0
        #: on the clock, when something was last taken out of the store or judged by other rules
        self._overthrown_at = float("-inf")
        #: campaigns with events that may be judged again; None: not known, so that a new verdict may be on any
        self._open: set[int] | None = None
        #: campaigns that something may be known of, and the answer to `latest`; None: not known, or not any more
        self._campaigns: set[int] | None = None
        self._latest: Rows | None = None
        #: events, as far as known
        self._count = 0
        self._saved = saved

    def take_up(self, latest: Rows, answers: Iterable[SavedAnswer]) -> None:
        """Give these answers too, which are of the store as it stands; call it before anything is written."""
        self._count = latest[0]["event_count"] if latest else 0
        self._latest = latest or None
        now = self._clock()
        for each in answers:
            key = (each.question, tuple(sorted(each.parameters.items())))
            is_true = each.latest is None
            made_at = now if is_true else now - _AS_IT_IS * each.took - 1.0  # the first who looks has it asked anew
            written, stamp = (self._written(key), latest) if is_true else (_BEHIND, each.latest)
            self._keep(
                key,
                _Answer(Held.packed(bytes(each.rows)), written, each.took, made_at, stamp, each.at, each.is_together),
            )

    @property
    def fullness(self) -> float:
        """How much of the room for answers is taken, 0 to 1; of more those asked longest ago go."""
        return self._values / _MAX_VALUES

    def ask(self, question: str, **parameters: int | str) -> Rows:
        """See `EventStore.ask`."""
        if question == "latest":
            return [*self._stamp()]
        key, at = key_of(question, parameters)
        return self._answered(key, at, lambda: self._asked(key, parameters))

    def work_out(self, name: str, make: Callable[[], Rows]) -> Rows:
        """What is worked out of many rows, kept as an answer on everything is; see `opening.worked_out`."""
        return self._answered((name, ()), {}, make)

    def _answered(self, key: Key, at: Mapping[str, int], ask: Callable[[], Rows]) -> Rows:
        """What is kept, if it may be given; else it is asked, by one who wants it, and the others wait for that."""
        rows = self._given(key, at, ask)
        if rows is None:
            with self._turns.of(key):
                rows = self._given(key, at, ask)
                rows = self._ask(key, at, ask) if rows is None else rows
        return [*rows]

    def _given(self, key: Key, at: Mapping[str, int], ask: Callable[[], Rows]) -> Rows | None:
        """The rows of an answer that may be given again, which may set off that it is asked anew."""
        glance = looking()
        with self._lock:
            known = self._answers.get(key)
            if known is None:
                return None
            if not self._is_true(key, known, at):
                age, price = self._clock() - known.made_at, self._price(key, known)
                if not self._may_be_behind(price, age, known if glance else None):
                    return None
                if age > _AS_IT_IS * price and key not in self._asking:
                    self._asking.add(key)
                    self.beside(partial(self._ask_anew, key, at, ask))
                note_behind(known.latest)
            self._answers.move_to_end(key)
            return known.held.rows

    def _is_true(self, key: Key, known: _Answer, at: Mapping[str, int]) -> bool:
        return known.written == self._written(key) and known.at == at

    def _may_be_behind(self, price: float, age: float, looked_at: _Answer | None = None) -> bool:
        """Whether an answer of this age is given although something was written."""
        if price < self._slow_seconds:
            return False
        is_whole = looked_at is not None and looked_at.made_at > self._overthrown_at
        return is_whole or age <= max(_MEANWHILE * price, _LEAST_MEANWHILE)

    @property
    def _slow_seconds(self) -> float:
        return SLOW_ON_LARGE if self._count >= _LARGE else SLOW_SECONDS

    def _price(self, key: Key, known: _Answer) -> float:
        """What it took to ask; of an answer put together, what it took to ask those of its parts that changed since."""
        if not known.is_together or self._campaigns is None:
            return known.took
        parts = ((part, self._answers.get(part)) for part in self._parts(key[0]))
        return sum(each.took for part, each in parts if each is not None and each.written != self._written(part))

    def _parts(self, question: str) -> list[Key]:
        return [(OF_ALL[question], (("campaign", each),)) for each in sorted(self._campaigns or ())]

    def _stamp(self) -> Rows:
        """The newest event that is sure to be part of what is given."""
        glance = looking()
        if glance is not None:
            return glance.latest or self._newest()
        with self._lock:
            behind = self._oldest_given()
        return behind or self._newest()

    def _oldest_given(self) -> Rows | None:
        """What was the newest event when the oldest answer was made that is given although something was written."""
        now = self._clock()
        behind = [
            each
            for key, each in self._answers.items()
            if each.latest
            and each.written != self._written(key)
            and self._may_be_behind(self._price(key, each), now - each.made_at)
        ]
        return min(behind, key=lambda each: each.made_at).latest if behind else None

    def _written(self, key: Key) -> tuple[int, int]:
        campaign = int(dict(key[1]).get("campaign", 0))
        return (self._upheavals, self._writes.get(campaign, 0)) if campaign else (self._upheavals, self.written)

    def _ask_anew(self, key: Key, at: Mapping[str, int], ask: Callable[[], Rows]) -> None:
        try:
            with self._turns.of(key):
                self._ask(key, at, ask)
        except Unavailable:
            return  # whoever asks next is told
        finally:
            with self._lock:
                self._asking.discard(key)

    def _asked(self, key: Key, parameters: Mapping[str, int | str]) -> Rows:
        """The answer of the store, or put together from those that are kept."""
        is_large = key[0] in OF_ALL and self._newest()[0]["event_count"] >= _LARGE
        return self._together(key[0]) if is_large else self._store.ask(key[0], **parameters)

    def _ask(self, key: Key, at: Mapping[str, int], ask: Callable[[], Rows]) -> Rows:
        """Ask and keep."""
        with self._lock:
            written = self._written(key)
        latest = self._newest() if key[0] in OF_ALL else None
        start, before = self._clock(), self._cost()
        rows = ask()
        took = self._cost() - before
        if took >= self._slow_seconds and latest is None:
            latest = self._newest()
        is_together = latest is not None and key[0] in OF_ALL and latest[0]["event_count"] >= _LARGE
        self._keep(key, _Answer(Held.of(rows), written, took, start, latest, at, is_together))
        return rows

    def _together(self, question: str) -> Rows:
        """The answer on all campaigns, of those on each; as it is now, nothing of it behind."""
        if self._campaigns is None:
            found = {row["campaign"] for row in self._store.ask("campaigns")}
            with self._lock:
                self._campaigns = found | (set(self._writes) - {0})
        with self._lock:
            parts = self._parts(question)
        self._ask_many(question, [key for key in parts if self._true(key) is None])
        rows = []
        for key in parts:
            rows += self._part(key)
        return rows

    def _part(self, key: Key) -> Rows:
        """The answer on one campaign as it is now."""
        part = self._true(key)
        if part is not None:
            return part
        with self._turns.of(key):
            part = self._true(key)
            return self._ask(key, {}, lambda: self._store.ask(key[0], **dict(key[1]))) if part is None else part

    def _true(self, key: Key) -> Rows | None:
        """The answer that is kept, if nothing was written since."""
        with self._lock:
            known = self._answers.get(key)
            if known is None or known.written != self._written(key):
                return None
            self._answers.move_to_end(key)  # what is put together of it is asked for all the time
            return known.held.rows

    def _ask_many(self, question: str, missing: Sequence[Key]) -> None:
        """Keep answers on single campaigns, asked for together; those that cannot be had so are left out."""
        if len(missing) <= FEW:
            return
        wanted = {int(dict(key[1])["campaign"]) for key in missing}
        for run in runs(self._store.ask("campaigns"), wanted):
            if len(run) == 1:
                continue
            keys = {each: (OF_ALL[question], (("campaign", each),)) for each in run}
            with self._lock:
                written = {each: self._written(key) for each, key in keys.items()}
            latest, start, before = self._newest(), self._clock(), self._cost()
            found = of_run(self._store, question, run)
            took = max((self._cost() - before) / len(run), _ALONE_SECONDS)
            for each, rows in found.items():
                self._keep(keys[each], _Answer(Held.of(rows), written[each], took, start, latest, {}))

    def _newest(self) -> Rows:
        """The answer to `latest`; it follows what is written, for every page asks it and it goes through all events."""
        with self._lock:
            if self._latest is not None:
                return self._latest
            written = self.written
        rows = self._store.ask("latest")
        with self._lock:
            self._count = rows[0]["event_count"]
            if written == self.written:
                self._latest = rows
        return rows

    def _keep(self, key: Key, answer: _Answer) -> None:
        if answer.held.size > _MAX_ANSWER:
            return
        with self._lock:
            former = self._answers.pop(key, None)
            self._values += answer.held.size - (former.held.size if former else 0)
            self._answers[key] = answer
            while self._values > _MAX_VALUES:
                _, dropped = self._answers.popitem(last=False)
                self._values -= dropped.held.size

    def write(
        self,
        *,
        rows: Sequence[EventRow] = (),
        rejudged: Sequence[Judgement] = (),
        counters: Sequence[CounterRow] = (),
        taken: Sequence[TakenRow] = (),
        cursors: Mapping[str, int] | None = None,
        settle_before: Micros | None = None,
        cuts: Cuts | None = None,
    ) -> int:
        """See `EventStore.write`."""
        added = None
        with self._writing:
            latest = self._latest  # what was asked while it was written may know of some of the rows
            try:
                added = self._store.write(
                    rows=rows,
                    rejudged=rejudged,
                    counters=counters,
                    taken=taken,
                    cursors=cursors,
                    settle_before=settle_before,
                    cuts=cuts,
                )
                return added
            finally:
                if cuts is not None and cuts.people:
                    self._overthrow()
                touched = {row.campaign or 0 for row in rows} | {row.campaign for row in counters}
                self._note(touched, rejudges=bool(rejudged) or settle_before is not None)
                with self._lock:
                    self._latest = later(latest, rows, added)

    def _note(self, touched: set[int], *, rejudges: bool) -> None:
        """Something was written, or may have been."""
        with self._lock:
            self.written += 1
            if self._open is None:
                self._upheavals += rejudges
            else:
                self._open |= touched
                touched = touched | self._open if rejudges else touched
            if self._campaigns is not None:
                self._campaigns |= touched - {0}
            for campaign in touched:
                self._writes[campaign] = self._writes.get(campaign, 0) + 1

    def stage(self, verdicts: Sequence[Judgement]) -> None:
        """See `EventStore.stage`."""
        self._store.stage(verdicts)

    def swap(self, *, ruleset: str, at: Micros) -> int:
        """See `EventStore.swap`."""
        try:
            return self._store.swap(ruleset=ruleset, at=at)
        finally:
            self._overthrow()

    def roll_back(self, *, at: Micros) -> int:
        """See `EventStore.roll_back`."""
        try:
            return self._store.roll_back(at=at)
        finally:
            self._overthrow()

    def erase(self, recipient: Handle) -> int:
        """See `EventStore.erase`; no answer that was kept, or saved, is given again, however slow it was to get."""
        try:
            return self._store.erase(recipient)
        finally:
            self._overthrow()
            with self._lock:
                self._answers.clear()
                self._values = 0
            if self._saved:
                self._saved.path.unlink(missing_ok=True)

    def copy_to(self, path: Path) -> dict[str, int]:
        """See `EventStore.copy_to`."""
        return self._store.copy_to(path)

    def forget_old(self, before: Micros, *, at: Micros) -> int:
        """See `EventStore.forget_old`."""
        removed = None
        try:
            removed = self._store.forget_old(before, at=at)
            return removed
        finally:
            if removed != 0:
                self._overthrow()
                with self._lock:
                    self._latest = None

    def _overthrow(self) -> None:
        with self._lock:
            self._upheavals += 1
            self.written += 1
            self.overthrown += 1
            self._overthrown_at = self._clock()

    def forget_news(self, until: int) -> None:
        """See `EventStore.forget_news`."""
        try:
            self._store.forget_news(until)
        finally:
            self._note(set(), rejudges=False)

    def among(self, handles: Iterable[Handle]) -> EventStore:
        """See `EventStore.among`; of these few nothing is kept."""
        return self._store.among(handles)

    def stream(self, question: str, *, batch: int, **parameters: int | str) -> Iterator[Rows]:
        """See `EventStore.stream`."""
        return self._store.stream(question, batch=batch, **parameters)

    def cursors(self) -> dict[str, int]:
        """See `EventStore.cursors`."""
        return self._store.cursors()

    def cut_line(self) -> int:
        """See `EventStore.cut_line`."""
        return self._store.cut_line()

    def taken(self) -> dict[str, dict[str, int]]:
        """See `EventStore.taken`."""
        return self._store.taken()

    def provisional(self) -> list[EventRow]:
        """See `EventStore.provisional`."""
        rows = self._store.provisional()
        with self._lock:
            self._open = {row.campaign or 0 for row in rows} | (self._open or set())
        return rows

    def choose(self, frame: str, choice: Choice, **parameters: int | str) -> Rows:
        """See `EventStore.choose`; of a choice its size is kept."""
        if frame != "size":
            return self._store.choose(frame, choice, **parameters)
        key, at = key_of("size", {**told(choice), **parameters})
        return self._answered(key, at, lambda: self._store.choose(frame, choice, **parameters))

    def close(self) -> None:
        """See `EventStore.close`; answers are saved, but those made before something was taken out of the store."""
        latest = self._newest() if self._saved else []
        with self._lock:
            worth = [
                self._to_save(key, each)
                for key, each in self._answers.items()
                if each.took >= _SAVED_SECONDS and each.made_at > self._overthrown_at
                if each.latest or each.written == self._written(key)
            ]
        self._store.close()
        if self._saved and worth:
            self._saved.write(latest, worth)

    def _to_save(self, key: Key, each: _Answer) -> SavedAnswer:
        is_true = each.written == self._written(key)
        return SavedAnswer(
            question=key[0],
            parameters=dict(key[1]),
            rows=msgspec.Raw(each.held.as_json),
            took=each.took,
            at=dict(each.at),
            latest=None if is_true else each.latest,
            is_together=each.is_together,
        )
