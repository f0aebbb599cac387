"""What every run tells at its end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not looked at: a run without a browser is no proof that the pages work."""
    unseen = [report for report in terminalreporter.stats.get("skipped", []) if "no browser" in str(report.longrepr)]
    if unseen:
        terminalreporter.section(f"{len(unseen)} BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(
            "Chromium is not installed: nobody looked at the pages. Install it and run again.", red=True
        )
