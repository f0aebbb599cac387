"""All of it together, for commands, pages and programs: what stands, and deciding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from mailwake.detours.signing import Seal
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.settings import Settings
from mailwake.store.watch import Alarm, Decision, Kind, Place, Target, WatchStore, open_watch
from mailwake.visiting.visitor import Visit
from mailwake.watchdog.alarms import Found
from mailwake.watchdog.reach import Ringing, reach_of, ringing
from mailwake.watchdog.rounds import visitor_of
from mailwake.watchdog.sealing import is_sealed
from mailwake.watchdog.switches import Link, Switches
from mailwake.watchdog.targets import why_not
from mailwake.watchdog.trying import Trial

#: decisions of the past and closed alarms that are shown
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Told:
    """A decision, and whether it is believed."""

    decision: Decision
    #: False: nobody with the keys of this installation made it so, and it sends nobody anywhere
    is_believed: bool
    #: what visits to the new address found; None: it was never visited, or there is none
    target: Target | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything that stands."""

    #: that are open; first those that concern readers, the latest first, then those that are mended
    alarms: tuple[Ringing, ...]
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
        visit: follows a link; None: as the watchdog does.
    """

    def __init__(self, store: WatchStore, settings: Settings, *, visit: Callable[[str], Visit] | None = None) -> None:
        keys = settings.load_keys()
        self.store, self._settings, self._seal = store, settings, Seal(keys)
        self._trial = Trial(store, visit or visitor_of(settings).visit, settings.watchdog)
        self.switches = Switches(store, keys, settings)

    def standing(self) -> Standing:
        """Open alarms, detours, and what was decided."""
        return Standing(
            alarms=ringing(self.store, self._seal),
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
        told = {each.decision.href: str(each.decision.kind) for each in self._detours() if each.is_believed}
        pressing = [each for each in ringing(self.store, self._seal) if not each.is_mended]
        told |= {decision.href: "dead_end" for each in pressing for decision in each.sent}
        return told | {each.alarm.href: "alarm" for each in pressing}

    def replace(self, link: Link, to: str, *, at: Micros, by: str, why: str, insist: bool = False) -> Found | None:
        """Send the readers of a link elsewhere, to an address that was visited first.

        Args:
            link: whose readers.
            to: where they go.
            at: when.
            by: who decided it.
            why: their reason.
            insist: also where the visit says that nothing is there.

        Returns:
            What the visit found; None: such an address is never visited.

        Raises:
            BadInput: as `mailwake.watchdog.switches.Switches.replace`, or nothing is there.
            Unavailable: the store or the file cannot be written.
        """
        found: list[Found | None] = []

        def check(address: str) -> None:
            found.append(self._trial.of(address, now=at, insist=insist))

        self.switches.replace(link, to, at=at, by=by, why=why, check=check)
        return found[0]

    def alarms_after(self, number: int) -> list[tuple[Alarm, tuple[str, ...]]]:
        """Alarms with a higher number, oldest first, with the links whose readers are sent there."""
        alarms = self.store.alarms(after=number)
        reach = reach_of(self.store, self._seal, ()) if alarms else None
        return [(each, tuple(it.href for it in reach.sent_to(each.href)) if reach else ()) for each in reversed(alarms)]

    def leading_to(self, href: str) -> list[Link]:
        """The links whose readers are led to an address: its own, and those that are sent there.

        Raises:
            BadInput: nobody is.
        """
        reach = reach_of(self.store, self._seal, [href])
        own = [Link(href=href)] if reach.has_open_places(href) else []
        sent = [Link(href=each.href, template=each.template, number=each.number) for each in reach.sent_to(href)]
        if not own and not sent:
            raise BadInput("no reader is led there any more; reload the page, which shows what holds")
        return own + sent

    def keep(self, *, now: Micros) -> bool:
        """Write the edge's file anew where it does not say what was decided; whether it was written."""
        return self.switches.keeper.keep(now=now)

    def _detours(self) -> Iterator[Told]:
        detours = [each for each in self.store.holding() if each.kind is not Kind.RESTORE]
        targets = self.store.targets() if detours else {}
        for each in detours:
            yield Told(decision=each, is_believed=is_sealed(each, self._seal), target=targets.get(each.to))


@contextmanager
def opened_desk(settings: Settings | None) -> Iterator[Desk]:
    """The desk of an installation.

    Raises:
        BadInput: there are no settings: a dashboard of stores alone.
        Misconfigured: its keys cannot be read.
        Unavailable: the store does not open.
    """
    if settings is None:
        raise BadInput("this dashboard shows stores alone; nobody told it where their links are watched")
    with closing(open_watch(settings.data_folder / "state.sqlite")) as store:
        yield Desk(store, settings)
