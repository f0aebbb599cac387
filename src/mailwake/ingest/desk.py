"""From the bytes of one mail to the events it stands for; the same for files and for the listener."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.events import Event, Micros
from mailwake.ingest.origin import Origins
from mailwake.ingest.outcome import events_of
from mailwake.ingest.reports import carries_report
from mailwake.notices.notice import Kind, Notice
from mailwake.notices.read import read_notice

#: Written by people, perhaps to be answered: somebody must be able to read it.
_FOR_PEOPLE = frozenset({Kind.REPLY, Kind.NOT_BOUNCE})


@dataclass(frozen=True, kw_only=True)
class Opened:
    """One mail that came back, and what follows from it."""

    notice: Notice
    #: empty where no token of ours ties it to a delivery, or nothing happened
    events: tuple[Event, ...]
    #: whether a token of ours was found in it
    verified: bool
    #: whether a DMARC aggregate report is attached; it is put aside, and read by whoever runs the pipeline
    carries_report: bool = False

    @property
    def is_for_people(self) -> bool:
        """Whether somebody should read it."""
        return self.notice.kind in _FOR_PEOPLE and not self.carries_report


def open_notice(
    raw: bytes,
    origins: Origins | None,
    *,
    received_at: Micros,
    trust_date: bool = False,
    envelope: Sequence[str] = (),
) -> Opened:
    """Read a mail and say what it means.

    Args:
        raw: as it arrived.
        origins: verifies tokens; None: only read.
        received_at: when it arrived here.
        envelope: addresses that it was delivered to, where that is known.
        trust_date: the Date header tells when it happened; for mail that was kept elsewhere before.

    Raises:
        Unreadable: it cannot be parsed within the limits.
    """
    notice, message = read_notice(raw)
    origin = origins.find(message, envelope=envelope) if origins is not None else None
    if origin is None:
        return Opened(notice=notice, events=(), verified=False, carries_report=carries_report(message))
    at = None
    if trust_date and notice.dated is not None and notice.dated <= received_at:
        at = Micros(notice.dated)
    return Opened(notice=notice, events=tuple(events_of(notice, origin, received_at=received_at, at=at)), verified=True)
