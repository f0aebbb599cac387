"""Where in a mail people clicked: every occurrence of a link with its clicks, one mail beside another if asked.

What the map shows and what the table under it says is this one object. Without filters its deliveries are those of the
campaign's list of links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mailwake.errors import BadInput
from mailwake.events import SECOND, TemplateId
from mailwake.insight.cells import counters
from mailwake.insight.stores import Stores
from mailwake.insight.tally import NOBODY, Reaction, reaction
from mailwake.language import noted
from mailwake.stats.difference import difference
from mailwake.stats.rates import Interval
from mailwake.stats.uncertain import Expected, count_interval, rate_interval
from mailwake.store.state import Campaign, LinkRow, TemplateRow

#: what is shown strongest: word in URLs to words on the page
LAYERS: Mapping[str, str] = {
    "human": noted("people"),
    "machine": noted("machines"),
    "raw": noted("raw"),
}
#: followed links of these roles are no clicks, see docs/reference/metrics.md
NOT_COUNTED = frozenset(("unsubscribe", "preferences", "decoy"))
CONFIDENCE = 0.95
#: in a filter: of which it is not known
UNKNOWN = "unknown"
#: longer than any copy is clicked in; in seconds
_EVER = 100 * 366 * 86_400


class NoSuchTemplate(BadInput):
    """A template was asked for that the campaign does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What of the clicks is looked at."""

    #: one of `LAYERS`
    layer: str = "human"
    #: id of a template; None: the campaign's first that has links
    template: int | None = None
    #: only clicks up to so many seconds after their copy was sent; None: all
    until_seconds: int | None = None
    #: only clicks from such a device, "unknown" for those of which it is not known; empty: all
    device: str = ""
    client: str = ""
    #: ISO 3166-1
    country: str = ""
    #: id of another template, of any campaign, to compare with; None: none
    versus: int | None = None
    #: that the stores were narrowed to; empty: everybody
    segment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The rate of this mail less that of the other."""

    #: number of the link in the other mail
    number: int
    #: in the other mail, 0-1
    other_rate: float
    #: -1 to 1
    value: float
    low: float
    high: float
    #: higher, lower or not distinguishable
    standing: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """One occurrence of a link."""

    #: position in document order, from 1
    number: int
    label: str
    role: str
    #: target as the author wrote it; may be any text, also a hostile one
    href: str
    #: html, mso for what only Outlook shows, text in the text part
    where: str
    #: False: not tracked, or of a role that is no click; all its numbers are 0 then
    counts: bool
    #: deliveries in which it was followed
    clicked: Reaction
    #: in how many of them by a person: the sum of probabilities, with its interval
    people: float
    people_low: float
    people_high: float
    #: hits of recipients who may only be counted; without filters and times; None: left out, too few stand behind them
    hits: int | None
    #: what the layer shows: deliveries, of people the expected number
    shown: float
    #: of what the layer shows for all links, 0-1; None: there is nothing
    share: float | None
    #: of the delivered copies whose clicks may be told, 0-1; None: there are none
    rate: float | None
    low: float | None
    high: float | None
    #: None: nothing to compare with, or the link is not in the other mail
    change: Change | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A template that can be looked at."""

    campaign: str
    campaign_name: str
    template: str
    subject: str
    #: delivered copies whose clicks may be told
    base: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickMap:
    """Where in one mail there were clicks."""

    id: str
    name: str
    mail: Mail
    #: all templates of the campaign, oldest first
    mails: tuple[Mail, ...]
    layer: str
    until_seconds: int | None
    device: str
    client: str
    country: str
    #: of all intervals
    confidence: float
    #: every occurrence, in document order
    spots: tuple[Spot, ...]
    #: None: not compared
    versus: Mail | None
    #: links of the other mail that this one does not have
    only_there: tuple[Spot, ...]
    #: whose copies alone this is about; empty: everybody's
    segment: str = ""


def click_map(stores: Stores, campaign: Campaign, asked: Asked) -> ClickMap:
    """Where in a campaign's mail there were clicks, and by whom.

    Raises:
        NoSuchTemplate: the campaign has no such template, or there is none to compare with.
        BadInput: there is no such layer.
    """
    if asked.layer not in LAYERS:
        raise BadInput(f"there is no layer {asked.layer!r}; there are {', '.join(LAYERS)}")
    mails = _mails(stores, campaign)
    mail = _chosen(mails, asked.template)
    spots = _spots(stores, mail, asked)
    versus = _versus(stores, asked.versus)
    there = [] if versus is None else _spots(stores, versus, asked)
    pairs = _pairs(spots, there)
    taken = set(pairs.values())
    return ClickMap(
        id=str(campaign.id),
        name=campaign.name,
        mail=mail,
        mails=mails,
        layer=asked.layer,
        until_seconds=asked.until_seconds,
        device=asked.device,
        client=asked.client,
        country=asked.country,
        confidence=CONFIDENCE,
        spots=tuple(
            replace(spot.told, change=_change(spot, there[pairs[index]], mail, versus))
            if versus and index in pairs
            else spot.told
            for index, spot in enumerate(spots)
        ),
        versus=versus,
        only_there=tuple(spot.told for index, spot in enumerate(there) if index not in taken),
        segment=asked.segment,
    )


def _mails(stores: Stores, campaign: Campaign) -> tuple[Mail, ...]:
    rows = stores.events.ask("template_bases", campaign=campaign.id)
    bases = {row["template"]: int(row["clicks_trackable"] or 0) for row in rows}
    return tuple(_mail(campaign, each, bases.get(each.id, 0)) for each in stores.state.templates(campaign.id))


def _mail(campaign: Campaign, template: TemplateRow, base: int) -> Mail:
    return Mail(
        campaign=str(campaign.id),
        campaign_name=campaign.name,
        template=str(template.id),
        subject=template.subject,
        base=base,
    )


def _chosen(mails: Sequence[Mail], template: int | None) -> Mail:
    """The one that was asked for; else the one that went to most, the oldest of equals."""
    if not mails:
        raise NoSuchTemplate("nothing of this campaign was sent through Mailwake yet, so there is no mail to show")
    if template is None:
        return max(mails, key=lambda mail: mail.base)
    for mail in mails:
        if mail.template == str(template):
            return mail
    raise NoSuchTemplate(f"this campaign has no template {template}; choose one on the page of its click map")


def _versus(stores: Stores, template: int | None) -> Mail | None:
    if template is None:
        return None
    found = stores.state.template(TemplateId(template)) if 0 < template < 1 << 32 else None
    campaign = None if found is None else stores.state.find_campaign(found.campaign)
    if found is None or campaign is None:
        raise NoSuchTemplate(f"there is no template {template} to compare with")
    return _chosen(_mails(stores, campaign), template)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """A spot, and the count that its rate is made of."""

    told: Spot
    in_base: Expected


def _spots(stores: Stores, mail: Mail, asked: Asked) -> list[_Counted]:
    campaign, template = int(mail.campaign), TemplateId(int(mail.template))
    until = _EVER if asked.until_seconds is None else min(asked.until_seconds, _EVER)
    rows = stores.events.ask(
        "link_chances",
        campaign=campaign,
        template=template,
        age=until * SECOND,
        device=asked.device,
        client=asked.client,
        country=asked.country,
    )
    by_link = {row["link"]: row for row in rows}
    counted = counters(stores.events, campaign)
    links = stores.state.template_links(template)
    total = sum(_shown(by_link[link.number], asked.layer) for link in links if link.number in by_link)
    return [
        _spot(link, by_link.get(link.number), counted.clicks(template, link.number), mail.base, asked, total)
        for link in links
    ]


def _spot(  # noqa: PLR0917 - what one line is made of
    link: LinkRow, row: Mapping[str, Any] | None, hits: int | None, base: int, asked: Asked, total: float
) -> _Counted:
    people = _expected(row, "expected", "doubt")
    in_base = _in_base(row, asked.layer)
    clicked = NOBODY if row is None else reaction(**{who: row[who] for who in ("human", "possible", "machine")})
    around = count_interval(people, clicked.raw, confidence=CONFIDENCE)
    rate = rate_interval(in_base, base, confidence=CONFIDENCE) if base else None
    shown = 0.0 if row is None else _shown(row, asked.layer)
    told = Spot(
        number=link.number,
        label=link.label,
        role=str(link.role),
        href=link.href,
        where=link.where,
        counts=link.tracked and link.role not in NOT_COUNTED,
        clicked=clicked,
        people=people.mean,
        people_low=around.low,
        people_high=around.high,
        hits=hits,
        shown=shown,
        share=shown / total if total else None,
        rate=in_base.mean / base if base else None,
        low=_end(rate, "low"),
        high=_end(rate, "high"),
    )
    return _Counted(told=told, in_base=in_base)


def _end(interval: Interval | None, name: str) -> float | None:
    return None if interval is None else float(getattr(interval, name))


def _expected(row: Mapping[str, Any] | None, mean: str, doubt: str) -> Expected:
    """From ten-thousandths, as the store sums them exactly."""
    return Expected() if row is None else Expected(mean=row[mean] / 1e4, variance=row[doubt] / 1e8)


def _in_base(row: Mapping[str, Any] | None, layer: str) -> Expected:
    if row is None or layer == "human":
        return _expected(row, "expected_in_base", "doubt_in_base")
    return Expected(mean=float(row[f"{layer}_in_base"]))


def _shown(row: Mapping[str, Any], layer: str) -> float:
    if layer == "human":
        return float(row["expected"]) / 1e4
    return float(row["machine"] if layer == "machine" else row["human"] + row["possible"] + row["machine"])


#: What two links have to have in common.
_Key = Callable[[Spot], Hashable]


def _pairs(here: Sequence[_Counted], there: Sequence[_Counted]) -> dict[int, int]:
    """Places in the one mail to places in the other that are the same link to a reader.

    The third link to a page is the third link to that page there; what finds none that way is looked for by role and
    words, so that a button whose target changed is still that button.
    """
    pairs = _same(here, there, lambda spot: (spot.where, spot.href))
    rest_here = [index for index in range(len(here)) if index not in pairs]
    taken = set(pairs.values())
    rest_there = [index for index in range(len(there)) if index not in taken]
    by_words = _same(
        [here[index] for index in rest_here],
        [there[index] for index in rest_there],
        lambda spot: (spot.where, spot.role, spot.label.casefold()),
    )
    return pairs | {rest_here[one]: rest_there[other] for one, other in by_words.items()}


def _same(here: Iterable[_Counted], there: Iterable[_Counted], key: _Key) -> dict[int, int]:
    places = {place: index for index, place in enumerate(_counted_off(there, key))}
    found = ((index, places.get(place)) for index, place in enumerate(_counted_off(here, key)))
    return {index: other for index, other in found if other is not None}


def _counted_off(spots: Iterable[_Counted], key: _Key) -> list[tuple[Hashable, int]]:
    """Each key with how often it came before."""
    seen, places = Counter[Hashable](), list[tuple[Hashable, int]]()
    for spot in spots:
        name = key(spot.told)
        places.append((name, seen[name]))
        seen[name] += 1
    return places


def _change(one: _Counted, other: _Counted, mail: Mail, versus: Mail) -> Change | None:
    if not (mail.base and versus.base and one.told.counts and other.told.counts):
        return None
    found = difference(other.in_base, versus.base, one.in_base, mail.base, confidence=CONFIDENCE)
    return Change(
        number=other.told.number,
        other_rate=other.in_base.mean / versus.base,
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        standing=str(found.standing),
    )


#: campaigns whose mails are offered to compare with
_OFFERED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What can be chosen on the page of a click map."""

    #: words of the filters; "unknown" among them where something is not known
    devices: tuple[str, ...]
    clients: tuple[str, ...]
    #: ISO 3166-1
    countries: tuple[str, ...]
    #: mails of the newest campaigns, and of this one; their `base` is not looked up
    others: tuple[Mail, ...]


def choices(stores: Stores, campaign: Campaign) -> Choices:
    """What a campaign's click map can be narrowed to, and compared with."""
    newest = [each for each in stores.state.campaigns() if each.id != campaign.id][:_OFFERED]
    return Choices(
        devices=_names(stores, campaign, "devices", "device"),
        clients=_names(stores, campaign, "clients", "client"),
        countries=_names(stores, campaign, "countries", "country"),
        others=tuple(
            _mail(each, template, 0) for each in (campaign, *newest) for template in stores.state.templates(each.id)
        ),
    )


def _names(stores: Stores, campaign: Campaign, question: str, column: str) -> tuple[str, ...]:
    """Of everything that clicked; a device that a proxy hid is one that is not known."""
    rows = stores.events.ask(question, campaign=campaign.id)
    found = {row[column] or UNKNOWN for row in rows if row["type"] == "clicked"}
    if "proxied" in found:
        found = found - {"proxied"} | {UNKNOWN}
    return tuple(sorted(found, key=lambda name: (name == UNKNOWN, name.casefold())))


_encoder = msgspec.json.Encoder()


def to_json(answer: ClickMap) -> bytes:
    """The answer as JSON, as the API sends it: one line."""
    return _encoder.encode(answer) + b"\n"
