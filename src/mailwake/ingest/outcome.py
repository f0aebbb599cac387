"""What a verified notice means for its delivery, as events for the log.

Addresses stay out of the log: the token names the recipient, and the words of the other side are masked.
"""

from __future__ import annotations

import re

from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, Micros, Source, TemplateId, event_id
from mailwake.notices.arf import COMPLAINTS, OPT_OUT
from mailwake.notices.notice import Action, Kind, Notice, Report
from mailwake.tokens import MessageToken

_TYPES = {
    Action.FAILED: EventType.BOUNCED,
    Action.DELAYED: EventType.DEFERRED,
    Action.DELIVERED: EventType.DELIVERED,
    Action.RELAYED: EventType.DELIVERED,
    Action.EXPANDED: EventType.DELIVERED,
}
#: opens the reason of a failure at another address than ours: the forward is broken, not the recipient.
FORWARDED = "forwarded; "
#: opens the reason of an unsubscription that somebody wrote in an answer, before the words
REPLIED = "answered: "
_LOCAL_PART = re.compile(r"[^\s<>\"'(),:;@]{1,256}@")


def events_of(
    notice: Notice,
    origin: MessageToken,
    *,
    received_at: Micros,
    at: Micros | None = None,
    campaign: CampaignId | None = None,
) -> list[Event]:
    """The events that a notice stands for; none for automatic answers and for what is not about a delivery.

    Args:
        notice: what was read.
        origin: the verified token in it.
        received_at: when we got it.
        at: when it happened, if that is known better; None: `received_at` stands for it.
        campaign: the delivery's campaign, if known here; the pipeline knows it from the template.
    """
    said = _outcome(notice)
    if said is None:
        return []
    kind, reason, again = said
    return [
        Event(
            type=kind,
            received_at=received_at,
            at=at,
            source=Source.BOUNCE,
            key=f"{kind}:{origin.delivery}:{again}",
            modes=origin.modes.to_byte(),
            campaign=campaign,
            template=TemplateId(origin.template),
            delivery=DeliveryId(origin.delivery),
            recipient=Handle(origin.recipient),
            reason=mask(reason),
        )
    ]


def mask(words: str) -> str:
    """The words with the local parts of addresses taken out; the domain says enough about a refusal."""
    return _LOCAL_PART.sub("…@", words)


def reason_of(report: Report) -> str:
    """Reply code, enhanced status and words, each once; what the pipeline classifies."""
    words = report.diagnostic
    if report.status and report.status not in words:
        words = f"{report.status} {words}".rstrip()
    if report.server and report.server not in words.lower():
        words = f"host {report.server} said: {words}"
    return words


def _outcome(notice: Notice) -> tuple[EventType, str, str] | None:
    """Type, reason, and what makes the same news recognisable when it comes again."""
    match notice.kind:
        case Kind.BOUNCE | Kind.DELAYED | Kind.SUCCESS_DSN:
            report = _about_ours(notice)
            reason = reason_of(report) if _is_ours(report, notice) else FORWARDED + reason_of(report)
            day = notice.dated if report.action is Action.DELAYED else None
            return _TYPES[report.action], reason, f"{event_id(report.status or '', report.address or '')}:{day or ''}"
        case Kind.COMPLAINT if notice.feedback_type in COMPLAINTS:
            return EventType.COMPLAINED, notice.feedback_type or "", ""
        case Kind.COMPLAINT if notice.feedback_type in OPT_OUT:
            return EventType.UNSUBSCRIBED, notice.feedback_type or "", ""
        case Kind.REPLY if notice.asks_to_leave:
            return EventType.UNSUBSCRIBED, f"{REPLIED}{notice.asks_to_leave}", "reply"
        case Kind.REPLY:
            return EventType.REPLIED, "", f"{notice.dated or ''}"
        case _:
            return None


def _about_ours(notice: Notice) -> Report:
    """Of several recipients, the one that our copy went to; else the gravest."""
    ranked = sorted(
        notice.reports, key=lambda report: (not _is_ours(report, notice), list(Action).index(report.action))
    )
    return ranked[0]


def _is_ours(report: Report, notice: Notice) -> bool:
    """Whether the address that failed is the one our mail was addressed to, as far as the returned mail tells.

    A forwarder that no longer accepts mail says nothing on the address that forwards.
    """
    named = {address.lower() for address in (report.address, report.original) if address}
    return not named or not notice.returned_to or not named.isdisjoint(notice.returned_to)
