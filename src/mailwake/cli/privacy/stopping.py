"""The switch of the installation: nothing is recorded of anybody, while pixels and links go on working."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.keeping import tell_edges
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.withdrawals import Stop, open_withdrawals

AXES = ("opens", "clicks")
OpensOption = Annotated[bool, typer.Option("--opens", help="Opens alone.")]
ClicksOption = Annotated[bool, typer.Option("--clicks", help="Clicks alone.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]


def stop_recording(
    why: WhyOption,
    opens: OpensOption = False,
    clicks: ClicksOption = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Record no open and no click of anybody any more, also of mail already delivered. Takes effect in seconds.

    Pixels, links and pages answer as ever, and people may still unsubscribe and withdraw.

    Example: mailwake privacy stop-recording --why "we were asked to"
    """
    axes = _axes(opens=opens, clicks=clicks)
    stops = [_stop(axis, is_stopped=True, why=why) for axis in axes]
    with audited_act(config, Action.RECORDING_STOPPED, Thing("axes", " ".join(axes))):
        _put(config, stops)
    print(f"nothing is recorded of {' and '.join(axes)} any more; `mailwake privacy resume` takes it up again")


def resume(  # noqa: PLR0917 - a command has as many parameters as options
    why: WhyOption,
    opens: OpensOption = False,
    clicks: ClicksOption = False,
    new_mail: Annotated[
        bool, typer.Option("--new-mail", help="Only for mail that is sent from tomorrow (UTC) on.")
    ] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Record again what `stop-recording` stopped. Whoever withdrew stays withdrawn.

    Example: mailwake privacy resume --clicks --new-mail --why "the question is settled"
    """
    axes = _axes(opens=opens, clicks=clicks)
    only_after = _now() if new_mail else None
    stops = [_stop(axis, is_stopped=False, why=why, only_after=only_after) for axis in axes]
    with audited_act(config, Action.RECORDING_RESUMED, Thing("axes", " ".join(axes))):
        _put(config, stops)
    which = "for mail that is sent from tomorrow on" if new_mail else "for all mail"
    print(f"{' and '.join(axes)} are recorded again, {which}, as far as modes and consent allow")


def recording(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Say whether anything is recorded, and who stopped it.

    Example: mailwake privacy recording
    """
    settings = load(config)
    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as store:
        stops = store.stops()
    if as_json:
        print(json.dumps({axis: stops[axis]._asdict() if axis in stops else None for axis in AXES}))
        return
    for axis in AXES:
        print(f"{axis:<7} {in_words(stops, axis)}")


def in_words(stops: Mapping[str, Stop], axis: str) -> str:
    """What holds on an axis."""
    stop = stops.get(axis)
    if stop is None:
        return "recorded, as far as modes and consent allow"
    told = f"{_day(stop.at)} by {stop.by}: {stop.why}"
    if stop.is_stopped:
        return f"stopped since {told}"
    if stop.only_after is not None:
        return f"recorded again for mail of the days after {_day(stop.only_after)}, since {told}"
    return f"recorded again since {told}"


def _axes(*, opens: bool, clicks: bool) -> tuple[str, ...]:
    return AXES if opens == clicks else ("opens",) if opens else ("clicks",)


def _stop(axis: str, *, is_stopped: bool, why: str, only_after: Micros | None = None) -> Stop:
    if not why.strip():
        raise BadInput("say why with --why; it is kept beside who did it and when")
    by = f"command line ({getpass.getuser()})"[:64]
    return Stop(axis=axis, is_stopped=is_stopped, only_after=only_after, at=_now(), by=by, why=why.strip())


def _put(config: str, stops: list[Stop]) -> None:
    settings = load(config)
    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as store:
        store.put_stops(stops)
    tell_edges(settings)


def _now() -> Micros:
    return Micros(time.time_ns() // 1_000)


def _day(at: Micros) -> str:
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%d %H:%M} UTC"
