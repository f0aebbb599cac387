"""Mail with reports that was put aside by the roles that take mail in, read by the one that runs the pipeline.

A file is removed when what it says is kept. What cannot be read is put beside, up to a number, for people to look at.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import structlog

from mailwake import beside
from mailwake.errors import MailwakeError, Unavailable
from mailwake.postmaster.intake import Intake

log = structlog.get_logger()

PERIOD_SECONDS = 60.0
#: Files that could not be read; what comes on top is removed.
MAX_REFUSED = 500
REFUSED = "refused"


def take_waiting(folder: Path, open_intake: Callable[[], Intake]) -> Counter[str]:
    """Read every mail that waits in a folder.

    Args:
        folder: where mail is put aside; it need not exist.
        open_intake: called only where a mail waits.

    Returns:
        How many reports were kept, known and refused.

    Raises:
        Unavailable: the store or the folder is away; nothing is lost.
    """
    waiting = sorted(folder.glob("*.eml"))
    told: Counter[str] = Counter()
    if not waiting:
        return told
    intake = open_intake()
    try:
        for path in waiting:
            outcomes = intake.take(path.read_bytes())
            told.update(each.what for each in outcomes)
            if outcomes and all(each.what != "refused" for each in outcomes):
                path.unlink()
            else:
                _put_by(path, folder / REFUSED)
    except OSError as fault:
        raise Unavailable(f"cannot read reports in {folder}: {fault.strerror}") from fault
    intake.forget()
    return told


def _put_by(path: Path, beside: Path) -> None:
    beside.mkdir(mode=0o700, exist_ok=True)
    if sum(1 for _ in beside.glob("*.eml")) < MAX_REFUSED:
        path.replace(beside / path.name)
    else:
        path.unlink()


def start(folder: Path, open_intake: Callable[[], Intake]) -> Callable[[], None]:
    """Look every minute, in a thread of its own; call what comes back to stop and wait."""

    def run(stop: threading.Event) -> None:
        while not stop.wait(PERIOD_SECONDS):
            try:
                told = take_waiting(folder, open_intake)
            except MailwakeError as fault:
                log.warning("reports.unavailable", problem=type(fault).__name__)
            except Exception:  # the next turn finds what this one left
                log.exception("reports.failed")
            else:
                if told:
                    log.info("reports.taken", **told)

    return beside.begin("reports", run)
