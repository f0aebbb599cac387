"""Makes each recipient's copy of a message, and the events that say so.

Everything that sends goes through here: the relay, `mailwake send`, the library and the Django backend. The mode of a
message is the strictest of installation, message and *every* recipient of it; a person who copies a colleague shares
what may be known about both. It is sealed into the copies and can only go down afterwards.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import structlog

from mailwake.compose.copy import Copy
from mailwake.compose.links import Link
from mailwake.compose.message import Draft
from mailwake.compose.options import ComposeOptions
from mailwake.compose.template import template_id
from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog.sqlite import append_now
from mailwake.events import (
    CampaignId,
    DeliveryId,
    Event,
    EventType,
    Handle,
    Micros,
    Source,
    TemplateId,
    encode_event,
)
from mailwake.hosts import Hosts, TrackingHost
from mailwake.modes import OFF, Modes, strictest
from mailwake.send.control import Control, add_header, take_control
from mailwake.send.sender import sender_domain
from mailwake.settings import Settings
from mailwake.store.state import Campaign, LinkRow, StateStore, Suppression, open_state
from mailwake.tokens import MessageToken

#: Templates known to be registered; a program that sends single mails has few, whatever it merges into them.
_KNOWN_TEMPLATES = 10_000
#: Programs that send for themselves share this log, one after the other.
LIBRARY_LOG = "library"
#: Programs hand over any line end; mail has one.
LINE_END = re.compile(rb"\r\n|\r|\n")
_log = structlog.get_logger()


class Suppressed(BadInput):
    """The recipient must not be mailed.

    Attributes:
        suppression: why, who said so and when.
    """

    def __init__(self, suppression: Suppression) -> None:
        super().__init__(f"the recipient is suppressed: {suppression.reason}; take the address off your list")
        self.suppression = suppression


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """One recipient's copy, ready to go."""

    address: str = field(repr=False)
    message: bytes = field(repr=False)
    campaign: CampaignId
    delivery: DeliveryId
    recipient: Handle
    modes: Modes
    #: None where there was nothing to instrument
    template: TemplateId | None = None
    #: why the message passes as it is; None when it was instrumented
    untouched: str | None = None

    def event(self, kind: EventType, *, now: Micros, source: Source, reason: str = "", key: str = "") -> Event:
        """What happened to this copy.

        Args:
            kind: sent, delivered, deferred, bounced, rejected or failed.
            now: when we learned of it.
            source: who reports it.
            reason: the other side's own words.
            key: what makes a second report of the same fact recognisable; by default its kind and delivery.
        """
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
            reason=reason,
            message_bytes=len(self.message) if kind is EventType.SENT else None,
        )


