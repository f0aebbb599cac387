"""Whether withdrawals reach those who record, for `mailwake doctor`."""

from __future__ import annotations

from mailwake.cli.doctor import Finding, ok, problem, unknown
from mailwake.inert.lag import BUDGET_SECONDS
from mailwake.inert.reader import InertSet, Standing
from mailwake.monitoring.reports import read_reports
from mailwake.settings import Settings


def check_withdrawals(settings: Settings) -> Finding:
    """The set of those who withdrew is kept, and every edge knows of a withdrawal in time."""
    path = settings.data_folder / "inert.bin"
    found = InertSet(path)
    if found.standing is Standing.MISSING and not (settings.data_folder / "log").exists():
        return unknown("inert", "nothing ran here yet; `mailwake serve` writes the set of those who withdrew")
    if found.closed:
        line = f"{path} is {found.standing}, so nothing is recorded of anybody whom a token names"
        return problem("inert", f"{line}; start `mailwake serve` or `mailwake work`, which keep it")
    reports = read_reports(settings.data_folder)
    lags = [report.number("inert_lag", "p99") for name, report in reports.items() if name.startswith("edge-")]
    known = [lag for lag in lags if lag is not None]
    line = f"{len(found):,} people are silent, as of {found.age_seconds or 0:.0f} s ago"
    if not known:
        return ok("inert", f"{line}; nobody has withdrawn since the edge came up")
    worst = max(known)
    line += f"; 99 of 100 withdrawals reached every edge within {worst:.1f} s"
    if worst > BUDGET_SECONDS:
        return problem("inert", f"{line}, and should in {BUDGET_SECONDS:.0f} s; look at disk and load of this machine")
    return ok("inert", line)
