"""`mailwake privacy retention`: what is older than it may be, shown before it goes."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import Annotated

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.events import Micros
from mailwake.retention.clock import Clock
from mailwake.retention.nightly import apply_surely
from mailwake.retention.plan import Going, Plan, Shelf, plan, to_json
from mailwake.serving import address
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.days import open_days

_PATH = "/api/privacy/retention"
_WORDS = {
    "rows": "rows",
    "last_open_days": "days of a last open",
    "raw_requests": "files of raw requests",
    "set_aside": "records set aside",
    "unread": "mails kept for a person to read",
}


def retention(
    *,
    config: ConfigOption = DEFAULT_FILE,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without, it is shown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
) -> None:
    """Show what is older than it may be kept, by type and mode; remove it with --apply. Totals stay.

    Example: mailwake privacy retention --apply
    """
    from mailwake.cli.report.asking import ask  # its room draws tables, which no role can

    settings = load(config)
    running = address.read(settings.data_folder)
    body = None if running is None else ask(running.url, _PATH, b"{}" if apply else None)
    if body is None:
        body = to_json(_alone(settings, apply=apply))
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=Plan)
    for each in found.going:
        print(_line(each))
    if not found.going:
        print("nothing is older than it may be")
        return
    totals = f"{found.copies:,} copies of {found.campaigns:,} campaigns; their totals are kept"
    print(f"removed, of {totals}" if found.done else f"nothing was removed yet; --apply removes it: {totals}")


def _alone(settings: Settings, *, apply: bool) -> Plan:
    """By ourselves, where no dashboard owns the event store."""
    from mailwake.cli.replay import open_history

    def wall() -> int:
        return time.time_ns() // 1_000

    now = Micros(wall())
    with (
        closing(open_history(settings, read_only=not apply)) as events,
        closing(open_days(settings.data_folder / "state.sqlite")) as days,
    ):
        shelf = Shelf(events=events, days=days, settings=settings)
        if not apply:
            return plan(shelf, now=now)
        return apply_surely(shelf, Clock(settings.data_folder, wall=wall), now=now)


def _line(each: Going) -> str:
    kind = " ".join(word for word in (each.type, f"({each.mode})" if each.mode else "") if word)
    what = " ".join(word for word in (_WORDS.get(each.what, each.what), kind) if word)
    return f"{each.count:>12,}  {what} · kept {each.keep_days:,} days"
