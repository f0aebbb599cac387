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
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property

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
from mailwake.goals.calls import Known, Who, conversion
from mailwake.goals.claims import claim
from mailwake.hosts import Hosts, TrackingHost
from mailwake.modes import OFF, Mode, Modes, strictest
from mailwake.profiles import CONSENT_REQUEST, NOBODY_LEAVES, asked_like
from mailwake.send.addressed import Addressed, Tracked
from mailwake.send.asking import TOO_SOON, asked_too_soon
from mailwake.send.control import Control, add_header, refuse_above, take_control
from mailwake.send.sender import sender_domain
from mailwake.settings import Settings
from mailwake.store.state import Campaign, LinkRow, Standing, StateStore, Suppression, open_state
from mailwake.tokens import MessageToken

#: Templates known to be registered; a program that sends single mails has few, whatever it merges into them.
_KNOWN_TEMPLATES = 10_000
#: The same for campaigns; a program may make one per message.
_KNOWN_CAMPAIGNS = 10_000
#: Programs that send for themselves share this log, one after the other.
LIBRARY_LOG = "library"
#: A message that passes as it is.
UNTOUCHED = OFF.decided_by("message")
#: Programs hand over any line end; mail has one.
LINE_END = re.compile(rb"\r\n|\r|\n")
_log = structlog.get_logger()