def system_clock() -> Micros:
    """Now, in microseconds since 1970."""
    return Micros(time.time_ns() // 1000)


class Tracker:
    """Decides how closely a copy may be watched, and makes it.

    Safe from several threads at once.

    Args:
        settings: all of mailwake.toml.
        state: who may be mailed.
        clock: the time.
        random_bits: random numbers of so many bits.
    """

    def __init__(
        self,
        settings: Settings,
        state: StateStore,
        *,
        clock: Callable[[], Micros] = system_clock,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self.settings = settings
        self.state = state
        self.clock = clock
        self._random_bits = random_bits
        self.hosts = Hosts.load(settings)
        self._campaigns: dict[str, Campaign] = {}
        self._templates: set[TemplateId] = set()

    @classmethod
    def open(cls, settings: Settings) -> Tracker:
        """A tracker on the installation's own state store.

        Raises:
            Misconfigured: keys are missing or short.
            Unavailable: the state store cannot be opened.
        """
        return cls(settings, open_state(settings.data_folder / "state.sqlite"))

    def held(self, handles: Iterable[Handle], *, campaign: CampaignId | None, stream: str) -> dict[Handle, Suppression]:
        """Who must not get mail of this campaign and stream.

        Args:
            handles: to ask about.
            campaign: None: not known yet; then only what holds for all campaigns counts.
            stream: what is sent.
        """
        return self.state.suppressed(handles, campaign=campaign or CampaignId(0), stream=stream)

    def campaign(self, name: str | None, *, stream: str = "marketing") -> Campaign:
        """The campaign of this name; without one, that of the stream and the day (UTC)."""
        now = self.clock()
        name = name or f"{stream} {datetime.fromtimestamp(now / 1_000_000, tz=UTC):%Y-%m-%d}"
        if name not in self._campaigns:
            self._campaigns[name] = self.state.campaign(name, stream=stream, now=now)
        return self._campaigns[name]

    def consents(self, handles: Iterable[Handle]) -> dict[Handle, Modes]:
        """How closely the installation and each recipient let themselves be watched."""
        return self.state.modes(handles, ceiling=self.settings.ceiling, unknown=self.settings.unknown_consent)

    def handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        """The handle of each address, made where there is none."""
        return self.state.handles(addresses, now=self.clock())

    def copies(
        self,
        message: bytes,
        recipients: Sequence[str],
        *,
        control: Control,
        handles: Mapping[str, Handle] | None = None,
        consents: Mapping[Handle, Modes] | None = None,
        deliveries: Mapping[Handle, DeliveryId] | None = None,
    ) -> list[Tracked]:
        """Every recipient's own copy.

        Args:
            message: without control headers, lines ended by CR LF.
            recipients: all addresses of the envelope; each is taken once.
            control: what the sender asked for.
            handles: of all recipients, where they were looked up just now.
            consents: the same for `consents`.
            deliveries: ids to use again, for recipients whose copy was put off before.

        Raises:
            BadInput: a recipient is no address.
            Unavailable: the state store is away.
        """
        found = self.handles(recipients) if handles is None else handles
        people = {found[address]: address for address in recipients}
        campaign = self.campaign(control.campaign, stream=control.stream)
        before = deliveries or {}
        ids = {handle: before.get(handle) or self.new_delivery() for handle in people}
        each = self.consents(people) if consents is None else consents
        modes = strictest((control.modes, *each.values())) if control.track else OFF
        if control.track:
            draft = Draft.read(message, self.options(campaign))
            template: TemplateId | None = self.register(campaign, draft)
            untouched, host = draft.untouched_in(modes), self.hosts.of_sender(sender_domain(draft.values("from")))
            made = {h: draft.render(self.copy(modes, template or TemplateId(0), ids[h], h, host=host)) for h in people}
        else:
            template, untouched = None, "the sender asked for it"
            made = dict.fromkeys(people, add_header(message, "X-Mailwake", f"untouched; {untouched}"))
        return [
            Tracked(
                address=address,
                message=made[handle],
                campaign=campaign.id,
                template=template,
                delivery=ids[handle],
                recipient=handle,
                modes=modes,
                untouched=untouched,
            )
            for handle, address in people.items()
        ]

    def track(
        self,
        message: EmailMessage | bytes,
        *,
        recipient: str,
        campaign: str | None = None,
        stream: str = "marketing",
    ) -> bytes:
        """One recipient's copy, noted as sent. Hand it to your mail server; it is yours from here on.

        Args:
            message: complete, with all its headers. Control headers in it win over the arguments.
            recipient: the one address this copy goes to.
            campaign: name of the campaign; without one, that of the stream and the day.
            stream: marketing, transactional or outbound.

        Raises:
            Suppressed: the recipient must not be mailed.
            BadInput: the recipient is no address, or a control header cannot be understood.
            Unavailable: the state store is away.
        """
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        control, rest = take_control(LINE_END.sub(b"\r\n", raw), stream=stream)
        if control.is_ours:
            return rest
        control = replace(control, campaign=control.campaign or campaign)
        where = self.campaign(control.campaign, stream=control.stream)
        for held in self.held(self.handles([recipient]).values(), campaign=where.id, stream=control.stream).values():
            raise Suppressed(held)
        (copy,) = self.copies(rest, [recipient], control=control)
        self.keep([copy.event(EventType.SENT, now=self.clock(), source=Source.API)])
        return copy.message

    def keep(self, events: Sequence[Event]) -> None:
        """Write events to the log that programs share. Mail does not wait for a log that is away: the loss is told."""
        try:
            records = [encode_event(event) for event in events]
            append_now(self.settings.data_folder / "log", LIBRARY_LOG, records, keep=self.settings.log)
        except Unavailable as fault:
            _log.error("library.events_lost", events=len(events), reason=str(fault))

    def options(self, campaign: Campaign) -> ComposeOptions:
        """How mail of a campaign is instrumented. Nobody unsubscribes from a receipt or a password reset."""
        options = ComposeOptions.from_settings(self.settings, campaign=str(campaign.id), stream=campaign.stream)
        return replace(options, list_unsubscribe=False) if campaign.stream == "transactional" else options

    def register(self, campaign: Campaign, draft: Draft) -> TemplateId:
        """The id of a message's template, kept with its links; copies that differ in text alone are one template."""
        template = template_id(campaign.id, draft.skeleton)
        if template not in self._templates:
            self.put_template(campaign, template, subject=draft.subject, html=draft.html or b"", links=draft.links)
        return template

    def put_template(
        self, campaign: Campaign, template: TemplateId, *, subject: str, html: bytes, links: Iterable[Link]
    ) -> None:
        """Keep a template and its links, once."""
        self.state.put_template(
            campaign.id,
            template,
            subject=subject,
            html=html,
            links=[
                LinkRow(
                    number=link.number,
                    href=link.href,
                    label=link.label,
                    role=link.role,
                    tracked=link.tracked,
                    where=link.where,
                    why_not=link.why_not,
                )
                for link in links
            ],
            now=self.clock(),
        )
        if len(self._templates) >= _KNOWN_TEMPLATES:
            self._templates.clear()
        self._templates.add(template)

    def copy(
        self, modes: Modes, template: TemplateId, delivery: DeliveryId, recipient: Handle, *, host: TrackingHost
    ) -> Copy:
        """What makes one recipient's addresses on a tracking host."""
        issued = datetime.fromtimestamp(self.clock() / 1_000_000, tz=UTC).date()
        token = MessageToken(modes, template, delivery, recipient, issued)
        return Copy(minter=host.minter, base_url=host.base_url, token=token)

    def new_delivery(self) -> DeliveryId:
        """A random id, 1 to 2**63 - 1."""
        return DeliveryId(self._random_bits(63) or 1)
