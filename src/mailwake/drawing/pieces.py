"""Pieces that several pages show: every number becomes text with its base beside it, and nothing is computed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, fields, figures
from mailwake.drawing.charts import Part
from mailwake.drawing.terms import term
from mailwake.insight.answers import Group, LinkLine
from mailwake.insight.link_reasons import WhyMachines
from mailwake.insight.metrics import Rate, metrics
from mailwake.insight.tally import Reaction, Tally
from mailwake.language import forms, noted, say, several

#: where a link stands
WHERE = {"html": "", "mso": noted("Outlook only"), "text": noted("text part")}
#: with the marks that stand for them everywhere
WHO = {
    "human": noted("● people"),
    "likely": noted("● likely people"),
    "possible": noted("◐ possibly"),
    "machine": noted("□ machines"),
    "raw": noted("raw"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One rate, ready to read."""

    metric: str
    label: str
    count: str
    percent: str
    #: "of 1,912 delivered with a pixel"
    base: str
    #: "29.9-34.1 %"; empty where there is no rate
    span: str
    #: the whole of it as a sentence, on hover
    says: str
    #: human, possible, machine, raw or plain
    kind: str
    #: the same as words; empty for plain
    who: str
    #: "by people", or empty where there is no rate
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A line of the funnel."""

    label: str
    count: str
    parts: tuple[Part, ...]
    figure: Figure | None
    #: where the people of this line are listed; empty: nowhere
    outcome: str
    #: why that list is shorter or longer than the count; empty: it is not
    listed: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Somebody's reactions: people, possible people, machines and all of them."""

    label: str
    parts: tuple[Part, ...]
    human: str
    possible: str
    machine: str
    raw: str
    #: where those people are listed, but for whose reactions are wanted; empty: nowhere
    people: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link in the ranking."""

    number: int
    label: str
    role: str
    target: str
    #: None: not http or https, so it is shown and never made clickable
    href: str | None
    split: Split
    #: who, what it says on narrow screens, copies
    counts: tuple[tuple[str, str, str], ...]
    hits: str
    #: where those who followed it are listed
    people: str
    #: why machines' clicks are machines': "so soon after delivery (38)"; empty: none clicked
    why: tuple[str, ...]
    #: clicks of machines
    machine_clicks: str
    #: where in the mail, if that is not where most links stand
    where: str
    #: which mail of the campaign, and what the same link got in all of them; empty: there is one mail alone
    mail: str


def figure(rate: Rate) -> Figure:
    """One rate with its base in text, and as a sentence for the hover."""
    metric = metrics()[rate.metric]
    kind = rate.metric.partition("_")[0]
    base = of(rate.base, rate.base_name)
    span = figures.span(rate.low, rate.high)
    sure = f"{rate.confidence:.0%}".replace("%", f"{figures.NBSP}%")
    share = 0.0 if rate.count == 0 and rate.rate is not None else rate.rate  # less than half a copy expected is nobody
    told = with_interval(share, span, sure) if span else rate.cannot_say
    return Figure(
        metric=rate.metric,
        label=say(rate.label),
        count=figures.count(rate.count),
        percent=figures.percent(share),
        base=base,
        span=span,
        says=in_a_sentence(rate.label, metric.sentence, count=figures.count(rate.count), base=base, told=told),
        kind=kind if kind in WHO else "plain",
        who=say(WHO.get(kind, "")),
        told=say("by people") if span and kind == "human" else "",
    )


def of(base: int, base_name: str) -> str:
    """A base in words: "of 1,912 delivered with a pixel"."""
    return say("of %(base)s %(base_name)s", base=figures.count(base), base_name=say(base_name))


def with_interval(rate: float | None, span: str, sure: str = f"95{figures.NBSP}%") -> str:
    """A rate with its interval."""
    return say("%(rate)s (%(sure)s interval %(span)s)", rate=figures.percent(rate), sure=sure, span=span)


def in_a_sentence(label: str, sentence: str, *, count: str, base: str, told: str | None) -> str:
    """The whole of a figure, on hover. Label and sentence come as the registry has them, the rest said already."""
    return say(
        "%(label)s: %(count)s %(base)s, %(told)s. %(sentence)s",
        label=say(label),
        count=count,
        base=base,
        told=told,
        sentence=say(sentence),
    )


def by_metric(rates: Iterable[Rate]) -> dict[str, Figure]:
    """Figures by the id of their metric."""
    return {rate.metric: figure(rate) for rate in rates}


def split(label: str, reaction: Reaction, whole: int) -> Split:
    """A row of people, possible people and machines with its bar."""
    return Split(
        label=label,
        parts=charts.bar(reaction, whole),
        human=figures.count(reaction.human),
        possible=figures.count(reaction.possible),
        machine=figures.count(reaction.machine),
        raw=figures.count(reaction.raw),
    )


def groups(rows: Iterable[Group], by: str, people: str) -> list[Split]:
    """A ranking of clients, devices or countries by opens or clicks; its longest bar fills the width.

    Args:
        rows: in any order.
        by: "opened" or "clicked".
        people: address of a list of people that takes the name of a row at its end.
    """
    shown = [(row, getattr(row, by)) for row in rows]
    shown.sort(key=lambda each: (-each[1].human, -each[1].possible, -each[1].machine))
    longest = max((reacted.raw for _, reacted in shown), default=0)
    return [
        replace(split(term(row.label), reacted, longest), people=people + quote(row.name or "unknown", safe=""))
        for row, reacted in shown
        if reacted.raw
    ]


#: whose clicks on the page of a link, in `Reaction`, and in words
_FOLLOWED = (
    ("human", "human", noted("● likely people")),
    ("possible", "possible", noted("◐ possibly")),
    ("machine", "machine", noted("□ machines")),
    ("all", "raw", noted("raw")),
)


def links(rows: Iterable[LinkLine], campaign: str) -> list[LinkView]:
    """The ranking of links. Only http and https become something to click on: a label or target may be hostile."""
    shown = list(rows)
    longest = max((row.clicked.raw for row in shown), default=0)
    mails = _mails(shown)
    return [
        LinkView(
            number=row.number,
            label=row.label or say("(no text)"),
            role=term(row.role),
            target=row.href,
            href=safe_href(row.href),
            split=split(row.label, row.clicked, longest),
            counts=tuple((who, say(says), figures.count(getattr(row.clicked, part))) for who, part, says in _FOLLOWED),
            hits=figures.few(row.hits),
            people=f"/campaigns/{campaign}/links/{row.number}/people?template={row.template}",
            why=() if row.machines is None else why(row.machines),
            machine_clicks="" if row.machines is None else listed(row.machines.clicks, row.machines.clicks, CLICKS),
            where=say(WHERE.get(row.where, row.where)),
            mail=mails.get((row.template, row.number), ""),
        )
        for row in shown
    ]


def _mails(rows: Sequence[LinkLine]) -> dict[tuple[str, int], str]:
    """Template and number to the mail a link stands in, with what the same link got in all; empty for one mail."""
    subjects = {row.template: row.subject for row in rows}
    if len(subjects) < 2:
        return {}
    uses = Counter(subjects.values())
    same: dict[tuple[int, str, str], list[LinkLine]] = defaultdict(list)
    for row in rows:
        same[row.number, row.label, row.href].append(row)
    return {
        (row.template, row.number): _mail(row, uses[row.subject] > 1, same[row.number, row.label, row.href])
        for row in rows
    }


def _mail(row: LinkLine, is_shared: bool, same: Sequence[LinkLine]) -> str:
    """Where mails share a subject, the number of the template tells them apart, as on the click map."""
    subject = f"“{fields.read(row.subject)}”" + (f" ({row.template})" if is_shared else "")
    if len(same) < 2:
        return say("in %(subject)s", subject=subject)
    return say(
        "in %(subject)s; in all mails together %(people)s likely people, %(anybody)s raw",
        subject=subject,
        people=figures.count(sum(each.clicked.human for each in same)),
        anybody=figures.count(sum(each.clicked.raw for each in same)),
    )


def why(found: WhyMachines) -> tuple[str, ...]:
    """The commonest reasons, each with how many clicks it weighed against."""
    return tuple(f"{say(each.says)} ({figures.count(each.clicks)})" for each in found.reasons)


def safe_href(href: str) -> str | None:
    """The target if it is a plain web address with a host, else None."""
    try:
        parts = urlsplit(href)
        return href if parts.scheme in ("http", "https") and parts.hostname and href.isprintable() else None
    except ValueError:
        return None


#: label, count, metric of its rate, filter of the people page
_FUNNEL = (
    (noted("Sent"), "sent", "", "sent"),
    (noted("Delivered"), "delivered", "delivery_rate__sent", "delivered"),
    (noted("Opened by people"), "opened", "human_open_rate__delivered_trackable", "opened_human"),
    (noted("Clicked by people"), "clicked", "human_click_rate__delivered_trackable", "clicked_human"),
)
_TROUBLES = (
    (noted("Deferred"), "deferred", "deferral_rate__sent", "deferred"),
    (noted("Bounced"), "bounced", "bounce_rate__sent", "bounced"),
    (noted("Unsubscribed"), "unsubscribed", "unsubscribe_rate__delivered", "unsubscribed"),
    (noted("Reported as spam"), "complained", "complaint_rate__delivered", "complained"),
)
_KINDS = {"sent": "plain", "delivered": "good"}


def funnel(tally: Tally, rates: Mapping[str, Figure]) -> list[Stage]:
    """Sent, delivered, opened, clicked: all bars share the width of what was sent."""
    return [_stage(line, tally, rates) for line in _FUNNEL]


def troubles(tally: Tally, rates: Mapping[str, Figure]) -> list[Stage]:
    """What a sender has to look after: deferred, bounced, unsubscribed, reported."""
    return [_stage(line, tally, rates) for line in _TROUBLES]


def _stage(line: tuple[str, str, str, str], tally: Tally, rates: Mapping[str, Figure]) -> Stage:
    label, name, metric, outcome = line
    value: int | Reaction = getattr(tally, name)
    listed = ""
    if isinstance(value, Reaction):
        number, parts = round(getattr(tally, f"{name}_expected").mean), charts.bar(value, tally.sent)
        if number != value.human:
            listed = say("expected; %(count)s likely ones listed", count=figures.count(value.human))
    else:
        number, parts = value, charts.stack([(_KINDS.get(name, "bad"), value)], tally.sent)
    count = figures.count(number)
    return Stage(label=say(label), count=count, parts=parts, figure=rates.get(metric), outcome=outcome, listed=listed)


def sent(first: datetime | None, last: datetime | None, zone: ZoneInfo) -> str:
    """When a campaign was sent."""
    if first is None or last is None:
        return say("not sent yet")
    begin, end = figures.moment(first, zone), figures.moment(last, zone)
    if begin == end:
        return say("sent %(when)s", when=begin)
    same_day = figures.day(first, zone) == figures.day(last, zone)
    when = f"{begin}–{figures.clock(last, zone)}" if same_day else f"{begin} – {end}"  # noqa: RUF001 - a range
    return say("sent %(when)s", when=when)


def fresh(at: datetime | None, zone: ZoneInfo) -> str:
    """Up to when events are part of the page."""
    return say("no events yet") if at is None else say("events up to %(when)s", when=figures.moment(at, zone))


#: what lists hold: "80 campaigns"
CAMPAIGNS = forms("%(count)s campaign", "%(count)s campaigns")
CLICKS = forms("%(count)s click", "%(count)s clicks")
DOMAINS = forms("%(count)s domain", "%(count)s domains")
RECIPIENTS = forms("%(count)s recipient", "%(count)s recipients")
SUPPRESSIONS = forms("%(count)s suppression", "%(count)s suppressions")
UNSUBSCRIPTIONS = forms("%(count)s unsubscription", "%(count)s unsubscriptions")
OTHERS = forms("%(count)s other", "%(count)s others")
REFUSALS = forms("%(count)s refusal", "%(count)s refusals")
COPIES = forms("%(count)s copy", "%(count)s copies")
DAYS = forms("%(count)s day", "%(count)s days")


def entries(number: int, addresses: int) -> str:
    """Entries of a list that may have several of one address: "39 entries of 27 addresses"."""
    told = several("%(count)s entry", "%(count)s entries", number, count=figures.count(number))
    whose = several("%(count)s address", "%(count)s addresses", addresses, count=figures.count(addresses))
    return say("%(entries)s of %(addresses)s", entries=told, addresses=whose)


def listed(number: int, of: int, what: tuple[str, str]) -> str:
    """How many lines a list has: "12 of 80 campaigns".

    Args:
        number: lines shown.
        of: lines there are.
        what: a line and several, as `forms` of one ``count``.
    """
    shown = (
        figures.count(of)
        if number == of
        else say("%(shown)s of %(all)s", shown=figures.count(number), all=figures.count(of))
    )
    return several(*what, of, count=shown)
