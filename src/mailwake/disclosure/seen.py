"""What the page shows of one recipient: what was recorded of their mail, and no more.

Whoever was forwarded the mail holds its link too. So the address is shown in part, and what the sender has from
elsewhere (merge fields, a CRM) is not shown at all; `mailwake privacy export` has it, for whoever proved who they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mailwake.events import Handle, Micros
from mailwake.rights.told import Around, Mail, Told, told_of

#: what is no event for a reader
_INNER = {
    "deferred",
    "rejected",
    "failed",
    "preferences_viewed",
    "unsubscribe_viewed",
    "unsubscribe_doubted",
    "webhook",
}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was recorded."""

    #: UTC, to the second, for that is how it is kept
    at: str
    what: str
    link: str
    #: human, possible or machine; None: not judged
    judged: str | None


class OneMail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, by its subject."""

    subject: str
    events: tuple[Event, ...]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown, and given as a file."""

    address: str
    since: str
    #: latest first
    mails: tuple[OneMail, ...]
    #: 0-100; None: there is none
    score: int | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Where it is looked up."""

    around: Around

    def seen(self, handle: Handle, *, now: Micros) -> Seen | None:
        """What one recipient is shown; None: nobody has this handle, or not any more."""
        if not self.around.stores.state.addresses([handle]):
            return None
        return shown(told_of(self.around, handle, now=now))


def shown(told: Told) -> Seen:
    """The part of all that is known that goes on the page."""
    score = told.score if told.score is not None and told.score.score is not None else None
    return Seen(
        address=masked(told.address),
        since=_text(told.first_seen_at),
        mails=tuple(_mails(told.mail)),
        score=None if score is None else score.score,
        why="" if score is None else score.why,
    )


def masked(address: str) -> str:
    """An address that its owner knows again, and nobody else learns."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _mails(mail: Iterable[Mail]) -> list[OneMail]:
    by_subject: dict[tuple[str, str], list[Event]] = {}
    for each in mail:
        if each.what not in _INNER:
            event = Event(at=_text(each.at), what=each.what, link=each.link, judged=each.judged)
            by_subject.setdefault((each.campaign, each.subject), []).append(event)
    found = [
        OneMail(subject=subject or campaign or "-", events=tuple(events))
        for (campaign, subject), events in by_subject.items()
    ]
    return sorted(found, key=lambda one: one.events[0].at, reverse=True)


def _text(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
