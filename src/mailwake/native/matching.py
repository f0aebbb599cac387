"""Which copy of ours a mail of the org is: by our Message-ID, else by recipient, time and subject; or why none is.

Where two copies could be it, neither is taken: a wrong match would look like a disagreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailwake.events import SECOND, CampaignId, DeliveryId, Handle, Micros, TemplateId
from mailwake.native.reading import subject_hash
from mailwake.store.events import EventStore
from mailwake.store.native import NativeMail
from mailwake.store.state import StateStore
from mailwake.store.state.engine import chunks

#: The org's time of a mail is when it was begun; the relay has it within minutes, a large list email within the hour.
BEFORE, AFTER = 300 * SECOND, 3_600 * SECOND
_PEOPLE = 2_000


class Unmatched(StrEnum):
    """Why a mail of the org is none of our copies."""

    NOT_MAILED = "not_mailed"
    NO_COPY = "no_copy"
    OTHER_SUBJECT = "other_subject"
    SEVERAL = "several"


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One copy of ours, and what became of it."""

    recipient: Handle
    delivery: DeliveryId
    campaign: CampaignId | None
    template: TemplateId | None
    sent_at: Micros
    #: as sealed; None: not known
    modes: int | None
    opens_human: int
    opens_possible: int
    opens_machine: int
    clicks_human: int
    clicks_possible: int
    clicks_machine: int
    bounced: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A mail of the org beside our copy, or beside the reason why there is none."""

    mail: NativeMail
    copy: Copy | None
    why: Unmatched | None = None


def matches(mails: Sequence[NativeMail], events: EventStore, state: StateStore, *, since: Micros) -> Iterator[Match]:
    """Every mail with its copy.

    Args:
        mails: by recipient.
        events: what happened to copies.
        state: subjects of templates.
        since: the earliest of the mails.
    """
    subjects: dict[TemplateId | None, str | None] = {None: None}
    yield from (Match(mail=each, copy=None, why=Unmatched.NOT_MAILED) for each in mails if each.handle is None)
    people: dict[Handle, list[NativeMail]] = {}
    for each in mails:
        if each.handle is not None:
            people.setdefault(each.handle, []).append(each)
    for handles in chunks(people, _PEOPLE):
        copies = _copies(events, handles, since=Micros(since - BEFORE))
        _learn(subjects, state, (each.template for found in copies.values() for each in found))
        for handle in handles:
            yield from (_match(each, copies.get(handle, ()), subjects) for each in people[handle])


def _copies(events: EventStore, handles: Iterable[Handle], *, since: Micros) -> dict[Handle, list[Copy]]:
    found: dict[Handle, list[Copy]] = {}
    for row in events.among(handles).ask("native_copies", since=since):
        found.setdefault(Handle(row["recipient"]), []).append(_copy(row))
    return found


def _copy(row: Mapping[str, Any]) -> Copy:
    return Copy(**row)


def _learn(
    subjects: dict[TemplateId | None, str | None], state: StateStore, templates: Iterable[TemplateId | None]
) -> None:
    for each in set(templates) - set(subjects):
        told = state.template(each) if each is not None else None
        subjects[each] = subject_hash(told.subject) if told else None


def _match(mail: NativeMail, copies: Sequence[Copy], subjects: Mapping[TemplateId | None, str | None]) -> Match:
    for each in copies:
        if mail.delivery is not None and each.delivery == mail.delivery:
            return Match(mail=mail, copy=each)
    near = [each for each in copies if mail.sent_at - BEFORE <= each.sent_at <= mail.sent_at + AFTER]
    if not near:
        return Match(mail=mail, copy=None, why=Unmatched.NO_COPY)
    fitting = _fitting(mail.subject, near, subjects)
    if not fitting:
        return Match(mail=mail, copy=None, why=Unmatched.OTHER_SUBJECT)
    if len(fitting) > 1:
        return Match(mail=mail, copy=None, why=Unmatched.SEVERAL)
    return Match(mail=mail, copy=fitting[0])


def _fitting(subject: str | None, near: Sequence[Copy], subjects: Mapping[TemplateId | None, str | None]) -> list[Copy]:
    """Copies with the same subject; where names come into a subject, it cannot speak against them."""
    if subject is None:
        return list(near)
    equal = [each for each in near if subjects[each.template] == subject]
    return equal or [each for each in near if subjects[each.template] is None]