class Suppressed(BadInput):
    """The recipient must not be mailed.

    Attributes:
        suppression: why, who said so and when.
    """

    def __init__(self, suppression: Suppression) -> None:
        advice = (
            "leave them in peace until then" if suppression.source == TOO_SOON else "take the address off your list"
        )
        super().__init__(f"the recipient is suppressed: {suppression.reason}; {advice}")
        self.suppression = suppression


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A message that was read once, for all of its recipients."""

    message: bytes = field(repr=False)
    control: Control
    campaign: Campaign
    #: None: it is to pass as it is
    draft: Draft | None
    #: where its author's links lead
    host: TrackingHost

    @cached_property
    def template(self) -> TemplateId | None:
        """What copies that differ in text alone have in common."""
        return None if self.draft is None else template_id(self.campaign.id, self.draft.skeleton)


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
        self._options: dict[CampaignId, ComposeOptions] = {}
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
        wanted = list(handles)
        held = self.state.suppressed(wanted, campaign=campaign or CampaignId(0), stream=asked_like(stream))
        if stream != CONSENT_REQUEST:
            return held
        return asked_too_soon(self.state, wanted, self.settings.profile, now=self.clock()) | held

    def campaign(self, name: str | None, *, stream: str = "marketing") -> Campaign:
        """The campaign of this name; without one, that of the stream and the day (UTC)."""
        name = self._name_of(name, stream)
        known = self._campaigns.get(name)
        if known is None:
            known = self.state.campaign(name, stream=stream, now=self.clock())
            if len(self._campaigns) >= _KNOWN_CAMPAIGNS:
                self._campaigns.clear()
            self._campaigns[name] = known
        return known

    def _name_of(self, name: str | None, stream: str) -> str:
        return name or f"{stream} {datetime.fromtimestamp(self.clock() / 1_000_000, tz=UTC):%Y-%m-%d}"

    def consents(self, handles: Iterable[Handle]) -> dict[Handle, Modes]:
        """How closely the installation and each recipient let themselves be watched."""
        return self.state.modes(handles, **self.settings.limits)

    def standings(self, addresses: Iterable[str]) -> dict[str, Standing]:
        """What holds for those addresses that were seen before; the installation's own modes are counted in."""
        return self.state.standings(addresses, **self.settings.limits)

    @cached_property
    def silent(self) -> Modes:
        """How closely somebody may be watched who was never seen before."""
        return strictest((self.settings.ceiling, self.settings.unknown_consent))

    def handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        """The handle of each address, made where there is none."""
        return self.state.handles(addresses, now=self.clock())

    def new_handles(self, addresses: Iterable[str]) -> dict[str, Handle]:
        """The same for addresses that `standings` did not know."""
        return self.state.new_handles(addresses, now=self.clock())

    def copies(
        self,
        message: bytes,
        recipients: Sequence[str],
        *,
        control: Control,
        deliveries: Mapping[Handle, DeliveryId] | None = None,
    ) -> list[Tracked]:
        """Every recipient's own copy.

        Args:
            message: without control headers, lines ended by CR LF.
            recipients: all addresses of the envelope; each is taken once.
            control: what the sender asked for.
            deliveries: ids to use again, for recipients whose copy was put off before.

        Raises:
            BadInput: a recipient is no address.
            Unavailable: the state store is away.
        """
        found = self.handles(recipients)
        people = {found[address]: address for address in recipients}
        reading = self.read(message, control=control)
        if reading.draft:
            self.register(reading.campaign, reading.draft)
        plan = self.plan(reading, people, consents=self.consents(people).values(), deliveries=deliveries)
        return [Tracked(**vars(each), message=self.render(reading, each)) for each in plan]

    def knows(self, control: Control) -> bool:
        """Whether `read` can do without the state store."""
        return self._name_of(control.campaign, control.stream) in self._campaigns

    def read(self, message: bytes, *, control: Control) -> Reading:
        """Look through a message, once for all recipients.

        Args:
            message: without control headers, lines ended by CR LF.
            control: what the sender asked for.

        Raises:
            BadInput: the sender asks for more than the installation may watch.
            Unavailable: the campaign is new, and the state store is away.
        """
        refuse_above(control.asked, self.settings.ceiling)
        campaign = self.campaign(control.campaign, stream=control.stream)
        draft = Draft.read(message, self._options_of(campaign)) if control.track else None
        host = self.hosts.of_sender(sender_domain(draft.values("from") if draft else ()))
        return Reading(message=message, control=control, campaign=campaign, draft=draft, host=host)

    def plan(
        self,
        reading: Reading,
        people: Mapping[Handle, str],
        *,
        consents: Iterable[Modes],
        deliveries: Mapping[Handle, DeliveryId] | None = None,
    ) -> list[Addressed]:
        """Who gets a copy, and how closely it may be watched.

        Args:
            reading: the message.
            people: each recipient's handle and address.
            consents: how closely each of them may be watched; the strictest decides for all.
            deliveries: ids to use again, for recipients whose copy was put off before.
        """
        before, draft = deliveries or {}, reading.draft
        modes = self._modes(reading, consents, many=len(people) > 1) if draft else UNTOUCHED
        untouched = draft.untouched_in(modes) if draft else "the sender asked for it"
        plan = []
        for handle, address in people.items():
            delivery = before.get(handle) or self.new_delivery()
            plan.append(
                Addressed(
                    address=address,
                    campaign=reading.campaign.id,
                    template=reading.template,
                    delivery=delivery,
                    recipient=handle,
                    modes=modes,
                    untouched=untouched,
                    has_end=draft is not None and not untouched and modes.opens > Mode.OFF and draft.has_end,
                    return_path=self.return_path(modes, reading.template, delivery, handle, host=reading.host),
                )
            )
        return plan

    def _modes(self, reading: Reading, consents: Iterable[Modes], *, many: bool) -> Modes:
        """The strictest of what installation, campaign, message and every recipient allow."""
        control = reading.control
        levels = (self.level(reading.campaign), self.settings.level("", control.stream))
        found = strictest((*levels, control.modes.decided_by("message"), *consents))
        if not many:
            return found
        opens, clicks = (by.replace("recipient:", "recipients:") for by in (found.opens_by, found.clicks_by))
        return replace(found, opens_by=opens, clicks_by=clicks)

    def level(self, campaign: Campaign) -> Modes:
        """What mail of a campaign, and of its stream, may record at most."""
        return self.settings.level(campaign.name, campaign.stream)

    def render(self, reading: Reading, addressed: Addressed) -> bytes:
        """One recipient's copy of the message."""
        draft = reading.draft
        if draft is None:
            return add_header(reading.message, "X-Mailwake", f"untouched; {addressed.untouched}")
        template = addressed.template or TemplateId(0)
        who = addressed.delivery, addressed.recipient
        return draft.render(self.copy(addressed.modes, template, *who, host=reading.host))

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
            stream: one of `mailwake.profiles.STREAMS`.

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
        if control.stream == CONSENT_REQUEST:  # nobody will tell us of its delivery
            self.state.note_asked({copy.recipient: self.clock()})
        return copy.message

    @cached_property
    def holdout_key(self) -> bytes:
        """Key of the lot that keeps a campaign from some people."""
        return self.settings.load_keys().derive("holdout")

    def converted(
        self,
        goal: str,
        *,
        id: str,  # noqa: A002 - the word of the call
        who: Who,
        value: str = "",
        currency: str = "",
        at: Micros | None = None,
    ) -> None:
        """Note that somebody reached a goal; it is durable when this returns, and noted once however often it is told.

        Args:
            goal: name of one that `mailwake goal add` made.
            id: your own name for the fact, such as the order's number.
            who: by the reference that came with the click, by address, or by handle.
            value: such as 19.99; empty: as the goal says.
            currency: ISO 4217; empty: the goal's.
            at: when; None: now.

        Raises:
            BadInput: there is no such goal, or something else cannot be; it says what.
            Unavailable: a store or the log is away.
        """
        goals, now = self.state.goals(), self.clock()
        made = claim(goals, goal, id=id, value=value, currency=currency)
        known = Known(goals=goals, reader=self.hosts.reader(), hosts=tuple(self.hosts.all))
        event = conversion(made, who, known, id=id, at=at, now=now)
        folder = self.settings.data_folder / "log"
        append_now(folder, LIBRARY_LOG, [encode_event(event)], keep=self.settings.log)

    def keep(self, events: Sequence[Event]) -> None:
        """Write events to the log that programs share. Mail does not wait for a log that is away: the loss is told."""
        try:
            records = [encode_event(event) for event in events]
            append_now(self.settings.data_folder / "log", LIBRARY_LOG, records, keep=self.settings.log)
        except Unavailable as fault:
            _log.error("library.events_lost", events=len(events), reason=str(fault))

    def options(self, campaign: Campaign) -> ComposeOptions:
        """How mail of a campaign is instrumented. Receipts and password resets are of no list, and nobody leaves it."""
        options = ComposeOptions.from_settings(self.settings, campaign=str(campaign.id), stream=campaign.stream)
        is_bulk = campaign.stream not in NOBODY_LEAVES
        return options if is_bulk else replace(options, list_unsubscribe=False, list_id="")

    def is_registered(self, reading: Reading) -> bool:
        """Whether `register` has nothing to do."""
        return reading.draft is None or reading.template in self._templates

    def _options_of(self, campaign: Campaign) -> ComposeOptions:
        known = self._options.get(campaign.id)
        if known is None:
            if len(self._options) >= _KNOWN_CAMPAIGNS:
                self._options.clear()
            known = self._options[campaign.id] = self.options(campaign)
        return known

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
        token = MessageToken(modes, template, delivery, recipient, self._today())
        return Copy(minter=host.minter, base_url=host.base_url, token=token)

    def return_path(
        self, modes: Modes, template: TemplateId | None, delivery: DeliveryId, recipient: Handle, *, host: TrackingHost
    ) -> str | None:
        """The envelope sender of one recipient's copy; None where there is no bounce domain, or no template to name."""
        if host.return_paths is None or template is None:
            return None
        return host.return_paths.address(MessageToken(modes, template, delivery, recipient, self._today()))

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock() / 1_000_000, tz=UTC).date()

    def new_delivery(self) -> DeliveryId:
        """A random id, 1 to 2**63 - 1."""
        return DeliveryId(self._random_bits(63) or 1)
