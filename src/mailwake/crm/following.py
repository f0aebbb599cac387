"""From facts to wishes: of whom something new is known, what the org is then to hold, kept in the outbox.

How far the facts were followed is written in the transaction that keeps the wishes, so that a crash follows them again
and a wish that was kept twice is one wish. Once a day everybody is looked at, because sums of thirty days and scores
change with the time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailwake.crm.telling import DAY, Around, gather, wishes
from mailwake.events import Handle, Micros

#: people whose facts are gathered at once
GROUP = 1_000
_OVERLAP = 600_000_000
FOLLOWED, SWEPT, SUPPRESSED, CONSENTED = "followed", "swept", "suppressed", "consented"
#: numbers of such lines that are looked at again, for one with a lower number may be kept later
_AGAIN = 50


@dataclass(frozen=True, slots=True)
class Follow:
    """What was followed."""

    people: int
    wishes: int

    def __add__(self, other: Follow) -> Follow:
        """Both together."""
        return Follow(self.people + other.people, self.wishes + other.wishes)


def follow(around: Around, *, now: Micros) -> Follow:
    """Keep wishes for everybody of whom something is known that was not, for those who want no mail and no tracking."""
    urgent = _follow_suppressions(around, now) + _follow_consents(around, now)
    until = _until(around, now)
    since = around.store.mark(FOLLOWED)
    if since is None:
        return sweep(around, now=now)
    people = count = after = 0
    while rows := around.events.ask("crm_touched", since=since - _OVERLAP, until=until, after=after, limit=GROUP):
        handles = [Handle(row["recipient"]) for row in rows]
        count += around.store.wish(wishes(around, gather(around, handles, now)), now=now)
        people, after = people + len(handles), handles[-1]
    around.store.move_mark(FOLLOWED, since, until)  # unless `refresh` asked for everybody meanwhile
    return Follow(people, count) + urgent


def sweep(around: Around, *, now: Micros, progress: Callable[[int], None] = lambda _count: None) -> Follow:
    """Keep wishes for everybody who is in the org and got mail from us."""
    since, until = around.store.mark(FOLLOWED), _until(around, now)
    people = count = 0
    for handles in _everybody(around):
        told = wishes(around, gather(around, handles, now), is_nightly=True)
        count += around.store.wish(told, now=now)
        people += len(handles)
        progress(people)
    around.store.put_mark(SWEPT, now)
    around.store.move_mark(FOLLOWED, since, until)
    return Follow(people, count)


def is_night(around: Around, *, now: Micros) -> bool:
    """Whether everybody is to be looked at again."""
    last = around.store.mark(SWEPT)
    return last is None or now - last >= DAY


def follow_people(around: Around, handles: list[Handle], *, now: Micros) -> Follow:
    """Keep wishes for some people, because the org tells something new of them."""
    count = 0
    for start in range(0, len(handles), GROUP):
        part = handles[start : start + GROUP]
        count += around.store.wish(wishes(around, gather(around, part, now)), now=now)
    return Follow(len(handles), count)


def _until(around: Around, now: Micros) -> int:
    """Up to when all is known: not beyond the newest that is stored, for whoever reads the log may be behind."""
    newest = around.events.ask("latest")[0]["received_at"]
    return max(0, min(now - around.wait, newest or 0))


def _everybody(around: Around) -> Iterator[list[Handle]]:
    after = Handle(0)
    while rows := around.store.known_both(after=after, limit=GROUP):
        yield [handle for handle, _ in rows]
        after = rows[-1][0]


def _follow_suppressions(around: Around, now: Micros) -> Follow:
    """Who wants no mail, or whose mail comes back, since the last time: the list itself says in which order."""
    return _follow_list(around, now, SUPPRESSED, around.store.suppressed_after)


def _follow_consents(around: Around, now: Micros) -> Follow:
    """Who said something about being watched, since the last time; a refusal empties what the org was told of them."""
    return _follow_list(
        around, now, CONSENTED, lambda after: [(line.number, line.handle) for line in around.state.ledger(after=after)]
    )


def _follow_list(
    around: Around, now: Micros, mark: str, after_line: Callable[[int], list[tuple[int, Handle]]]
) -> Follow:
    after = around.store.mark(mark) or 0
    rows = after_line(max(after - _AGAIN, 0))
    followed = follow_people(around, sorted({handle for _, handle in rows}), now=now)
    last = max((number for number, _ in rows), default=after)
    if last > after:
        around.store.put_mark(mark, last)
    return followed
