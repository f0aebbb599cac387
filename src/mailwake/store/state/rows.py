"""What the state store hands out: one frozen row per thing that has state."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from mailwake.events import CampaignId, DeliveryId, Handle, Micros, TemplateId
from mailwake.modes import Modes


class Axis(StrEnum):
    """What a consent is about."""

    OPENS = "opens"
    CLICKS = "clicks"
    #: both of them at once
    BOTH = "both"
    #: scores and whatever else is concluded from what they did
    PROFILE = "profile"
    #: the day of the last open, to stop sending to inactive people and for nothing else
    HYGIENE = "hygiene"


class Consent(StrEnum):
    """What a recipient has said about being watched."""

    #: nobody asked, or the answer is not known
    UNKNOWN = "unknown"
    GRANTED = "granted"
    #: asked, and refused
    DENIED = "denied"
    #: granted or assumed before, and taken back; mail already delivered becomes inert
    WITHDRAWN = "withdrawn"
    #: not asked; the day of the last open may be kept for list hygiene alone, where the profile knows that exemption
    EXEMPT_HYGIENE = "exempt_hygiene"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """Messages that share a purpose and are reported together."""

    id: CampaignId
    name: str
    #: marketing, transactional or outbound
    stream: str
    created_at: Micros


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    """One occurrence of an href in a template."""

    #: position in document order, from 1
    number: int
    #: target, entities decoded
    href: str
    label: str
    #: cta, text, image, footer, legal, social, unsubscribe, preferences or decoy
    role: str
    tracked: bool
    #: "html" or "mso"
    where: str = "html"
    #: why it is not tracked
    why_not: str | None = None
    #: the template it stands in; None only on the way in
    template: TemplateId | None = None


@dataclass(frozen=True, kw_only=True)
class TemplateRow:
    """The exact HTML as sent, without the HTML itself; see `StateStore.html`."""

    id: TemplateId
    campaign: CampaignId
    subject: str
    #: the campaign's stream
    stream: str
    #: all occurrences of hrefs, tracked or not
    links_count: int
    created_at: Micros


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person as an address, with what was learned when the address was first used."""

    handle: Handle
    #: as given the first time
    address: str = field(repr=False)
    #: lower-case, IDNA
    domain: str
    first_seen_at: Micros
    #: merge fields, as last given
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Must not be mailed, and why."""

    handle: Handle
    #: unsubscribed, complained, bounced, manual, ...
    reason: str
    #: who said so: edge, bounce, esp, api, ...
    source: str
    at: Micros
    #: only mail of this campaign; None: of all campaigns
    campaign: CampaignId | None = None
    #: only mail of this stream; None: of all streams
    stream: str | None = None
    #: when it was taken back; None: it holds
    lifted_at: Micros | None = None
    #: the cause, a word of bounces/rules.toml; None here and below: not known, or there is none
    category: str | None = None
    #: what decided on the cause
    rule: str | None = None
    #: the words that it was decided on
    quoted: str | None = None
    #: days with a refusal, where it took several
    days: int | None = None
    #: id of the event that led to it
    event: int | None = None
    #: ends by itself then
    expires_at: Micros | None = None
    #: the import or the storm that it belongs to
    incident: int | None = None
    #: a person, or "mailwake"
    lifted_by: str | None = None
    lift_why: str | None = None
    #: a person who added it; None: nobody, it follows from what came in
    put_by: str | None = None
    #: its place in the list; None only on the way in
    number: int | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A recipient's copy was refused for good, and what that was decided to mean."""

    #: id of the event
    event: int
    handle: Handle
    at: Micros
    #: the cause, a word of bounces/rules.toml
    category: str
    klass: str
    action: str
    rule: str
    #: the words that it was decided on
    quoted: str
    #: of the recipient
    domain: str | None = None
    #: the mail exchanger's domain where the DNS was asked, else the recipient's
    place: str | None = None
    campaign: CampaignId | None = None
    #: who reported it
    source: str = ""
    #: the storm that it was part of
    incident: int | None = None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a shop may say that somebody reached."""

    #: lower-case letters, digits and hyphens: it stands in URLs
    name: str
    #: a click this long before may have led to it
    window_days: int
    #: what one is worth where nobody says, in minor units of the currency; None: nothing is said of money
    value: int | None
    #: ISO 4217; empty: no money
    currency: str
    created_at: Micros
    made_by: str


class IncidentKind(StrEnum):
    """What concerns many recipients at once."""

    #: a mail exchanger declares more addresses dead than can be: its outage, which suppresses nobody
    STORM = "storm"
    #: refusals that blame the sender
    ALARM = "alarm"
    #: a suppression list was read in
    IMPORT = "import"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that concerns many recipients at once, and that somebody may have to decide on."""

    id: int
    kind: IncidentKind
    opened_at: Micros
    #: of the latest refusal that belongs to it
    last_at: Micros
    #: refusals, or lines of an import
    count: int
    #: words of one of them
    quoted: str
    #: of a storm
    place: str | None = None
    #: of an alarm
    category: str | None = None
    #: None: open
    closed_at: Micros | None = None
    closed_by: str | None = None
    why: str | None = None


