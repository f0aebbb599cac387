"""`mailwake report --mail now`: the mails of ``[reports]`` at once; what is due later comes all the same."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import msgspec

from mailwake.cli.report.asking import answer_of
from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import SECOND
from mailwake.insight.answers import Overview, to_json
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.series import Series
from mailwake.insight.stores import Stores
from mailwake.settings import Settings


class _Told(msgspec.Struct):
    """What is taken of the answer about a campaign."""

    over_time: Series | None


def send_now(settings: Settings, when: str) -> None:
    """Send every report once.

    Raises:
        Misconfigured: there are none, or one cannot be.
        Unavailable: the server did not take all of them.
    """
    from mailwake.bulletins.postman import check, deliver, letter_of
    from mailwake.watchdog.telling import dead_links

    if when != "now":
        raise Misconfigured("--mail", "say now; when reports come by themselves stands in [reports.NAME]")
    if not settings.reports:
        raise Misconfigured("[reports.NAME]", "there is none in mailwake.toml yet; docs/howto/reports.md has one")
    told = msgspec.json.decode(
        answer_of(settings, "/api/campaigns", lambda stores: to_json(overview(stores))), type=Overview
    )
    now = datetime.fromtimestamp(time.time_ns() // 1_000 / SECOND, UTC)

    def over_time(campaign: str) -> Series | None:
        def answer(stores: Stores) -> bytes:
            return to_json(campaign_report(stores, find(stores, campaign)))

        return msgspec.json.decode(answer_of(settings, f"/api/campaigns/{campaign}", answer), type=_Told).over_time

    dead, refused = dead_links(settings), dict[str, str]()
    for name, report in settings.reports.items():
        check(name, report)
        mail = letter_of(settings, told, name, at=now, dead_links=dead, over_time=over_time)
        sent = asyncio.run(deliver(settings, mail, list(report.recipients), note=lambda *_, **__: None))
        print(f"{name}: {', '.join(sent.taken) or 'nobody'} took it")
        refused |= sent.refused
    if refused:
        who, why = next(iter(refused.items()))
        raise Unavailable(f"{len(refused)} did not take it; the server said of {who}: {why}")
