"""The shape of every answer, as the API sends it. Fields are only ever added.

Ids are texts: a number above 2**53 does not survive a JavaScript program.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from mailwake.insight.link_reasons import WhyMachines
from mailwake.insight.metrics import Rate
from mailwake.insight.opens import TrueOpens
from mailwake.insight.series import Series
from mailwake.insight.tally import Reaction, Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruleset:
    """Rules that a part of the numbers was made with."""

    #: name and content hash
    id: str
    #: opens, clicks and others that were judged by them
    verdicts: int
    #: of all verdicts behind the numbers, 0-1
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignLine:
    """A campaign in the overview."""

    id: str
    name: str
    #: marketing, transactional or outbound
    stream: str
    #: first copy sent, UTC; None: none yet
    sent_from: datetime | None
    #: last copy sent, UTC
    sent_to: datetime | None
    tally: Tally
    rates: tuple[Rate, ...]
    #: the rules its verdicts were made with, most first; empty: nothing was judged yet
    rulesets: tuple[Ruleset, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """All campaigns."""

    #: the last event that is part of these numbers was received then, UTC; None: there is none
    fresh_at: datetime | None
    #: the campaigns below, added up
    total: Tally
    #: last sent first; campaigns without a copy sent come before them
    campaigns: tuple[CampaignLine, ...]
    #: the rules that the verdicts of all of them were made with
    rulesets: tuple[Ruleset, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkLine:
    """One occurrence of a link, and who followed it."""

    #: id of the template it stands in
    template: str
    #: position in document order, from 1
    number: int
    label: str
    #: cta, text, image, footer, legal, social, unsubscribe, preferences or decoy
    role: str
    #: target as the author wrote it; may be any text, also a hostile one
    href: str
    #: deliveries in which it was followed
    clicked: Reaction
    #: hits counted without saying whose (mode `aggregate`); None: left out, so few people stand behind them
    hits: int | None
    #: of the mail it stands in, with its fields
    subject: str = ""
    #: html; mso: only Outlook shows it; text: in the text part
    where: str = "html"
    #: why machines' clicks there are machines'; None: none clicked
    machines: WhyMachines | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Deliveries that were opened or clicked with, or from, the same thing."""

    #: a client, a device or an ISO 3166-1 code; None: not known
    name: str | None
    #: for people, also for what is not known and why
    label: str
    #: deliveries whose deciding open came from there
    opened: Reaction
    #: deliveries whose deciding click came from there
    clicked: Reaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """Hits of recipients who may only be counted: no copies, no people, no judgement, hence apart from everything.

    None: left out, because so few people stand behind them that they would tell of one (`mailwake.insight.cells`).
    """

    opened: int | None
    clicked: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignReport:
    """Everything known about one campaign."""

    id: str
    name: str
    stream: str
    #: of its templates, each once, oldest first
    subjects: tuple[str, ...]
    sent_from: datetime | None
    sent_to: datetime | None
    #: the last event that is part of these numbers was received then, UTC
    fresh_at: datetime | None
    tally: Tally
    rates: tuple[Rate, ...]
    #: how many people opened, with pictures or without
    true_opens: TrueOpens
    #: None: nothing was opened or clicked yet
    over_time: Series | None
    #: the 24 hours after the first copy was sent, in quarters of an hour; None: `over_time` spans no more than that
    first_day: Series | None
    #: tracked links, those that people followed most first
    links: tuple[LinkLine, ...]
    clients: tuple[Group, ...]
    devices: tuple[Group, ...]
    countries: tuple[Group, ...]
    #: mode `aggregate`
    counted_only: Hits
    #: the rules that the verdicts behind these numbers were made with, most first; empty: nothing was judged yet
    rulesets: tuple[Ruleset, ...] = ()
    #: why machines' clicks on all links are machines'; None: none clicked
    machines: WhyMachines | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One delivery and what became of it."""

    delivery: str
    #: None: the address is not known any more
    address: str | None
    sent_at: datetime | None
    #: complained, unsubscribed, bounced, rejected, failed, delivered, deferred, sent or unknown: the weightiest of them
    outcome: str
    #: human, possible or machine; None: not opened, or not tracked
    opened: str | None
    clicked: str | None
    #: words of the other server, where it refused or put off
    reason: str
    #: of whatever happened last, UTC
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PeoplePage:
    """Some deliveries of a campaign."""

    id: str
    name: str
    #: which deliveries: one of `people.FILTERS`
    outcome: str
    #: from 1
    page: int
    page_size: int
    #: how many deliveries there are with this outcome
    total: int
    people: tuple[Person, ...]
    #: the cursor of the page after this one; None: this is the last
    next: str | None = None
    #: where those were opened or clicked in, and at which provider they are; empty: anywhere
    client: str = ""
    device: str = ""
    country: str = ""
    provider: str = ""
    #: and in which hour of the week, such as `tue-14`
    hour: str = ""


_encoder = msgspec.json.Encoder()


def to_json(answer: Overview | CampaignReport | PeoplePage) -> bytes:
    """An answer as JSON. Everybody who shows JSON uses this, so that all of it is the same to the byte: one line."""
    return _encoder.encode(answer) + b"\n"