class Leave(StrEnum):
    """What holds of an unsubscription, and what can be done to one."""

    #: counts
    APPLIED = "applied"
    #: gets no mail, but may still be taken back as a machine's; applied by itself when the time is over
    HELD = "held"
    #: was no wish of the recipient's and was taken back
    RESTORED = "restored"


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """Somebody asked to stop, or a machine did it for them."""

    #: of the event; of an import or a manual act a number of its own
    id: int
    handle: Handle
    at: Micros
    #: one_click, button, complaint, reply, esp, import, crm or manual; nothing: not known
    how: str
    campaign: CampaignId | None = None
    #: of the recipient
    domain: str | None = None
    #: keyed hash of the network it came from; None: not known, or not allowed to be
    network: int | None = None
    state: Leave = Leave.APPLIED
    #: the burst that it was part of, by a number of its own; None: of none
    incident: int | None = None
    #: when it is decided by itself
    held_until: Micros | None = None
    #: the mail that it was about: the exact HTML, and the copy
    template: TemplateId | None = None
    delivery: DeliveryId | None = None
    #: number of the link in the template, from 1
    link: int | None = None
    #: what the judge made of it at that time; None: it was not judged
    p_human: float | None = None
    verdict: str | None = None
    #: what shows it where no event of ours does: a file, the words of whoever wrote it down
    proof: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnsubscribeAct:
    """Somebody held, applied or restored an unsubscription."""

    #: its id
    unsubscribe: int
    act: Leave
    at: Micros
    #: a person, or "mailwake"
    by: str
    why: str


class Standing(NamedTuple):
    """What holds for a recipient who is about to be mailed."""

    handle: Handle
    #: must not be mailed, at least for some campaign or stream
    is_suppressed: bool
    #: how closely they may be watched
    modes: Modes


class Route(StrEnum):
    """Which way mail gets to a domain (RFC 5321 section 5.1, RFC 7505)."""

    EXCHANGERS = "exchangers"
    #: it has no MX but an address, where mail goes then
    ADDRESS = "address"
    #: a null MX: it takes no mail, and says so
    REFUSED = "refused"
    #: neither MX nor address
    NONE = "none"
    #: there is no such name
    NO_DOMAIN = "no_domain"


@dataclass(frozen=True, kw_only=True)
class Exchangers:
    """The servers that take a domain's mail, as its DNS once said."""

    #: host names, lower-case, most preferred first; empty: it says that it has none
    hosts: tuple[str, ...]
    looked_up_at: Micros
    #: None: nobody asked how a domain without MX is meant
    route: Route | None = None


@dataclass(frozen=True, kw_only=True)
class Segment:
    """People chosen by a stored query."""

    id: int
    name: str
    #: in the language of `mailwake.segments`
    query: str
    #: False: whoever fitted when it was made
    is_live: bool
    created_at: Micros
    #: a person, or where they sat
    made_by: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Letters that are tried against each other."""

    id: int
    name: str
    campaign: CampaignId
    #: key of the hash that assigns recipients
    salt: bytes = field(repr=False)
    #: variants, measure and rule; the business of `mailwake.experiments`
    design: dict[str, Any]
    #: templates and planned people; empty: not sent yet
    sent: dict[str, Any]
    created_at: Micros
    made_by: str
    decided_at: Micros | None
    #: number of the variant that whoever waits gets
    winner: int | None
    decided_by: str | None
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something long that can be taken up again after a crash."""

    kind: str
    #: what makes a second start recognisable as the same job
    key: str
    #: how far it got; the job's own business, JSON values only
    data: dict[str, Any]
    created_at: Micros
    changed_at: Micros
    #: None while it is not done
    finished_at: Micros | None
