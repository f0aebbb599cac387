"""All of it together, for commands, pages and programs: what stands, and deciding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from mailwake.detours.signing import Seal
from mailwake.events import Micros
from mailwake.settings import Settings
from mailwake.store.watch import Alarm, Decision, Kind, Place, Target, WatchStore, open_watch
from mailwake.watchdog.sealing import is_sealed
from mailwake.watchdog.switches import Switches
from mailwake.watchdog.targets import why_not

#: decisions of the past and closed alarms that are shown
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Told:
    """A decision, and whether it is believed."""

    decision: Decision
    #: False: nobody with the keys of this installation made it so, and it sends nobody anywhere
    is_believed: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything that stands."""

    #: the latest first
    alarms: tuple[Alarm, ...]
    #: those that send readers elsewhere, the latest first
    detours: tuple[Told, ...]
    #: every decision, the latest first
    past: tuple[Decision, ...]


@dataclass(frozen=True, kw_only=True)
class LinkCard:
    """One link."""

    href: str
    places: tuple[Place, ...]
    #: None: it was never visited
    target: Target | None
    #: why it is never visited; None: it is, or would be
    why_not: str | None
    #: that send its readers elsewhere
    detours: tuple[Told, ...]


class Desk:
    """What stands of links after delivery.

    Args:
        store: keeps it.
        settings: of the installation.
    """

    def __init__(self, store: WatchStore, settings: Settings) -> None:
        keys = settings.load_keys()
        self.store, self._settings, self._seal = store, settings, Seal(keys)
        self.switches = Switches(store, keys, settings)

    def standing(self) -> Standing:
        """Open alarms, detours, and what was decided."""
        return Standing(
            alarms=tuple(self.store.alarms(only_open=True)),
            detours=tuple(self._detours()),
            past=tuple(self.store.decisions(limit=_MOST)),
        )

    def card(self, href: str) -> LinkCard:
        """What is known of one link."""
        places = tuple(self.store.places([href]))
        reasons = [why_not(each, self._settings.watchdog.streams) for each in places]
        return LinkCard(
            href=href,
            places=places,
            target=self.store.targets().get(href),
            why_not=None if None in reasons or not reasons else reasons[0],
            detours=tuple(each for each in self._detours() if each.decision.href == href),
        )

    def of_hrefs(self) -> dict[str, str]:
        """What is worth saying beside links of a mail, by href: replace, stop, or alarm."""
        told = {alarm.href: "alarm" for alarm in self.store.alarms(only_open=True)}
        return told | {each.decision.href: str(each.decision.kind) for each in self._detours() if each.is_believed}

    def keep(self, *, now: Micros) -> bool:
        """Write the edge's file anew where it does not say what was decided; whether it was written."""
        return self.switches.keeper.keep(now=now)

    def _detours(self) -> Iterator[Told]:
        for each in self.store.holding():
            if each.kind is not Kind.RESTORE:
                yield Told(decision=each, is_believed=is_sealed(each, self._seal))


@contextmanager
def opened_desk(settings: Settings) -> Iterator[Desk]:
    """The desk of an installation.

    Raises:
        Misconfigured: its keys cannot be read.
        Unavailable: the store does not open.
    """
    with closing(open_watch(settings.data_folder / "state.sqlite")) as store:
        yield Desk(store, settings)
