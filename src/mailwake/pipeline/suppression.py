"""What an event does to its recipient: who may no longer be mailed, and who may no longer be watched.

Every change may come again, after a crash or when the log is replayed, and then changes nothing: also not what was
taken back by hand in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mailwake.bounces.decide import Bounces
from mailwake.events import Event, EventType, Handle, Micros, Source
from mailwake.pipeline.item import Item
from mailwake.pipeline.rows import mask
from mailwake.profiles import CONSENT_REQUEST
from mailwake.store.state import Axis, Consent, ConsentEntry, StateStore
from mailwake.store.withdrawals import Withdrawals
from mailwake.suppression.keeper import Trouble
from mailwake.suppression.scope import unwanted

_ASKED = (EventType.UNSUBSCRIBED, EventType.COMPLAINED)
#: Categories of an ESP's own list that stand for what the recipient did.
_LISTED = {"unsubscribe": EventType.UNSUBSCRIBED, "complaint": EventType.COMPLAINED}
_CONSENTS = {EventType.CONSENT_GIVEN: Consent.GRANTED, EventType.CONSENT_WITHDRAWN: Consent.WITHDRAWN}


def apply_to_suppression(state: StateStore, event: Event, *, at: Micros, stream: str) -> bool:
    """Suppress the recipient where the event asks for it; says whether it did.

    A complaining recipient gets no more of `UNWANTED` nor of the stream that the mail belonged to. Of refusals
    `mailwake.suppression` takes care, because many of them together mean something else than each alone, and of those
    who unsubscribe `mailwake.leaving`, because that may be taken back.
    """
    reason = _asked(event)
    if event.recipient is None or reason is not EventType.COMPLAINED:
        return False
    changed = [
        _suppress_once(state, event.recipient, reason=reason, source=event.source, at=at, stream=each)
        for each in unwanted(stream)
    ]
    return any(changed)


def leaves(event: Event) -> Event:
    """The event as one of somebody who leaves, where that is what it comes to; else as it is."""
    if event.type is EventType.UNSUBSCRIBED or _asked(event) is not EventType.UNSUBSCRIBED:
        return event
    return msgspec.structs.replace(event, type=EventType.UNSUBSCRIBED)


def outcome(bounces: Bounces, event: Event) -> EventType | None:
    """Why the recipient may not be mailed any more: unsubscribed, complained, or bounced; None: it is no reason."""
    asked = _asked(event)
    if asked is None and _is_refused(event):
        dead = bounces.reported(event.cause, event.reason).action == "suppress_now"
        return EventType.BOUNCED if dead else None
    return asked


def _asked(event: Event) -> EventType | None:
    """What the recipient did: unsubscribed or complained; an ESP's own list may say so too."""
    if event.type in _ASKED:
        return event.type
    return _LISTED.get(event.cause) if event.source is Source.ESP else None


def _is_refused(event: Event) -> bool:
    """Refused for good; an ESP that did not send because of its own list says the same as what put it there."""
    listed = event.type is EventType.REJECTED and event.source is Source.ESP and bool(event.cause)
    return (event.type is EventType.BOUNCED or listed) and _asked(event) is None


def troubles_of(items: Iterable[Item], bounces: Bounces) -> list[Trouble]:
    """What was refused for good, and what that means for the address."""
    return [
        Trouble(
            event=item.id,
            handle=item.event.recipient,
            at=item.at,
            decision=bounces.reported(item.event.cause, item.event.reason),
            quoted=mask(item.event.reason),
            campaign=item.campaign,
            source=str(item.event.source),
        )
        for item in items
        if _is_refused(item.event) and item.event.recipient is not None
    ]


def apply_to_consent(state: StateStore, withdrawals: Withdrawals, items: Iterable[Item]) -> set[Handle]:
    """Write down what recipients said about being watched, all at once; says of whom there was something new.

    The axis travels as the event's reason; without one it is both.
    """
    said = [item for item in items if item.event.type in _CONSENTS and item.event.recipient is not None]
    people = {item.event.recipient for item in said if item.event.recipient is not None}
    met = {tuple(line[1:]) for line in withdrawals.said(people)} if people else set()
    new: list[ConsentEntry] = []
    for item in said:
        who, axis, state_now = item.event.recipient, withdrawn_axis(item.event), _CONSENTS[item.event.type]
        line = (who, str(axis), str(state_now), item.at, str(item.event.source))
        if who is not None and line not in met:
            met.add(line)
            source = str(item.event.source)
            new.append(ConsentEntry(handle=who, axis=axis, state=state_now, at=item.at, source=source))
    if new:
        state.put_consents(new)
    return {line.handle for line in new}


def asked_of(items: Iterable[Item]) -> dict[Handle, Micros]:
    """Whom mail that asks for consent was handed over for, and when; whose was put off or refused was not asked."""
    asked: dict[Handle, Micros] = {}
    for item in items:
        event = item.event
        if item.stream == CONSENT_REQUEST and event.type is EventType.DELIVERED and event.recipient is not None:
            asked[event.recipient] = max(item.at, asked.get(event.recipient, item.at))
    return asked


def withdrawn_axis(event: Event) -> Axis:
    """What a statement about being watched is about."""
    return Axis(event.reason) if event.reason in list(Axis) else Axis.BOTH


def _suppress_once(
    state: StateStore, handle: Handle, *, reason: str, source: str, at: Micros, stream: str | None
) -> bool:
    for known in state.suppressions(handle):
        same = (known.reason, known.stream, known.campaign) == (reason, stream, None)
        if same and (known.lifted_at is None or known.lifted_at >= at):
            return False
    state.suppress(handle, reason=str(reason), source=str(source), at=at, stream=stream)
    return True
