"""What the judge remembers of one copy of a message while its verdicts may still change. Bounded.

The state is a function of the *set* of events seen, never of their order: of each sort the earliest are kept, by time
and id, and all others are judged by what they say of themselves. So any order of the same events ends in the same
verdicts, and ten thousand hits on one copy cost as much memory as a hundred.
"""

from __future__ import annotations

from bisect import insort
from enum import IntEnum
from sys import intern

from msgspec import Struct

from mailwake.events import Class, EventType, Evidence, Micros, Note
from mailwake.judge.families.own import Own
from mailwake.judge.rules import Scope


class Sort(IntEnum):
    """What an event can testify to; each sort has room of its own."""

    OPEN = 0
    #: a link or a page
    CLICK = 1
    #: a decoy, or a link whose seal is broken
    WITNESS = 2
    #: a reply or a conversion
    PROOF = 3
    #: an RFC 8058 one-click unsubscription
    ONE_CLICK = 4


#: Kept per delivery. A newsletter of 60 links can be swept whole; nobody reads a message 24 times in 15 minutes.
ROOM = {Sort.OPEN: 24, Sort.CLICK: 64, Sort.WITNESS: 16, Sort.PROOF: 8, Sort.ONE_CLICK: 8}

_PAGES = {Note.UNSUBSCRIBE_VIEWED: -1, Note.UNSUBSCRIBE_DOUBTED: -1, Note.PREFERENCES_VIEWED: -2, Note.BUTTON: -1}


def sort_of(evidence: Evidence) -> Sort | None:
    """What an event testifies to; None for events that nobody caused by looking, such as `sent`."""
    return _SORTS[evidence.type, evidence.note]


def _sort(type_: EventType, note: Note) -> Sort | None:
    if note in (Note.DECOY, Note.LINK_REFUSED):
        return Sort.WITNESS
    if note is Note.ONE_CLICK:
        return Sort.ONE_CLICK
    if note in _PAGES or type_ is EventType.CLICKED:
        return Sort.CLICK
    if type_ is EventType.OPENED:
        return Sort.OPEN
    if note is Note.PIXEL:
        return None  # whoever follows links may load a page's pictures: a shop's own word proves, a picture does not
    return Sort.PROOF if type_ in (EventType.REPLIED, EventType.CONVERTED) else None


_SORTS = {(type_, note): _sort(type_, note) for type_ in EventType for note in Note}


class Seen(Struct, eq=False, gc=False):
    """One event as the judge remembers it, and what it last said of it. Millions are kept, so it is small."""

    id: int
    at: Micros
    sort: Sort
    #: a number per thing that can be followed; pages count as one each
    link: int
    network: int | None
    agent: int | None
    #: one number for network and agent together; None when neither is known
    visitor: int | None
    own: Own
    #: of a hit that came through Apple's proxy
    country: str | None
    refused: bool
    reply: bool
    #: probability and class as last told; no class: nothing was told yet
    told_p: float | None = None
    told_class: Class | None = None

    @classmethod
    def of(cls, evidence: Evidence, sort: Sort, own: Own) -> Seen:
        """What is worth remembering of an event."""
        network, agent, link, note = evidence.network, evidence.agent, evidence.link, evidence.note
        return cls(
            evidence.id,
            evidence.at,
            sort,
            link if link is not None else _PAGES.get(note, 0),
            network,
            agent,
            None if network is None and agent is None else hash((network, agent)),
            own,
            evidence.country if own.mpp else None,
            note is Note.LINK_REFUSED,
            evidence.type is EventType.REPLIED,
        )

    def share(self, other: Seen) -> None:
        """Hold the numbers of another event where they are the same: a sweep's are, and each takes 36 bytes."""
        if self.network == other.network:
            self.network = other.network
        if self.agent == other.agent:
            self.agent = other.agent
        if self.visitor == other.visitor:
            self.visitor = other.visitor

    @property
    def scope(self) -> Scope:
        """Which weights apply."""
        return Scope.OPEN if self.sort is Sort.OPEN else Scope.CLICK


class Delivery:
    """The open state of one copy."""

    __slots__ = ("domain", "first_at", "last_at", "links", "recipient", "seen", "stream")

    def __init__(self, evidence: Evidence) -> None:
        #: kept events by time
        self.seen: list[Seen] = []
        self.first_at = self.last_at = evidence.at
        self.links = max(evidence.links or 0, 0)
        self.stream = intern(evidence.stream)
        self.domain = None if evidence.domain is None else intern(evidence.domain)
        self.recipient = evidence.recipient

    def holds(self, id: int) -> bool:  # noqa: A002  # the word of Evidence
        """Whether an event is kept already."""
        return any(each.id == id for each in self.seen)

    def add(self, seen: Seen) -> Seen | None:
        """Keep an event.

        Returns:
            The event there is no room for: an earlier guest, the event itself, or None.
        """
        if self.seen:
            seen.share(self.seen[-1])
            insort(self.seen, seen, key=_by_time)
        else:
            self.seen = [seen]
        room = ROOM[seen.sort]
        if len(self.seen) <= room:
            return None
        same = [place for place, each in enumerate(self.seen) if each.sort is seen.sort]
        return self.seen.pop(same[-1]) if len(same) > room else None

    def note(self, evidence: Evidence) -> bool:
        """Take over what an event says of the whole copy; the largest and earliest count, so order does not.

        Returns:
            Whether something changed that verdicts depend on.
        """
        at, links = evidence.at, evidence.links or 0
        if at < self.first_at:
            self.first_at = at
        elif at > self.last_at:
            self.last_at = at
        before = self._told()
        if (links, evidence.stream, evidence.domain, evidence.recipient) == before:
            return False
        self.links = max(self.links, links)
        self.stream = min(self.stream, evidence.stream)
        if evidence.domain is not None:
            self.domain = evidence.domain if self.domain is None else min(self.domain, evidence.domain)
        if evidence.recipient is not None:
            self.recipient = evidence.recipient if self.recipient is None else min(self.recipient, evidence.recipient)
        return before != self._told()

    def _told(self) -> tuple[object, ...]:
        return self.links, self.stream, self.domain, self.recipient

    def due(self, quiet: Micros, longest: Micros) -> Micros:
        """When it settles: after a quiet time, at the latest a long one after the first event."""
        return Micros(min(self.last_at + quiet, self.first_at + longest))


def _by_time(seen: Seen) -> tuple[int, int]:
    return seen.at, seen.id
