"""A visit to an address before readers are sent there, so that they are not led from one dead page to the next."""

from __future__ import annotations

from collections.abc import Callable

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.more_sections import Watchdog
from mailwake.store.watch import Health, WatchStore
from mailwake.visiting.asking import Fault
from mailwake.visiting.visitor import Visit
from mailwake.watchdog.alarms import Found, found_by, stepped
from mailwake.watchdog.targets import why_not_address


class Trial:
    """Visits an address once, and keeps what was found, so that the watchdog goes on from there.

    Args:
        store: keeps it.
        visit: follows a link; never raises.
        wanted: when a failure is an alarm.
    """

    def __init__(self, store: WatchStore, visit: Callable[[str], Visit], wanted: Watchdog) -> None:
        self._store, self._visit, self._wanted = store, visit, wanted
        self._visits: dict[str, Visit] = {}

    def of(self, address: str, *, now: Micros, insist: bool) -> Found | None:
        """What is there; None: the address is one that is never visited.

        Raises:
            BadInput: nothing is there, and nobody insists.
        """
        if why_not_address(address) is not None:
            return None
        visit = self._visits.get(address) or self._visit(address)
        self._visits[address] = visit  # one click may send the readers of many links there
        found = found_by(visit)
        if visit.fault is Fault.NO_DNS:  # our own name server is away, which says nothing of the page
            found = Found(Health.UNKNOWN, found.said)
        if found.health is Health.ILL and not insist:
            raise BadInput(
                f"readers would get nothing there either: {address} says {found.said}; give another address, or insist "
                "on this one (the tick on the page, `--insist`, `insist` of the API)"
            )
        step = stepped(address, self._store.targets().get(address), found, now=now, wanted=self._wanted)
        self._store.put_target(step.target, closed_at=now if step.is_over else None)
        return found
