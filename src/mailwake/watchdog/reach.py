"""Where readers of delivered mail are led: by the mail itself, or by what was decided about its links.

A target that answers no more harms whoever is still led there. Where every place of a link has a detour, nobody is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailwake.detours.signing import Seal
from mailwake.store.watch import Alarm, Decision, Health, Kind, Place, Target, WatchStore
from mailwake.watchdog.sealing import is_sealed
from mailwake.watchdog.targets import why_not_address


@dataclass(frozen=True, kw_only=True)
class Ringing:
    """An alarm that is open, and whom it concerns."""

    alarm: Alarm
    #: decisions on other links that send readers there
    sent: tuple[Decision, ...]
    #: no reader is led there any more
    is_mended: bool
    #: addresses that would do instead and answered when they were visited last, the likeliest first
    instead: tuple[str, ...] = ()


class Reach:
    """Who is led where.

    Args:
        places: of the links in question.
        believed: decisions that hold, sealed by this installation.
    """

    def __init__(self, places: Iterable[Place], believed: Iterable[Decision]) -> None:
        self._detours = tuple(each for each in believed if each.kind is not Kind.RESTORE)
        self._apart = {(each.template, each.number, each.href) for each in self._detours if each.template}
        self._of_all = {each.href for each in self._detours if not each.template}
        self._places: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            self._places[place.href].append(place)

    def sent_to(self, href: str) -> tuple[Decision, ...]:
        """Decisions that send the readers of other links to an address."""
        return tuple(each for each in self._detours if each.to == href)

    def has_open_places(self, href: str) -> bool:
        """Whether some mail still leads its readers there."""
        return href not in self._of_all and any(
            (each.template, each.number, each.href) not in self._apart for each in self._places.get(href, ())
        )

    def reaches(self, href: str) -> bool:
        """Whether readers are led there, by mail or by a decision."""
        return self.has_open_places(href) or bool(self.sent_to(href))

    def replacements(self) -> frozenset[str]:
        """Addresses that readers are sent to."""
        return frozenset(each.to for each in self._detours if each.to)


def reach_of(store: WatchStore, seal: Seal, hrefs: Iterable[str]) -> Reach:
    """Who is led to some addresses, as the store has it."""
    return Reach(store.places(hrefs), (each for each in store.holding() if is_sealed(each, seal)))


def ringing(store: WatchStore, seal: Seal) -> tuple[Ringing, ...]:
    """Every open alarm: first those that concern readers, the latest first, then those that are mended."""
    alarms = store.alarms(only_open=True)
    if not alarms:
        return ()
    reach, targets = reach_of(store, seal, (each.href for each in alarms)), store.targets()
    found = [_ringing(each, reach, targets) for each in alarms]
    return tuple(sorted(found, key=lambda each: each.is_mended))


def _ringing(alarm: Alarm, reach: Reach, targets: dict[str, Target]) -> Ringing:
    instead = (each for each in likely(alarm.href) if each in targets and targets[each].health is Health.WELL)
    return Ringing(
        alarm=alarm,
        sent=reach.sent_to(alarm.href),
        is_mended=not reach.reaches(alarm.href),
        instead=tuple(instead),
    )


def likely(href: str) -> Iterator[str]:
    """Addresses that may do instead of a dead one, the likeliest first: the same on https, and the start page.

    Whether they answer is another question; none of them may not be visited.
    """
    parts = urlsplit(href)
    secure = parts._replace(scheme="https") if parts.scheme == "http" and ":" not in parts.netloc else parts
    start = secure._replace(path="/", query="", fragment="")
    for each in dict.fromkeys((secure.geturl(), start.geturl())):
        if each != href and why_not_address(each) is None:
            yield each
