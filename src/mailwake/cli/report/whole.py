"""Reports on all campaigns together: what changed since last week, and how mail fares at each provider."""

from __future__ import annotations

import sys
import time

import msgspec

from mailwake.cli.report.asking import answer_of
from mailwake.events import Micros
from mailwake.insight.stores import Stores, zone_named
from mailwake.settings import Settings


def report_changes(settings: Settings, *, as_json: bool, as_csv: bool) -> None:
    """What changed since last week."""
    from mailwake.comparing import changes as asked
    from mailwake.insight.report import overview
    from mailwake.printing import changes as changes_tables

    def answer(stores: Stores) -> bytes:
        return asked.to_json(asked.changes(stores, overview(stores), now=_now()))

    body = answer_of(settings, "/api/changes", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=asked.Changes)
    changes_tables.write_csv(told) if as_csv else changes_tables.show(told, zone_named(settings.web.timezone))


def report_deliverability(settings: Settings, *, as_json: bool, as_csv: bool) -> None:
    """How mail fares at each mailbox provider."""
    from mailwake.deliverability import answers
    from mailwake.deliverability.board import deliverability
    from mailwake.printing import deliverability as provider_tables

    def answer(stores: Stores) -> bytes:
        return answers.to_json(deliverability(stores, now=_now()))

    body = answer_of(settings, "/api/deliverability", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=answers.Deliverability)
    provider_tables.write_csv(told) if as_csv else provider_tables.show(told, zone_named(settings.web.timezone))


def _now() -> Micros:
    return Micros(time.time_ns() // 1_000)
