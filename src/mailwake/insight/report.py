"""What happened to a campaign, and to all of them.

The command line, the API and the pages show these answers and nothing else, so the same number stands everywhere.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from mailwake.errors import BadInput
from mailwake.events import SECOND, CampaignId
from mailwake.insight import opens, series, tally
from mailwake.insight.answers import CampaignLine, CampaignReport, Group, Hits, LinkLine, Overview, Ruleset
from mailwake.insight.cells import Counters, counters
from mailwake.insight.link_reasons import WhyMachines, why_machines
from mailwake.insight.metrics import rates, true_open_rate
from mailwake.insight.stores import Stores, moment
from mailwake.insight.tally import NOBODY, Reaction, Tally, reaction
from mailwake.insight.whole import whole_rates
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Campaign, LinkRow

Row = Mapping[str, Any]
_PROXIED = {"proxied": "unknown, because proxied"}


class NoSuchCampaign(BadInput):
    """A campaign was asked for that does not exist. The message names the nearest."""


def overview(stores: Stores) -> Overview:
    """All campaigns, last sent first, and their sum."""
    counted: dict[CampaignId, list[Row]] = {}
    for row in stores.events.ask("campaigns_counts") + stores.events.ask("rolled"):
        counted.setdefault(CampaignId(row["campaign"]), []).append(row)
    known = {campaign.id: campaign for campaign in stores.state.campaigns()}
    judged: dict[int, Counter[str]] = {}
    for row in stores.events.ask("rulesets"):
        judged.setdefault(row["campaign"], Counter())[row["ruleset"]] = row["verdicts"]
    lines = [
        _line(each, known.get(each), counted.get(each, []), judged.get(each, Counter()))
        for each in dict.fromkeys((*known, *counted))
    ]
    latest = stores.events.ask("latest")[0]
    return Overview(
        fresh_at=moment(latest["received_at"]),
        total=tally.add(line.tally for line in lines),
        campaigns=tuple(sorted(lines, key=_newest_first)),
        rulesets=_rulesets(sum(judged.values(), Counter())),
    )


def _newest_first(line: CampaignLine) -> tuple[bool, float, int]:
    return (line.sent_from is not None, -line.sent_from.timestamp() if line.sent_from else 0.0, -int(line.id))


def _line(
    id: CampaignId,  # noqa: A002 - an id it is
    campaign: Campaign | None,
    rows: Sequence[Row],
    judged: Counter[str],
) -> CampaignLine:
    """The line of what stands in rows, and of what stood in rows that nobody may keep for longer."""
    counts = tally.add(map(tally.read, rows)) if len(rows) > 1 else tally.read(rows[0]) if rows else Tally()
    from_at = min((row["sent_from"] for row in rows if row["sent_from"] is not None), default=None)
    to_at = max((row["sent_to"] for row in rows if row["sent_to"] is not None), default=None)
    return CampaignLine(
        id=str(id),
        name=_name(id, campaign),
        stream="" if campaign is None else campaign.stream,
        sent_from=moment(from_at),
        sent_to=moment(to_at),
        tally=counts,
        rates=rates(counts),
        rulesets=_rulesets(judged),
    )


def _rulesets(judged: Counter[str]) -> tuple[Ruleset, ...]:
    """Each with its share, most first; of equal ones by name."""
    most_first = sorted(judged.items(), key=lambda each: (-each[1], each[0]))
    total = judged.total()
    return tuple(Ruleset(id=name, verdicts=n, share=n / total) for name, n in most_first)


def _name(id: CampaignId, campaign: Campaign | None) -> str:  # noqa: A002
    """An event may name a campaign that the state store lost; it is shown rather than hidden."""
    return f"campaign {id}" if campaign is None else campaign.name


def find(stores: Stores, wanted: str) -> Campaign:
    """The campaign with this name or id.

    Raises:
        NoSuchCampaign: there is none.
    """
    found = stores.state.find_campaign(wanted)
    if found is not None:
        return found
    raise NoSuchCampaign(unknown(wanted, (campaign.name for campaign in stores.state.campaigns())))


def unknown(wanted: str, names: Iterable[str]) -> str:
    """What to say when there is no such campaign."""
    by_lower = {name.lower(): name for name in names}
    if not by_lower:
        return f"there is no campaign {wanted!r}, nor any other yet; send one with `mailwake send` or through the relay"
    near = difflib.get_close_matches(wanted.lower(), by_lower, n=1, cutoff=0.0)
    return f"there is no campaign {wanted!r}; the nearest is {by_lower[near[0]]!r}"


def campaign_report(stores: Stores, campaign: Campaign) -> CampaignReport:
    """Everything known about one campaign."""
    ask = stores.events.ask
    rows = ask("campaign_counts", campaign=campaign.id)
    rows += [row for row in ask("rolled") if row["campaign"] == campaign.id]
    judged = Counter({row["ruleset"]: row["verdicts"] for row in ask("campaign_rulesets", campaign=campaign.id)})
    line = _line(campaign.id, campaign, rows, judged)
    counted = counters(stores.events, campaign.id)
    machines = why_machines(stores, campaign)
    over_time = _over_time(stores, campaign, line)
    span = ask("span", campaign=campaign.id)[0]
    found = _true_opens(stores, campaign, line, span)
    return CampaignReport(
        id=line.id,
        name=line.name,
        stream=line.stream,
        subjects=tuple(dict.fromkeys(each.subject for each in stores.state.templates(campaign.id))),
        sent_from=line.sent_from,
        sent_to=line.sent_to,
        fresh_at=moment(span["received_at"]),
        tally=line.tally,
        rates=(*line.rates, true_open_rate(found), *whole_rates(ask("coverage", campaign=campaign.id))),
        true_opens=found,
        over_time=over_time,
        first_day=_first_day(stores, campaign, line, over_time),
        links=_links(stores, campaign, counted, machines),
        clients=_groups(ask("clients", campaign=campaign.id), "client", {}),
        devices=_groups(ask("devices", campaign=campaign.id), "device", _PROXIED),
        countries=_groups(ask("countries", campaign=campaign.id), "country", {**country_names(), **_PROXIED}),
        counted_only=Hits(opened=counted.totals["opened"], clicked=counted.totals["clicked"]),
        rulesets=line.rulesets,
        machines=machines.get(("", 0)),
    )


def _true_opens(stores: Stores, campaign: Campaign, line: CampaignLine, span: Row) -> opens.TrueOpens:
    """Who is behind Apple's proxy is told by what it fetched from so many days before the campaign until its end."""
    if line.sent_from is None or span["last_at"] is None:
        return opens.from_rows((), ())
    since = int((line.sent_from - timedelta(days=opens.PROXY_DAYS)).timestamp()) * SECOND
    until = Sliding(span["last_at"] + 1, "the end")
    rows = stores.events.ask("openers", campaign=campaign.id, since=since, until=until)
    rulesets = stores.events.ask("campaign_rulesets", campaign=campaign.id)
    return opens.from_rows(rows, (row["ruleset"] for row in rulesets))


