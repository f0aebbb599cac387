"""`mailwake report`: what happened to the mail, in a terminal, as JSON or as CSV.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
The answer is the same to the byte, because both come from `insight`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.cli.report.mailing import send_now
from mailwake.cli.report.whole import report_changes, report_deliverability
from mailwake.errors import Misconfigured
from mailwake.events import Micros
from mailwake.insight.answers import CampaignReport, Overview, to_json
from mailwake.insight.stores import Stores
from mailwake.printing import campaigns as tables
from mailwake.settings import DEFAULT_FILE, Settings, load


def command(  # noqa: PLR0913 - one for each option
    campaign: Annotated[str, typer.Argument(help="Name or number of a campaign; without one, all of them.")] = "",
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
    reconcile: Annotated[bool, typer.Option("--reconcile", help="What its ESP told, and what we saw.")] = False,
    domains: Annotated[bool, typer.Option("--domains", help="Recipient domains instead: gateways, machines.")] = False,
    people: Annotated[Path | None, typer.Option("--people", help="CSV: what machines will do to a send to it.")] = None,
    bounces: Annotated[bool, typer.Option("--bounces", help="What came back instead: where, why, what to do.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="What changed since last week instead.")] = False,
    deliverability: Annotated[bool, typer.Option("--deliverability", help="Mailbox providers instead.")] = False,
    dialect: Annotated[str, typer.Option(help="In another tool's definitions: hubspot, braze, …, or all.")] = "",
    links: Annotated[float | None, typer.Option("--links", min=0.1, help="Links in that send; else as usual.")] = None,
    mail: Annotated[str, typer.Option(help="now: send the mails of [reports] at once, to try them.")] = "",
    look_up: Annotated[bool, typer.Option("--look-up", help="Ask the DNS who takes these domains' mail.")] = False,
) -> None:
    """Sent to unsubscribed: people, possible people and machines apart, every rate with its base and interval.

    Of one campaign also how many people opened, really: an estimate from pixels and clicks together, with its interval
    (docs/explain/opens.md).

    Example: mailwake report "Spring news" --json
    """
    _check(campaign, bounces=bounces, domains=domains, reconcile=reconcile, dialect=dialect)
    _check_whole(campaign, changes, deliverability, bounces or domains or reconcile or bool(dialect))
    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    if (people or links or look_up) and not domains:
        raise Misconfigured("--people, --links, --look-up", "they are about domains; add --domains")
    settings = load(config)
    if mail:
        send_now(settings, mail)
    elif domains:
        report_domains(settings, as_json=as_json, as_csv=as_csv, people=people, links=links, look_up=look_up)
    elif changes:
        report_changes(settings, as_json=as_json, as_csv=as_csv)
    elif deliverability:
        report_deliverability(settings, as_json=as_json, as_csv=as_csv)
    elif bounces:
        _bounces(settings, campaign, as_json=as_json, as_csv=as_csv)
    elif reconcile:
        _reconcile(settings, campaign, as_json=as_json, as_csv=as_csv)
    elif dialect:
        _definitions(settings, campaign, dialect, as_json=as_json, as_csv=as_csv)
    else:
        _rates(settings, campaign, as_json=as_json, as_csv=as_csv)


def _check(campaign: str, *, bounces: bool, domains: bool, reconcile: bool, dialect: str) -> None:
    if sum((bounces, domains, reconcile, bool(dialect))) > 1:
        raise Misconfigured("--bounces, --domains, --reconcile, --dialect", "each is a report of its own; choose one")
    if domains and campaign:
        raise Misconfigured("--domains", "it is about all campaigns; leave the name out")
    if (reconcile or dialect) and not campaign:
        raise Misconfigured("--reconcile, --dialect", "they are about one campaign; name it")


def _check_whole(campaign: str, *wanted: bool) -> None:
    """Of reports about all campaigns, the last of `wanted` being all the others together."""
    if any(wanted[:-1]) and (campaign or sum(wanted) > 1):
        raise Misconfigured(
            "--changes, --deliverability", "each is a report of its own about all campaigns; leave the rest out"
        )


def _rates(settings: Settings, campaign: str, *, as_json: bool, as_csv: bool) -> None:
    body = read(settings, campaign)
    if as_json:
        sys.stdout.write(body.decode())
    elif campaign:
        report = msgspec.json.decode(body, type=CampaignReport)
        tables.campaign_csv(report) if as_csv else tables.show_campaign(report)
    else:
        overview = msgspec.json.decode(body, type=Overview)
        tables.overview_csv(overview) if as_csv else tables.show_overview(overview)


def read(settings: Settings, campaign: str) -> bytes:
    """The JSON answer, from whoever can give it.

    Args:
        settings: of the installation.
        campaign: name or number; empty: all campaigns.

    Raises:
        BadInput: there is no such campaign.
        Unavailable: nobody can answer just now.
    """
    path = f"/api/campaigns/{quote(campaign, safe='')}" if campaign else "/api/campaigns"
    return answer_of(settings, path, lambda stores: _campaigns(stores, campaign))


def _reconcile(settings: Settings, campaign: str, *, as_json: bool, as_csv: bool) -> None:
    from mailwake.insight import reconcile as asked
    from mailwake.insight.report import find
    from mailwake.printing import reconcile as reconcile_view

    def answer(stores: Stores) -> bytes:
        return asked.to_json(asked.reconcile(stores, find(stores, campaign)))

    body = answer_of(settings, f"/api/campaigns/{quote(campaign, safe='')}/reconcile", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Reconciliation)
    reconcile_view.write_csv(told) if as_csv else reconcile_view.show(told)


def _definitions(settings: Settings, campaign: str, dialect: str, *, as_json: bool, as_csv: bool) -> None:
    from mailwake.insight import dialects as asked
    from mailwake.insight.report import find
    from mailwake.printing import definitions as definitions_tables

    only = "" if dialect == "all" else dialect

    def answer(stores: Stores) -> bytes:
        return asked.to_json(asked.definitions(stores, find(stores, campaign), only))

    path = f"/api/campaigns/{quote(campaign, safe='')}/definitions?dialect={quote(only, safe='')}"
    body = answer_of(settings, path, answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Definitions)
    definitions_tables.write_csv(told) if as_csv else definitions_tables.show(told)


def _bounces(settings: Settings, campaign: str, *, as_json: bool, as_csv: bool) -> None:
    from mailwake.deliverability import returned as asked
    from mailwake.insight.report import find
    from mailwake.insight.stores import zone_named
    from mailwake.printing import bounces as bounces_tables

    def answer(stores: Stores) -> bytes:
        only = find(stores, campaign) if campaign else None
        return asked.to_json(asked.returned(stores, now=Micros(time.time_ns() // 1_000), campaign=only))

    path = f"/api/campaigns/{quote(campaign, safe='')}/bounces" if campaign else "/api/bounces"
    body = answer_of(settings, path, answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Returned)
    bounces_tables.write_csv(told) if as_csv else bounces_tables.show(told, zone_named(settings.web.timezone))


def report_domains(
    settings: Settings,
    *,
    as_json: bool = False,
    as_csv: bool = False,
    people: Path | None = None,
    links: float | None = None,
    look_up: bool = False,
) -> None:
    """The domains, or what machines will do to a send to a list of people."""
    from mailwake.atlas.answers import Atlas
    from mailwake.atlas.answers import to_json as atlas_to_json
    from mailwake.atlas.domains import everybody, forecast
    from mailwake.cli.report import domains as printed

    if look_up:
        printed.look_up(settings)
    body = answer_of(settings, "/api/domains", _atlas)
    known = msgspec.json.decode(body, type=Atlas)
    audience = everybody(known) if people is None else printed.audience(people)
    told = forecast(known, audience, links=links)
    if people is not None:
        answer = atlas_to_json(told)
        sys.stdout.write(answer.decode()) if as_json else printed.show_forecast(told, as_csv=as_csv)
    elif as_json:
        sys.stdout.write(body.decode())
    else:
        printed.domains_csv(known) if as_csv else printed.show(known, told)


def _atlas(stores: Stores) -> bytes:
    from mailwake.atlas.answers import to_json as atlas_to_json
    from mailwake.atlas.domains import atlas

    return atlas_to_json(atlas(stores, now=Micros(time.time_ns() // 1_000)))


def _campaigns(stores: Stores, campaign: str) -> bytes:
    from mailwake.insight.report import campaign_report, find, overview

    return to_json(campaign_report(stores, find(stores, campaign)) if campaign else overview(stores))
