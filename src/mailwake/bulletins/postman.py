"""Sends a report to each of its recipients, at most once per period, whatever is killed or restarted.

Before the server is told the final dot it is written down that this recipient has the mail. Where the server certainly
did not take it, that is taken back and tried again within a day; where nobody knows, it is not sent a second time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import structlog

from mailwake import beside
from mailwake.bulletins.letter import addressed, build
from mailwake.bulletins.schedule import KIND, KNOWN, period, schedule_of
from mailwake.errors import MailwakeError, Misconfigured
from mailwake.events import SECOND, Micros
from mailwake.insight.answers import Overview
from mailwake.insight.series import Series
from mailwake.insight.stores import zone_named
from mailwake.sections import Report
from mailwake.settings import Settings
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream
from mailwake.store.state import StateStore

log = structlog.get_logger(__name__)

#: also before what was refused for now is tried again
PAUSE_SECONDS = 30.0
#: id of a campaign to what came in when; None: nothing did
OverTime = Callable[[str], Series | None]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of one sending."""

    #: recipients whose server took it
    taken: tuple[str, ...]
    #: recipient to what the server said
    refused: dict[str, str]


class Postman:
    """Watches the clock for every report of an installation.

    Args:
        settings: of the installation.
        state: where it is written down who has what.
        overview: what is told, asked when a report is due.
        wall: microseconds since 1970.
        dead_links: targets of delivered mail that answer no more.
        over_time: what came in when, of the campaign of an id.

    Raises:
        Misconfigured: a report cannot be.
    """

    def __init__(
        self,
        settings: Settings,
        state: StateStore,
        overview: Callable[[], Overview],
        wall: Callable[[], int],
        *,
        dead_links: Callable[[], Sequence[str]] = tuple,
        over_time: OverTime = lambda _id: None,
    ) -> None:
        self._settings, self._state, self._overview, self._wall = settings, state, overview, wall
        self._dead_links, self._over_time = dead_links, over_time
        self.reports = dict(settings.reports)
        for name, report in self.reports.items():
            check(name, report)
            schedule_of(name, report, self._zone(report))

    def _zone(self, report: Report) -> ZoneInfo:
        return zone_named(report.timezone or self._settings.web.timezone)

    def look(self) -> list[str]:
        """Send what is due; the names of the reports that went."""
        now = datetime.fromtimestamp(self._wall() / SECOND, UTC)
        gone = []
        for name, report in self.reports.items():
            at = schedule_of(name, report, self._zone(report)).due(now, since=self._since(name))
            if at is not None and self._open(name, report, at):
                sent = self.send(name, report, at)
                log.info("report.sent", report=name, taken=len(sent.taken), refused=len(sent.refused))
                gone.append(name)
        return gone

    def _since(self, name: str) -> datetime:
        """When this report was first known; of what was before, nothing is due."""
        job = self._state.job(KNOWN, name)
        if job is None:
            job = self._state.put_job(KNOWN, name, data={}, now=Micros(self._wall()))
        return datetime.fromtimestamp(job.created_at / SECOND, UTC)

    def _open(self, name: str, report: Report, at: datetime) -> list[str]:
        """Who does not have it yet."""
        job = self._state.job(KIND, period(name, at))
        has = set(job.data["has"]) if job is not None else set()
        return [each for each in report.recipients if each not in has]

    def send(self, name: str, report: Report, at: datetime) -> Sent:
        """Send the report of one moment to everybody who does not have it."""
        mail = letter_of(
            self._settings, self._overview(), name, at=at, dead_links=self._dead_links(), over_time=self._over_time
        )
        key, recipients = period(name, at), self._open(name, report, at)
        job = self._state.job(KIND, key)
        has = list(job.data["has"]) if job is not None else []

        def note(recipient: str, *, is_sent: bool) -> None:
            if is_sent:
                has.append(recipient)
            else:
                has.remove(recipient)
            self._state.put_job(KIND, key, data={"has": has}, now=Micros(self._wall()))

        return asyncio.run(deliver(self._settings, mail, recipients, note=note))


def check(name: str, report: Report) -> None:
    """Refuse a report that can go to nobody.

    Raises:
        Misconfigured: an option cannot be.
    """
    option = f"reports.{name}"
    for what, values in (("recipients", report.recipients), ("sender", (report.sender,))):
        if not values:
            raise Misconfigured(f"{option}.{what}", "name at least one address")
        for value in values:
            if value.count("@") != 1 or not value.isascii() or not value.isprintable() or set(value) & set(" <>,;"):
                raise Misconfigured(f"{option}.{what}", f"{value!r} is no plain address, such as you@example.com")
    if report.days < 1:
        raise Misconfigured(f"{option}.days", "must be 1 or more")


def letter_of(
    settings: Settings,
    overview: Overview,
    name: str,
    *,
    at: datetime,
    dead_links: Sequence[str] = (),
    over_time: OverTime = lambda _id: None,
) -> EmailMessage:
    """The mail of one moment."""
    report = settings.reports[name]
    zone = zone_named(report.timezone or settings.web.timezone)
    url = report.dashboard or f"http://{settings.web.host}:{settings.web.port}"
    return build(overview, report, name=name, at=at, zone=zone, url=url, dead_links=dead_links, over_time=over_time)


async def deliver(settings: Settings, mail: EmailMessage, recipients: list[str], *, note: Callable[..., None]) -> Sent:
    """Hand the mail to the configured server, once for each recipient.

    Args:
        settings: where the server is.
        mail: without To.
        recipients: whose turn it is.
        note: called with `is_sent` before the final dot, and again with its contrary where it was certainly not taken.
    """
    pool = Pool(settings, connections=1)
    sent: list[str] = []
    refused: dict[str, str] = {}
    try:
        upstream = await pool.take()
        for recipient in recipients:
            try:
                reply = await _one(upstream, mail, recipient, note)
            except Gone as fault:
                refused[recipient] = str(fault)
                continue
            if reply.accepted:
                sent.append(recipient)
            else:
                refused[recipient] = str(reply)
        pool.give(upstream)
    finally:
        await pool.close()
    return Sent(taken=tuple(sent), refused=refused)


async def _one(upstream: Upstream, mail: EmailMessage, recipient: str, note: Callable[..., None]) -> Reply:
    noted = False

    async def before_dot() -> None:
        nonlocal noted
        await asyncio.to_thread(note, recipient, is_sent=True)
        noted = True

    try:
        reply = await upstream.mail(str(mail["From"]))
        if reply.accepted:
            reply = await upstream.rcpt(recipient)
        if reply.accepted:
            reply = await upstream.data(addressed(mail, [recipient]), before_dot=before_dot)
    except Gone as fault:
        if noted and not fault.after_dot:
            note(recipient, is_sent=False)
        raise
    if noted and not reply.accepted:
        note(recipient, is_sent=False)
    return reply


def start(postman: Postman) -> Callable[[], None]:
    """Look every half minute, in a thread; call what comes back to stop it and wait until it has."""

    def run(stop: threading.Event) -> None:
        while True:
            try:
                postman.look()
            except MailwakeError as fault:
                log.warning("report.waiting", why=str(fault))
            except Exception:
                log.exception("report.failed")
            if stop.wait(PAUSE_SECONDS):
                return

    return beside.begin("reports", run)
