"""What other pages say of links after delivery; nothing where nobody knows."""

from __future__ import annotations

from contextlib import suppress

from mailwake.errors import MailwakeError
from mailwake.settings import Settings
from mailwake.watchdog import view
from mailwake.watchdog.desk import opened_desk


def beside(settings: Settings | None) -> dict[str, str]:
    """What is said beside links of a campaign, by href."""
    with suppress(MailwakeError), opened_desk(settings) as desk:
        return view.beside(desk.of_hrefs())
    return {}


def banner(settings: Settings | None) -> str:
    """What the start page says of targets that answer no more; empty where all do."""
    with suppress(MailwakeError), opened_desk(settings) as desk:
        return view.pressing(desk.standing())
    return ""


def dead_links(settings: Settings) -> tuple[str, ...]:
    """Targets that answer no more and that readers are led to, the latest first; empty where nobody knows."""
    with suppress(MailwakeError), opened_desk(settings) as desk:
        return tuple(each.alarm.href for each in desk.standing().alarms if not each.is_mended)
    return ()
