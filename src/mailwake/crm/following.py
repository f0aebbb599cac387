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
#: numbers of suppressions that are looked at again, for one with a lower number may be kept later
_AGAIN = 50


@dataclass(frozen=True, slots=True)
class Follow:
    """What was followed."""

    people: int
    wishes: int


def follow(around: Around, *, now: Micros) -> Follow:
    """Keep wishes for everybody of whom something is known that was not, and for those who want no mail."""
    urgent = _both(_follow_suppressions(around, now), _follow_consents(around, now))
    until = _until(around, now)
    since = around.store.mark(FOLLOWED)
    if since is None:
        return sweep(around, now=now)
    people = count = after = 0
    while rows := around.events.ask("crm_touched", since=since - _OVERLAP, until=until, after=after, limit=GROUP):
        handles = [Handle(row["recipient"]) for row in rows]
        count += around.store.wish(wishes(around, gather(around, handles, now)), now=now)
        people, after = people + len(handles), handles[-1]
    around.store.put_mark(FOLLOWED, until)
    return Follow(people + urgent.people, count + urgent.wishes)


def sweep(around: Around, *, now: Micros, progress: Callable[[int], None] = lambda _count: None) -> Follow:
    """Keep wishes for everybody who is in the org and got mail from us."""
    people = count = 0
    for handles in _everybody(around):
        told = wishes(around, gather(around, handles, now), is_nightly=True)
        count += around.store.wish(told, now=now)
        people += len(handles)
        progress(people)
    around.store.wish([], now=now, marks={FOLLOWED: _until(around, now), SWEPT: now})
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
    after = around.store.mark(SUPPRESSED) or 0
    rows = around.store.suppressed_after(max(after - _AGAIN, 0))
    handles = sorted({handle for _, handle in rows})
    count = 0
    for start in range(0, len(handles), GROUP):
        part = handles[start : start + GROUP]
        count += around.store.wish(wishes(around, gather(around, part, now)), now=now)
    last = max((number for number, _ in rows), default=after)
    if last > after:
        around.store.put_mark(SUPPRESSED, last)
    return Follow(len(handles), count)


def _follow_consents(around: Around, now: Micros) -> Follow:
    """Who said something about being watched since the last time; the ledger itself says in which order."""
    after = last = around.store.mark(CONSENTED) or 0
    handles: set[Handle] = set()
    for entry in around.state.ledger(after=after):
        handles.add(entry.handle)
        last = entry.number
    done = follow_people(around, sorted(handles), now=now)
    if last > after:
        around.store.put_mark(CONSENTED, last)
    return done


def _both(one: Follow, other: Follow) -> Follow:
    return Follow(one.people + other.people, one.wishes + other.wishes)
