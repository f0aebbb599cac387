"""Reads what the org tracked by itself, and shows where it and we disagree."""

from __future__ import annotations

import sys
import time
from contextlib import closing

import msgspec

from mailwake.cli.report.asking import answer_of
from mailwake.cli.salesforce.opening import opened
from mailwake.drawing.terminal import visible
from mailwake.errors import Misconfigured
from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.native.reading import Found, Reader
from mailwake.native.report import NativeReport, report, to_json
from mailwake.printing import native as tables
from mailwake.settings import load
from mailwake.store.native import open_native


def reconcile(config: str, *, days: int, read: bool, as_json: bool, as_csv: bool) -> None:
    """Read, where wanted, and print the comparison.

    Raises:
        Misconfigured: both JSON and CSV are asked for, or no org is named.
    """
    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    if read:
        _tell(_read(config))
    settings = load(config)

    def answer(stores: Stores) -> bytes:
        with closing(open_native(settings.data_folder / "state.sqlite")) as store:
            return to_json(report(stores, store, now=Micros(time.time_ns() // 1_000), days=days))

    body = answer_of(settings, f"/api/salesforce/reconcile?days={days}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=NativeReport)
    tables.write_csv(told) if as_csv else tables.show(told)


def _read(config: str) -> Found:
    settings = load(config)
    with opened(config, events=False) as office, closing(open_native(settings.data_folder / "state.sqlite")) as store:
        desk = office.desk
        reader = Reader(org=desk.org, state=desk.around.state, store=store, keep_days=settings.salesforce.row_days)
        with desk.counted(), office.progress("reading what the org tracked") as progress:
            return reader.read(now=desk.now, progress=progress)


def _tell(found: Found) -> None:
    """What is missing goes to standard error, so that JSON and CSV stay what they are."""
    lines = [f"the org has no {name}, or hides it from us" for name in found.missing]
    lines += [f"hidden from us: {name}" for name in found.hidden]
    for line in lines:
        print(visible(line), file=sys.stderr)
