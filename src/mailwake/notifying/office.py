"""All couriers together, in a thread of the process that owns the stores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from mailwake import beside
from mailwake.errors import MailwakeError
from mailwake.events import SECOND
from mailwake.files import write_report
from mailwake.notifying.courier import Around, Courier, dead_letters
from mailwake.notifying.endpoints import Endpoint

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 1.0
#: a thread each, so that one that is slow keeps none of the others waiting
REPORT = "notify.json"
_REPORT_SECONDS = 3.0


class Office:
    """Tells every endpoint.

    Args:
        endpoints: who is told.
        around: the stores and the world.
        report: where it is written what stands, for the status page; None: nowhere.
    """

    def __init__(self, endpoints: Sequence[Endpoint], around: Around, *, report: Path | None = None) -> None:
        self.couriers = [Courier(endpoint, around) for endpoint in endpoints]
        self._around, self._report, self._reported_at = around, report, 0

    def start(self) -> Callable[[], None]:
        """Work in threads; call what comes back to stop them and wait until they have."""
        return beside.begin("notify", *(partial(self._run, courier) for courier in self.couriers), self._keep_house)

    def _run(self, courier: Courier, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                courier.look_again()
                is_more = courier.step()
            except MailwakeError as fault:
                log.warning("notify.waiting", endpoint=courier.endpoint.name, why=str(fault))
                is_more = False
            except Exception:
                log.exception("notify.failed", endpoint=courier.endpoint.name)
                is_more = False
            if not is_more:
                stop.wait(PAUSE_SECONDS)

    def _keep_house(self, stop: threading.Event) -> None:
        while not stop.wait(_REPORT_SECONDS):
            try:
                self.keep_house()
            except MailwakeError as fault:
                log.warning("notify.waiting", why=str(fault))

    def keep_house(self) -> None:
        """Forget news that everybody was told, and report."""
        if self.couriers:
            self._around.events.forget_news(min(courier.place.position for courier in self.couriers))
        if self._report is not None:
            write_report(self._report, self.told())

    def told(self) -> dict[str, object]:
        """What stands, without a word of what was told to whom."""
        letters = dead_letters(self._around.state)
        last = self._around.events.ask("news_span")[0]["last_number"] or 0
        now = self._around.wall()
        return {
            "written_at": now,
            "pid": os.getpid(),
            "endpoints": {
                courier.endpoint.name: {
                    "waiting": max(last - courier.place.position, 0),
                    "taken": courier.place.taken,
                    "dead": sum(letter["endpoint"] == courier.endpoint.name for letter in letters),
                    "disabled": int(courier.place.disabled is not None),
                    "failing_seconds": _age(courier.place.failing_since, now),
                }
                for courier in self.couriers
            },
        }


def _age(since: int | None, now: int) -> float:
    return 0.0 if since is None else (now - since) / SECOND
