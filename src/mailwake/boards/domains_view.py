"""What the page of recipient domains shows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.atlas.answers import Atlas, DomainLine, Forecast, Gateway, Operator, Share
from mailwake.atlas.domains import domain_metrics
from mailwake.drawing import charts, figures, pieces
from mailwake.drawing.charts import Column
from mailwake.language import noted, say, several

#: what a network is, for people
KINDS = {
    "scanner": noted("mail security"),
    "cloud": noted("cloud"),
    "hosting": noted("rented servers"),
    "gateway": noted("web gateway"),
    "relay": noted("privacy relay"),
    "corporate": noted("company network"),
    "residential": noted("homes"),
    "mobile": noted("phones"),
    "unknown": noted("unknown network"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareView:
    """A share, ready to read."""

    metric: str
    label: str
    percent: str
    count: str
    #: "of 1,912 clicks judged"
    base: str
    span: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A domain in the table."""

    name: str
    recipients: str
    gateway: str
    #: how it shows: by exchanger, by whose machines click
    signs: tuple[str, ...]
    copies: ShareView
    clicks: ShareView
    columns: tuple[Column, ...]
    #: the histogram in words
    delays: str


def values(answer: Atlas, told: Forecast, zone: ZoneInfo) -> dict[str, Any]:
    """What `domains.html` names."""
    labels = delay_labels(answer.delay_edges)
    lines = [_line(each, labels, zone) for each in answer.domains]
    return {
        "domains": lines,
        "others": None if answer.others is None else _line(answer.others, labels, zone),
        "any_copy": answer.copies > 0,
        "listed": pieces.listed(len(lines), len(lines), pieces.DOMAINS),
        "since": say("mail since %(day)s", day=figures.day(answer.since, zone)),
        "least": answer.least_recipients,
        "labels": labels,
        "people": figures.count(told.copies),
        "links": say(figures.CANNOT_SAY) if told.links is None else f"{told.links:.0f}",
        "tiles": [share(told.false_clicks), share(told.machine_copies)],
        "definitions": [
            {"label": say(metric.label), "sentence": say(metric.sentence), "metric": metric.id}
            for metric in domain_metrics().values()
        ],
    }


def share(found: Share) -> ShareView:
    """A share with its base in text, and as a sentence for the hover."""
    sentence = domain_metrics()[found.metric].sentence
    base = say("of %(base)s %(base_name)s", base=_number(found.base), base_name=say(found.base_name))
    span = figures.span(found.low, found.high)
    told = pieces.with_interval(found.rate, span) if span else found.cannot_say
    return ShareView(
        metric=found.metric,
        label=say(found.label),
        percent=figures.percent(found.rate),
        count=_number(found.count),
        base=base,
        span=span,
        says=pieces.in_a_sentence(found.label, sentence, count=_number(found.count), base=base, told=told),
    )


def _number(number: float) -> str:
    """Expected numbers may be fractions; more than one decimal says nothing."""
    return figures.count(int(number)) if number == int(number) else f"{number:,.1f}"


def delay_labels(edges: tuple[int, ...]) -> tuple[str, ...]:
    """The bins of delay in words: "below 2 s", "2 s to 10 s", ..., "later than 6 hours"."""
    words = [figures.duration(edge) for edge in edges]
    between = [say("%(low)s to %(high)s", low=low, high=high) for low, high in pairwise(words)]
    return (say("below %(time)s", time=words[0]), *between, say("later than %(time)s", time=words[-1]))


def _line(line: DomainLine, labels: tuple[str, ...], zone: ZoneInfo) -> Line:
    clicks = sum(line.delays)
    often = max(range(len(labels)), key=lambda place: line.delays[place])
    told = say("no machine clicked")
    if clicks:
        told = several(
            "%(count)s click, %(delay)s after delivery",
            "%(count)s clicks, most often %(delay)s after delivery",
            clicks,
            count=figures.count(clicks),
            delay=labels[often],
        )
    people = pieces.listed(line.recipients, line.recipients, pieces.RECIPIENTS)
    domains = pieces.listed(line.domains, line.domains, pieces.DOMAINS)
    gateway, signs = ("", ()) if line.gateway is None else (gateway_name(line.gateway), _signs(line.gateway, zone))
    return Line(
        name=say("Other domains") if line.name is None else line.name,
        recipients=people
        if line.name is not None
        else say("%(people)s at %(domains)s", people=people, domains=domains),
        gateway=gateway,
        signs=signs,
        copies=share(line.machine_copies),
        clicks=share(line.machine_clicks),
        columns=charts.histogram(line.delays, labels, pieces.CLICKS) if clicks else (),
        delays=told,
    )


def gateway_name(gateway: Gateway) -> str:
    """Who stands before a domain; the exchanger is a fact, clicks are a sign."""
    return gateway.by_exchanger or gateway.by_clicks or say("not known")


def _signs(gateway: Gateway, zone: ZoneInfo) -> tuple[str, ...]:
    if gateway.exchangers is None:
        by_exchanger = say("MX not looked up")
    elif not gateway.exchangers:
        by_exchanger = say("has no MX")
    else:
        by_exchanger = f"MX {gateway.exchangers[0]}"
        if gateway.looked_up_at is not None:
            looked = figures.day(gateway.looked_up_at, zone)
            by_exchanger = say("MX %(host)s, looked up %(day)s", host=gateway.exchangers[0], day=looked)
    return (by_exchanger, *(_operator(each) for each in gateway.operators[:2]))


def _operator(operator: Operator) -> str:
    name = operator.name or ("AS" + str(operator.asns[0]) if operator.asns else "")
    kind = say(KINDS.get(operator.kind, operator.kind))
    who = f"{name} ({kind})" if name else kind
    return several(
        "%(count)s machine click from %(who)s",
        "%(count)s machine clicks from %(who)s",
        operator.clicks,
        count=figures.count(operator.clicks),
        who=who,
    )