def _over_time(stores: Stores, campaign: Campaign, line: CampaignLine) -> series.Series | None:
    """From the first copy sent to the last open or click; a bounce a week later stretches nothing."""
    hours = _buckets(stores, campaign, series.HOUR)
    if not hours:
        return None
    first_at, last_at = hours[0]["bucket_at"], hours[-1]["bucket_at"]
    if line.sent_from is not None:
        first_at = min(first_at, int(line.sent_from.timestamp()) * SECOND)
    step = series.choose_step(first_at, last_at)
    fine_step = series.fine_step(step, stores.zone, last_at)
    rows = hours if fine_step == series.HOUR else _buckets(stores, campaign, fine_step)
    return series.fold(_fine(rows), first_at=first_at, last_at=rows[-1]["bucket_at"], step=step, zone=stores.zone)


def _first_day(
    stores: Stores, campaign: Campaign, line: CampaignLine, whole: series.Series | None
) -> series.Series | None:
    """Most happens on the first day, and in a chart of weeks it is one column."""
    if whole is None:
        return None
    first, last = line.sent_from or whole.points[0].start, whole.points[-1].start
    if (last - first).total_seconds() < series.DAY:
        return None
    return _from(stores, campaign, first, length=series.DAY, step=series.QUARTER)


def first_hour(stores: Stores, campaign: Campaign, report: CampaignReport) -> series.Series | None:
    """A campaign's first hour in minutes, in which machines do most of what they do.

    Args:
        stores: where to look.
        campaign: whose.
        report: the answer about it; None comes back where it is as fine, or may not tell when somebody did something.
    """
    whole = report.over_time
    if whole is None or whole.step_seconds <= series.MINUTE:
        return None
    return _from(stores, campaign, report.sent_from or whole.points[0].start, length=series.HOUR, step=series.MINUTE)


