"""Visits to targets, at a pace that nobody minds: one at a time, seldom, and never twice in a row to the same host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailwake.detours.file import digest
from mailwake.events import SECOND, Micros
from mailwake.more_sections import Watchdog
from mailwake.settings import Settings
from mailwake.store.watch import Alarm, Target, WatchStore
from mailwake.visiting.asking import Fault, Wall
from mailwake.visiting.visitor import AGENT, Visit, Visitor
from mailwake.watchdog.alarms import found_by, stepped

_MINUTE = 60 * SECOND
#: A target that answers is visited again after so long.
EVERY_MINUTES = 60.0
#: between two visits to the same host
SPACING_SECONDS = 5.0
#: how far the time between two visits of a target is moved, so that not all of them come at once
_JITTER = 0.1


@dataclass(kw_only=True)
class Tally:
    """Visits since the start."""

    visited: int = 0


class Rounds:
    """Visits what is due.

    Args:
        store: keeps what was found.
        visit: follows a link; never raises.
        wanted: the pace, and when there is an alarm.
        wall: gives microseconds since 1970.
    """

    def __init__(
        self, store: WatchStore, visit: Callable[[str], Visit], wanted: Watchdog, *, wall: Callable[[], int]
    ) -> None:
        self._store, self._visit, self._wanted, self._wall = store, visit, wanted, wall
        self._known = store.targets()
        #: by host, when it may be asked again
        self._free_at: dict[str, int] = {}
        #: what is visited, as of the last turn
        self._hrefs: frozenset[str] = frozenset()
        self.tally = Tally()

    def turn(
        self,
        hrefs: Iterable[str],
        *,
        quiet: Collection[str] = (),
        should_stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """Visit what is due now, no host more than once; says how many were visited.

        Args:
            hrefs: what is visited.
            quiet: those of them for which there is no alarm.
            should_stop: asked before each.

        Raises:
            Unavailable: the store cannot be written.
        """
        count, self._hrefs = 0, frozenset(hrefs)
        if self._hrefs - self._known.keys():  # it may have been visited by hand, or before it was chosen
            self._known = {**self._store.targets(), **self._known}
        for href in sorted(self._hrefs, key=self._due_at):
            now = self._wall()
            if should_stop() or self._due_at(href) > now:
                break
            if self._free_at.get(_host(href), 0) > now:
                continue
            self.look(href, may_ring=href not in quiet)
            count += 1
        return count

    def look(self, href: str, *, may_ring: bool = True) -> Target:
        """Visit a target now, due or not; one that may not ring opens no alarm."""
        found = found_by(self._visit(href))
        now = Micros(self._wall())
        self._free_at[_host(href)] = now + round(SPACING_SECONDS * SECOND)
        step = stepped(href, self._known.get(href), found, now=now, wanted=self._wanted)
        may_ring = may_ring and not self._may_be_ours(step.target)
        alarm = Alarm(href=href, said=found.said, opened_at=now) if step.rings and may_ring else None
        self._store.put_target(step.target, alarm=alarm, closed_at=now if step.is_over else None)
        self._known[href] = step.target
        self.tally.visited += 1
        return step.target

    def _may_be_ours(self, target: Target) -> bool:
        """Whether our own name server may be away: none told of another host since, and others are visited too."""
        host, since = _host(target.href), target.failing_since
        if target.said != Fault.NO_DNS or since is None:
            return False
        others = [self._known[href] for href in self._hrefs & self._known.keys() if _host(href) != host]
        return bool(others) and not any(each.visited_at > since and each.said != Fault.NO_DNS for each in others)

    def _due_at(self, href: str) -> int:
        """When a target is visited next; one that fails is visited so often that an alarm is not late."""
        known = self._known.get(href)
        if known is None:
            return 0
        wanted = self._wanted
        minutes = EVERY_MINUTES
        if known.failing_since is not None:
            minutes = min(minutes, max(wanted.minutes / max(wanted.failures - 1, 1), 1 / 60))
        moved = 1 + _JITTER * (2 * int(digest(f"{href} {known.visited_at}")[:8], 16) / 0xFFFFFFFF - 1)
        return known.visited_at + round(minutes * moved * _MINUTE)


def visitor_of(settings: Settings) -> Visitor:
    """Who visits, and where it may."""
    contact = settings.watchdog.contact
    agent = f"{AGENT[:-1]}; {contact})" if contact.isascii() and contact.isprintable() and contact else AGENT
    return Visitor(Wall(allow_private=settings.watchdog.allow_private), agent=agent)


def _host(href: str) -> str:
    return urlsplit(href).hostname or ""
