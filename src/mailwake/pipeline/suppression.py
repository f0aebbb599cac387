"""What an event does to its recipient: who may no longer be mailed, and who may no longer be watched.

Every change may come again, after a crash or when the log is replayed, and then changes nothing: also not what was
taken back by hand in the meantime.
"""

from __future__ import annotations

from mailwake.bounces.decide import Bounces
from mailwake.events import Event, EventType, Micros
from mailwake.leaving.holding import suppress_once
from mailwake.store.state import Axis, Consent, StateStore

#: Streams that somebody who unsubscribes or complains wants no more of, whichever the mail came from. A password reset
#: (transactional) is not among them. Source: 15 U.S.C. 7704(a)(4), which speaks of commercial mail.
UNWANTED = ("marketing", "outbound")

_CONSENTS = {EventType.CONSENT_GIVEN: Consent.GRANTED, EventType.CONSENT_WITHDRAWN: Consent.WITHDRAWN}


def apply_to_suppression(state: StateStore, bounces: Bounces, event: Event, *, at: Micros, stream: str) -> bool:
    """Suppress the recipient where the event asks for it; says whether it did.

    An unsubscribed or complaining recipient gets no more of `UNWANTED` nor of the stream that the mail belonged to. A
    dead address gets nothing at all. A refusal that blames the moment or the sender suppresses nobody.
    """
    if event.recipient is None:
        return False
    if event.type in (EventType.UNSUBSCRIBED, EventType.COMPLAINED):
        streams = (*UNWANTED, stream)
        return suppress_once(state, event.recipient, reason=event.type, source=event.source, at=at, streams=streams)
    if event.type is EventType.BOUNCED and bounces.decide(event.reason).action == "suppress_now":
        return suppress_once(state, event.recipient, reason=event.type, source=event.source, at=at, streams=[None])
    return False


def apply_to_consent(state: StateStore, event: Event, *, at: Micros) -> bool:
    """Write down what the recipient said about being watched; says whether that was new.

    The axis travels as the event's reason; without one it is both.
    """
    said = _CONSENTS.get(event.type)
    if said is None or event.recipient is None:
        return False
    axis = Axis(event.reason) if event.reason in list(Axis) else Axis.BOTH
    known = state.consents(event.recipient)
    if any((line.axis, line.state, line.at, line.source) == (axis, said, at, event.source) for line in known):
        return False
    state.set_consent(event.recipient, axis=axis, state=said, at=at, source=event.source)
    return True