def _from(stores: Stores, campaign: Campaign, first: datetime, *, length: int, step: int) -> series.Series:
    """So many seconds from a moment on, in steps of so many."""
    first_at = int(first.timestamp()) * SECOND
    last_at = first_at + (length - step) * SECOND
    rows = [row for row in _buckets(stores, campaign, step) if row["bucket_at"] <= last_at]
    return series.fold(_fine(rows), first_at=first_at, last_at=last_at, step=step, zone=stores.zone)


def _buckets(stores: Stores, campaign: Campaign, seconds: int) -> list[dict[str, Any]]:
    return stores.events.ask("over_time", campaign=campaign.id, bucket_seconds=seconds)


def _fine(rows: Iterable[Row]) -> dict[tuple[int, str, str], int]:
    return {
        (row["bucket_at"] // SECOND, row["type"], who): int(row[who])
        for row in rows
        for who in ("human", "possible", "machine")
    }


def _links(
    stores: Stores, campaign: Campaign, counted: Counters, machines: Mapping[tuple[str, int], WhyMachines]
) -> tuple[LinkLine, ...]:
    clicked = {(row["template"], row["link"]): row for row in stores.events.ask("links", campaign=campaign.id)}
    subjects: dict[Any, str] = {each.id: each.subject for each in stores.state.templates(campaign.id)}
    lines = [
        _link(link, clicked, counted, machines, subject=subjects.get(link.template, ""))
        for link in stores.state.links(campaign.id)
        if link.tracked
    ]
    return tuple(sorted(lines, key=_most_people_first))


def _link(
    link: LinkRow,
    clicked: Mapping[Any, Row],
    counted: Counters,
    machines: Mapping[tuple[str, int], WhyMachines],
    *,
    subject: str,
) -> LinkLine:
    place = (link.template, link.number)
    return LinkLine(
        template=str(link.template),
        number=link.number,
        label=link.label,
        role=link.role,
        href=link.href,
        clicked=_reaction(clicked[place]) if place in clicked else NOBODY,
        hits=counted.clicks(link.template or 0, link.number),
        subject=subject,
        where=link.where,
        machines=machines.get((str(link.template), link.number)),
    )


def _most_people_first(line: LinkLine) -> tuple[int, ...]:
    clicked = line.clicked
    return (-clicked.human, -clicked.possible, -clicked.machine, -(line.hits or 0), int(line.template), line.number)


def _groups(rows: Iterable[Row], column: str, labels: Mapping[str, str]) -> tuple[Group, ...]:
    found: dict[str | None, dict[str, Reaction]] = {}
    for row in rows:
        found.setdefault(row[column], {})[row["type"]] = _reaction(row)
    groups = [
        Group(
            name=name,
            label="unknown" if name is None else labels.get(name, name),
            opened=by_type.get("opened", NOBODY),
            clicked=by_type.get("clicked", NOBODY),
        )
        for name, by_type in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.opened.raw, -group.clicked.raw, group.label)))


def _reaction(row: Row) -> Reaction:
    return reaction(human=row["human"], possible=row["possible"], machine=row["machine"])


@cache
def country_names() -> dict[str, str]:
    """ISO 3166-1 alpha-2 to English name."""
    text = files("mailwake.insight").joinpath("countries.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t", 1) for line in text.splitlines() if not line.startswith("#"))
    return {code: name.strip() for code, name in pairs}
