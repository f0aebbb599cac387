"""Somebody decides where the readers of a link go: elsewhere, to a notice, or where the mail says again.

Each decision is a line that stays, sealed with a key of the installation. The last line of a link holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mailwake.compose.targets import WhyNot, clean, judge_target
from mailwake.detours.file import FILE
from mailwake.detours.signing import Seal
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.settings import Settings
from mailwake.store.watch import Decision, Kind, WatchStore
from mailwake.tokens import KeyRing
from mailwake.watchdog.keeper import Keeper
from mailwake.watchdog.sealing import seal_of

MAX_WHY = 200
#: every other reason is "no address that can be followed"
_WHY_NOT = {
    WhyNot.OWN_HOST: "leads to a tracking host of ours",
    WhyNot.USERINFO: "holds a user name or password",
    WhyNot.SCHEME: "is neither http nor https",
    WhyNot.PLACEHOLDER: "holds a merge field",
    WhyNot.TOO_LONG: "is longer than a link may be",
}


@dataclass(frozen=True, kw_only=True)
class Link:
    """Which link is meant: wherever the address stands, or at one place."""

    href: str
    #: 0, with number 0: wherever it stands
    template: int = 0
    number: int = 0


class Switches:
    """Decides, and lets the edge know.

    Args:
        store: keeps the decisions.
        keys: of the installation; they seal.
        settings: of the installation.
    """

    def __init__(self, store: WatchStore, keys: KeyRing, settings: Settings) -> None:
        self._store, self._seal = store, Seal(keys)
        self._own = settings.own_hosts
        self.keeper = Keeper(store, self._seal, settings.data_folder / FILE, parameters=settings.compose.utm)

    def replace(
        self,
        link: Link,
        to: str,
        *,
        at: Micros,
        by: str,
        why: str,
        check: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Send the readers of a link to another address from now on.

        Args:
            link: whose readers.
            to: where they go.
            at: when.
            by: who decided it.
            why: their reason.
            check: looks at the address when all else is right; raises where readers must not be sent there.

        Raises:
            BadInput: the address may not be tracked or is the link itself, nothing that was sent holds the link, or no
                reason is given.
            Unavailable: the store or the file cannot be written.
        """
        address = self.checked(to)
        if address == clean(link.href):
            raise BadInput("readers go there already; give another address, or take the link away with `stop`")
        meant = _of(link, Decision(href=link.href, kind=Kind.REPLACE, to=address, at=at, by=by, why=why))
        decision = self._valid(meant)
        check(address)
        self._keep(decision)

    def stop(self, link: Link, *, at: Micros, by: str, why: str) -> None:
        """Show the readers of a link the notice that it was taken away.

        Raises:
            BadInput: nothing that was sent holds the link, or no reason is given.
            Unavailable: the store or the file cannot be written.
        """
        self._keep(self._valid(_of(link, Decision(href=link.href, kind=Kind.STOP, at=at, by=by, why=why))))

    def restore(self, link: Link, *, at: Micros, by: str, why: str) -> None:
        """Let the readers of a link go where the mail says.

        Raises:
            BadInput: they do already, or no reason is given.
            Unavailable: the store or the file cannot be written.
        """
        known = {_key(each): each.kind for each in self._store.holding()}
        if known.get((link.template, link.number, link.href), Kind.RESTORE) is Kind.RESTORE:
            raise BadInput("readers of this link go where the mail says already; `mailwake links list` has the others")
        self._keep(self._valid(_of(link, Decision(href=link.href, kind=Kind.RESTORE, at=at, by=by, why=why))))

    def checked(self, to: str) -> str:
        """An address that readers may be sent to: the rules of links that are tracked.

        Raises:
            BadInput: it is none.
        """
        address = clean(to)
        why, host = judge_target(address)
        if why is None and host.rstrip(".") in self._own:
            why = WhyNot.OWN_HOST
        if why is not None:
            told = _WHY_NOT.get(why, "is no whole address that every program follows alike")
            raise BadInput(f"readers cannot be sent there: it {told}; give an address such as https://example.com/page")
        return address

    def _valid(self, decision: Decision) -> Decision:
        why = " ".join(decision.why.split())
        if not why or len(why) > MAX_WHY:
            raise BadInput(f"give a reason of up to {MAX_WHY} characters; it is kept beside who decided it and when")
        if not why.isprintable():
            raise BadInput("the reason holds characters that steer a terminal; write it in letters alone")
        if decision.kind is not Kind.RESTORE:
            self._must_stand(decision)
        return replace(decision, why=why, by=decision.by[:64])

    def _keep(self, decision: Decision) -> None:
        self._store.add_decision(replace(decision, seal=seal_of(decision, self._seal)))
        self.keeper.keep(now=decision.at)

    def _must_stand(self, decision: Decision) -> None:
        found = self._store.places([decision.href])
        if decision.template:
            found = [each for each in found if (each.template, each.number) == (decision.template, decision.number)]
        if not found:
            raise BadInput("no mail that was sent holds this link; `mailwake report CAMPAIGN` names those it does")


def _of(link: Link, decision: Decision) -> Decision:
    return replace(decision, template=link.template, number=link.number)


def _key(decision: Decision) -> tuple[int, int, str]:
    return decision.template, decision.number, decision.href
