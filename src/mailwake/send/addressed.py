"""One recipient's copy of a message, and what happens to it as events."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, Micros, Note, Source, TemplateId
from mailwake.modes import Modes


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """Whose copy it is and how closely it may be watched: all that events need, whether or not it was made yet."""

    address: str = field(repr=False)
    campaign: CampaignId
    delivery: DeliveryId
    recipient: Handle
    modes: Modes
    #: None where there was nothing to instrument
    template: TemplateId | None = None
    #: why the message passes as it is; None when it was instrumented
    untouched: str | None = None
    #: its own envelope sender, to which a bounce comes back; None: the sender's
    return_path: str | None = None
    #: whether a second pixel stands at its end
    has_end: bool = False

    def event(
        self, kind: EventType, *, now: Micros, source: Source, reason: str = "", key: str = "", size: int | None = None
    ) -> Event:
        """What happened to this copy.

        Args:
            kind: sent, delivered, deferred, bounced, rejected or failed.
            now: when we learned of it.
            source: who reports it.
            reason: the other side's own words.
            key: what makes a second report of the same fact recognisable; by default its kind and delivery.
            size: of the message that was sent, in bytes.
        """
        is_sent = kind is EventType.SENT
        return Event(
            type=kind,
            received_at=now,
            source=source,
            key=key or f"{kind}:{self.delivery}",
            modes=self.modes.to_byte(),
            campaign=self.campaign,
            template=self.template,
            delivery=self.delivery,
            recipient=self.recipient,
            note=Note.END_PIXEL if is_sent and self.has_end else Note.NONE,
            reason=reason or (self.modes.receipt if is_sent else ""),
            message_bytes=size,
        )


@dataclass(frozen=True, kw_only=True)
class Tracked(Addressed):
    """One recipient's copy, ready to go."""

    message: bytes = field(repr=False)

    def event(
        self, kind: EventType, *, now: Micros, source: Source, reason: str = "", key: str = "", size: int | None = None
    ) -> Event:
        """See `Addressed.event`; what was sent has the size of the message."""
        size = len(self.message) if kind is EventType.SENT else size
        return super().event(kind, now=now, source=source, reason=reason, key=key, size=size)
