"""Erases one person everywhere, in an order that a crash anywhere may cut off and the next start takes up again.

First the file beside the data and the mark that nothing new is kept of them are durable; then the places where
something was are emptied, the database last, because it is what still knows the address. The org is told by ids, until
it listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mailwake.errors import BadInput, MailwakeError
from mailwake.events import SECOND, Handle, Micros
from mailwake.pushing.forgetting import Forgotten as OrgForgotten
from mailwake.rights.certificate import Certificate, Place, moment_of
from mailwake.rights.forgotten import Forgotten, Line, What
from mailwake.rights.strays import forget_strays, strays
from mailwake.store.events import EventStore
from mailwake.store.rights.ledger import Erasure, RightsStore
from mailwake.store.state import Axis, Consent, StateStore

SOURCE = "erased"
#: a file of the log is begun anew after a day, and old ones are looked for every hour
_FILE_DAYS = 2
#: the relay's own is kept so long at least
_LEAST_LOG_DAYS = 6
#: hits that were on their way when somebody was erased are looked for so long
LATE_MICROS = Micros(3_600 * SECOND)
#: tables whose rows stay with the handle alone, or with nobody's name on them
_STAY = {
    "unsubscribes": "kept with the number alone",
    "suppressions": "kept with the number alone",
    "consent_ledger": "kept with the number alone",
    "consent_proofs": "kept although they quote the address, as proof of what was agreed to",
    "workflow_entries": "made anonymous",
    "incidents": "made anonymous",
}
Org = Callable[[Mapping[str, Any]], OrgForgotten]


@dataclass(kw_only=True)
class Eraser:
    """All that erasing needs.

    Args:
        state: who people are.
        events: what happened to their mail.
        rights: who was erased.
        data: the data folder.
        forgotten: the file beside it.
        log_days: how long the log is kept.
        org: takes out of the org what was put there; None: none is connected.
        wall: microseconds since 1970.
    """

    state: StateStore
    events: EventStore
    rights: RightsStore
    data: Path
    forgotten: Forgotten
    log_days: int
    wall: Callable[[], int]
    org: Org | None = None

    def count(self, handle: Handle) -> tuple[Place, ...]:
        """What an erasure would concern; nothing is changed."""
        address = self.state.addresses([handle]).get(handle)
        events = self.events.ask("person_count", recipient=handle)[0]["event_count"]
        places = [Place(where="events", what="made anonymous", count=events)]
        places += [_table(name, count) for name, count in self.rights.counts(handle, address).items()]
        found = strays(self.data, handle, address)
        places += [Place(where=f"files.{folder}", what="deleted", count=len(paths)) for folder, paths in found.items()]
        return (*places, self._log(Micros(self.wall())))

    def erase(self, handle: Handle, *, by: str) -> Certificate:
        """Erase somebody; once begun it is finished, if need be by the next start.

        Raises:
            BadInput: nobody has this handle.
            Unavailable: a store is away; what was begun goes on when it is back.
        """
        address = self.state.addresses([handle]).get(handle)
        if address is None and handle not in {each.handle for each in self.rights.erasures()}:
            raise BadInput(f"nobody has the number {handle}")
        erasure = self.rights.begin(handle, address, at=Micros(self.wall()), by=by)
        line = Line(what=What.ERASED, handle=handle, at=erasure.at, digest=erasure.digest, kept=erasure.kept)
        self.forgotten.add([line])
        return self._go_on(erasure, address)

    def again(self, line: Line) -> None:
        """Erase somebody whom a restored state knows again; what the file says to keep holds."""
        address = self.state.addresses([line.handle]).get(line.handle)
        erasure = self.rights.begin(line.handle, address, at=line.at, by="restore", digest=line.digest)
        self.rights.note(erasure.id, digest=line.digest, kept=dict(line.kept))
        found = self.rights.erasure(erasure.id)
        assert found is not None  # noqa: S101 - it was begun above; this tells the type checker
        self._go_on(found, address)

    def _go_on(self, erasure: Erasure, address: str | None) -> Certificate:
        handle = erasure.handle
        self.state.set_consent(handle, axis=Axis.BOTH, state=Consent.WITHDRAWN, at=erasure.at, source=SOURCE)
        if erasure.org is None and self.org is not None and not erasure.certificate:
            places = self.rights.org_places(handle, address)
            if places["people"] or places["rows"]:
                self.rights.note(erasure.id, org=places)
        counts = {f"files.{name}": count for name, count in forget_strays(self.data, handle, address).items()}
        counts["events"] = self.events.erase(handle)
        counts |= {f"state.{name}": count for name, count in self.rights.erase(handle, address).items()}
        self.rights.note(erasure.id, certificate=_added(erasure.certificate, counts))
        return self.finish(erasure.id)

    def finish(self, number: int) -> Certificate:
        """Do what is still to be done in the org, and say how it stands."""
        erasure = self.rights.erasure(number)
        if erasure is None:
            raise BadInput(f"there is no erasure {number}")
        problem = ""
        if erasure.finished_at is None and erasure.org is not None:
            problem = self._tell_org(erasure)
        if erasure.finished_at is None and not problem:
            self.rights.note(number, finished_at=self.wall(), org=None)
        found = self.rights.erasure(number)
        assert found is not None  # noqa: S101 - as above
        return self.certificate(found, problem=problem)

    def _tell_org(self, erasure: Erasure) -> str:
        """Why the org did not let go; empty: it did."""
        if self.org is None:
            return "no org is connected any more"
        try:
            done = self.org(erasure.org or {})
        except MailwakeError as fault:
            return str(fault)
        counts = {"org.people": done.people, "org.rows": done.rows, "org.tasks": done.tasks}
        self.rights.note(erasure.id, certificate=_added(erasure.certificate, counts))
        return "; ".join(f"{of} {record}: {why}" for of, record, why in done.refused[:3])

    def tend(self) -> None:
        """Finish what a crash or an org that was away left open, and cut loose hits that were on their way."""
        now = self.wall()
        for erasure in self.rights.erasures(only_open=True):
            address = self.state.addresses([erasure.handle]).get(erasure.handle)
            self._go_on(erasure, address) if address or not erasure.certificate else self.finish(erasure.id)
        for erasure in self.rights.erasures(since=Micros(now - LATE_MICROS)):
            late = self.events.ask("person_count", recipient=erasure.handle)[0]["event_count"]
            if late:
                counts = {"events": self.events.erase(erasure.handle)}
                self.rights.note(erasure.id, certificate=_added(erasure.certificate, counts))

    def certificate(self, erasure: Erasure, *, problem: str = "") -> Certificate:
        """How an erasure stands."""
        counts: Mapping[str, int] = erasure.certificate.get("counts", {})
        places = [_place(where, count) for where, count in sorted(counts.items())]
        if erasure.org is not None:
            note = problem or "the org was not reached yet; it is tried again"
            places.append(Place(where="org", what="still to be done", note=note))
        places += [self._log(erasure.at), _BACKUPS, _OWN]
        asked = moment_of(erasure.at)
        assert asked is not None  # noqa: S101 - it has a time; this tells the type checker
        return Certificate(
            number=erasure.id,
            handle=str(erasure.handle),
            digest=erasure.digest,
            asked_at=asked,
            finished_at=moment_of(erasure.finished_at),
            by=erasure.by,
            places=tuple(places),
            program=version("mailwake"),
        )

    def _log(self, at: Micros) -> Place:
        return Place(where="log", what="goes with its files", until=log_until(at, self.log_days), note=_LOG)


_LOG = "requests as they came, and the relay's own notes; no reader takes anything of this person out of it any more"
_BACKUPS = Place(
    where="backups",
    what="erased again after a restore",
    note="by the ledger beside the data; see docs/howto/back-up.md",
)
_OWN = Place(where="your own lists", what="cannot say", note="files that you send from are yours; take the address out")


def log_until(at: Micros, log_days: int) -> date:
    """The day by which what the log has is gone."""
    asked = moment_of(at)
    assert asked is not None  # noqa: S101 - as above
    return (asked + timedelta(days=max(log_days, _LEAST_LOG_DAYS) + _FILE_DAYS)).date()


def _added(certificate: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """What was done so far and now together: a second pass after a crash finds only what the first had left."""
    before = dict(certificate.get("counts", {}))
    for name, count in counts.items():
        is_kept = _STAY.get(name.removeprefix("state."), "").startswith("kept")  # found again each time
        before[name] = max(before.get(name, 0), count) if is_kept else before.get(name, 0) + count
    return {"counts": before}


def _place(where: str, count: int) -> Place:
    room, _, name = where.partition(".")
    if room == "state":
        return _table(name, count)
    if room == "org":
        says = {"people": "fields emptied", "rows": "deleted", "tasks": "made nameless"}[name]
        return Place(where=where, what=says, count=count)
    return Place(where=where, what="made anonymous" if room == "events" else "deleted", count=count)


def _table(name: str, count: int) -> Place:
    return Place(where=f"state.{name}", what=_STAY.get(name, "deleted"), count=count)
