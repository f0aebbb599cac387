"""`mailwake report`: what happened to the mail, in a terminal, as JSON or as CSV.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
The answer is the same to the byte, because both come from `insight`.
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote, urlsplit

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput, Misconfigured, Unavailable
from mailwake.events import Micros
from mailwake.insight.answers import CampaignReport, Overview, to_json
from mailwake.insight.stores import Stores
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.views import tables
from mailwake.web import address

#: a report over a large store may take its time, an answer that never comes may not
TIMEOUT_SECONDS = 60.0


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
    links: Annotated[float | None, typer.Option("--links", min=0.1, help="Links in that send; else as usual.")] = None,
    look_up: Annotated[bool, typer.Option("--look-up", help="Ask the DNS who takes these domains' mail.")] = False,
) -> None:
    """Sent to unsubscribed: people, possible people and machines apart, every rate with its base and interval.

    Of one campaign also how many people opened, really: an estimate from pixels and clicks together, with its interval
    (docs/explain/opens.md).

    Example: mailwake report "Spring news" --json
    """
    if bounces and (domains or reconcile):
        raise Misconfigured("--bounces", "it is a report of its own; leave --domains and --reconcile out")
    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    if (people or links or look_up) and not domains:
        raise Misconfigured("--people, --links, --look-up", "they are about domains; add --domains")
    if domains and campaign:
        raise Misconfigured("--domains", "it is about all campaigns; leave the name out")
    if reconcile and not campaign:
        raise Misconfigured("--reconcile", "it is about one campaign; name it")
    if domains:
        report_domains(load(config), as_json=as_json, as_csv=as_csv, people=people, links=links, look_up=look_up)
        return
    if bounces:
        _bounces(load(config), campaign, as_json=as_json, as_csv=as_csv)
        return
    if reconcile:
        _reconcile(load(config), campaign, as_json=as_json, as_csv=as_csv)
        return
    body = read(load(config), campaign)
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
    return _read(settings, path, lambda stores: _campaigns(stores, campaign))


def _reconcile(settings: Settings, campaign: str, *, as_json: bool, as_csv: bool) -> None:
    from mailwake.insight import reconcile as asked
    from mailwake.insight.report import find
    from mailwake.views import reconcile_view

    def answer(stores: Stores) -> bytes:
        return asked.to_json(asked.reconcile(stores, find(stores, campaign)))

    body = _read(settings, f"/api/campaigns/{quote(campaign, safe='')}/reconcile", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Reconciliation)
    reconcile_view.write_csv(told) if as_csv else reconcile_view.show(told)


def _bounces(settings: Settings, campaign: str, *, as_json: bool, as_csv: bool) -> None:
    from mailwake.insight import returned as asked
    from mailwake.insight.report import find
    from mailwake.insight.stores import zone_named
    from mailwake.views import bounces_tables

    def answer(stores: Stores) -> bytes:
        only = find(stores, campaign) if campaign else None
        return asked.to_json(asked.returned(stores, now=Micros(time.time_ns() // 1_000), campaign=only))

    path = f"/api/campaigns/{quote(campaign, safe='')}/bounces" if campaign else "/api/bounces"
    body = _read(settings, path, answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Returned)
    bounces_tables.write_csv(told) if as_csv else bounces_tables.show(told, zone_named(settings.web.timezone))


def _read(settings: Settings, path: str, otherwise: Callable[[Stores], bytes]) -> bytes:
    """What a running dashboard answers, or what the stores say when there is none."""
    running = address.read(settings.data_folder)
    if running is not None:
        answer = ask(running.url, path)
        if answer is not None:
            return answer
    return _open_and_ask(settings, otherwise)


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
    from mailwake.cli import report_domains as printed
    from mailwake.insight.atlas import everybody, forecast
    from mailwake.insight.atlas_answers import Atlas
    from mailwake.insight.atlas_answers import to_json as atlas_to_json

    if look_up:
        printed.look_up(settings)
    body = _read(settings, "/api/domains", _atlas)
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
    from mailwake.insight.atlas import atlas
    from mailwake.insight.atlas_answers import to_json as atlas_to_json

    return atlas_to_json(atlas(stores, now=Micros(time.time_ns() // 1_000)))


def ask(url: str, path: str) -> bytes | None:
    """The answer of a running dashboard; None: nobody listens there any more.

    Raises:
        BadInput: it has no such campaign.
        Unavailable: it cannot answer.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read()
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(f"the dashboard on {url} does not answer: {fault}; try again") from None
    finally:
        connection.close()
    if response.status == 200:
        return body
    raise _fault(response.status, body, url)


def _fault(status: int, body: bytes, url: str) -> BadInput | Unavailable:
    try:
        said = str(msgspec.json.decode(body, type=dict[str, str])["error"])
    except (msgspec.DecodeError, KeyError):
        said = f"the dashboard on {url} answers {status}; its log says more"
    return BadInput(said) if status in (400, 404) else Unavailable(said)


def _campaigns(stores: Stores, campaign: str) -> bytes:
    from mailwake.insight.report import campaign_report, find, overview

    return to_json(campaign_report(stores, find(stores, campaign)) if campaign else overview(stores))


def _open_and_ask(settings: Settings, answer: Callable[[Stores], bytes]) -> bytes:
    from mailwake.insight.stores import zone_named
    from mailwake.store.events import open_events
    from mailwake.store.state import open_state

    zone = zone_named(settings.web.timezone)
    with TemporaryDirectory() as spare:
        events_path = _existing(settings.data_folder / "events.duckdb", Path(spare))
        state_path = _existing(settings.data_folder / "state.sqlite", Path(spare))
        events = open_events(events_path, read_only=events_path.exists())
        state = open_state(state_path)
        try:
            return answer(Stores(state=state, events=events, zone=zone))
        finally:
            events.close()
            state.close()


def _existing(path: Path, spare: Path) -> Path:
    """The file, or an empty stand-in elsewhere: a report about nothing leaves nothing behind."""
    return path if path.exists() else spare / path.name
