"""What `mailwake doctor` says of rules."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.cli.doctor import Finding, ok, problem, warning
from mailwake.monitoring.reports import Report, read_reports
from mailwake.settings import Settings
from mailwake.workflows.desk import rules_of


def check_rules(settings: Settings) -> Iterator[Finding]:
    """Whether every file in the folder of rules can be used; nothing where there is none."""
    found = rules_of(settings)
    for file, fault in found.bad.items():
        yield problem("rules", f"{file} cannot be used: {fault}")
    if found.good and not settings.workflows.enabled:
        yield warning("rules", f"{len(found.good):,} rules do nothing, because workflows.enabled is false")
    elif found.good:
        yield ok("rules", f"{len(found.good):,} can be used; `mailwake workflow list` tells what they did")
    report = read_reports(settings.data_folder).get("workflows")
    if report is not None and (found.good or found.bad):
        yield from _turns(report)


def _turns(report: Report) -> Iterator[Finding]:
    """What the last turn told; its role says by itself whether it runs."""
    if fault := report.text("fault"):
        yield problem("rules", f"they stand still: {fault}")
    if tripped := report.number("rules", "tripped"):
        line = f"{tripped:,.0f} switched themselves off, because they acted too often; `mailwake workflow list`"
        yield warning("rules", line)
    if waiting := report.number("unfinished"):
        yield ok("rules", f"{waiting:,.0f} decisions wait for an action to be done; the page Workflows shows which")
