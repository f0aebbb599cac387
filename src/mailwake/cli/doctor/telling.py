"""Whether those take it who are told what happens, and whether reports reach whom they should; a line each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from mailwake.bulletins.postman import check
from mailwake.bulletins.standing import ReportStanding, reports
from mailwake.cli.doctor import Finding, ok, problem, unknown, warning
from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import Micros
from mailwake.notifying.endpoints import endpoints_of
from mailwake.notifying.standing import EndpointStanding, Going, endpoints
from mailwake.settings import Settings
from mailwake.store.state import StateStore, open_state


def examine_telling(settings: Settings) -> Iterator[Finding]:
    """Every endpoint and every report; where there is none, nothing is said."""
    file = settings.data_folder / "state.sqlite"
    if not settings.notify and not settings.reports:
        return
    if not file.exists():
        yield unknown("notify", "nothing ran here yet, so nobody was told anything")
        return
    try:
        with closing(open_state(file)) as state:
            yield from _endpoints(settings, state)
            yield from _reports(settings, state)
    except Unavailable as fault:
        yield unknown("notify", str(fault))


def _endpoints(settings: Settings, state: StateStore) -> Iterator[Finding]:
    try:
        endpoints_of(settings)  # secrets and all
    except Misconfigured as fault:
        yield problem("notify", str(fault))
        return
    now = Micros(time.time_ns() // 1_000)
    for each in endpoints(settings.notify, state):
        yield _endpoint(each, now)


def _endpoint(each: EndpointStanding, now: Micros) -> Finding:
    stands = f"{each.name}: {each.taken:,} taken, {each.laid_aside:,} laid aside"
    if each.going is Going.OFF:
        line = f"{stands}, switched off: {each.off_because}"
        return problem("notify", f"{line}; mend it, then `mailwake notify enable {each.name}`")
    if each.going is Going.FAILING:
        line = f"{stands}, takes nothing ({each.last_error}), try {each.tries + 1} of {each.most_tries} is next"
        return (problem if each.is_in_trouble(now) else warning)("notify", f"{line}; look at {each.url}")
    if each.laid_aside:
        return warning("notify", f"{stands}; see `mailwake notify dead`, then `mailwake notify retry {each.name}`")
    if each.going is Going.NEW:
        return ok("notify", f"{each.name}: told nothing yet; `mailwake notify test {each.name}` tries it")
    return ok("notify", stands)


def _reports(settings: Settings, state: StateStore) -> Iterator[Finding]:
    try:
        for name, report in settings.reports.items():
            check(name, report)
        found = reports(settings, state, now=Micros(time.time_ns() // 1_000))
    except Misconfigured as fault:
        yield problem("reports", str(fault))
        return
    for each in found:
        yield _report(each)


def _report(each: ReportStanding) -> Finding:
    line = f"{each.name}: next {each.next_at:%Y-%m-%d %H:%M} UTC"
    if each.last_at is None:
        return ok("reports", f"{line}, to {each.recipients:,}")
    line += f"; {each.has:,} of {each.recipients:,} have that of {each.last_at:%Y-%m-%d %H:%M}"
    if not each.is_in_trouble:
        return ok("reports", line)
    if each.tried_until is not None:
        return warning("reports", f"{line}; it is tried again, while `mailwake serve` or `mailwake web` runs")
    return problem("reports", f"{line}, and it is too late for the others; look at [smtp], and at report.* in the log")
