"""`mailwake doctor`: what is wrong with this installation, one line each.

Each check is a function that takes the settings and answers with one `Finding`; the list below is the order shown. A
check that cannot say says so; it never guesses.
"""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from mailwake.cli.options import ConfigOption
from mailwake.errors import MailwakeError, Misconfigured, Unavailable
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.monitoring.backlog import Pace, Room, backlogs, room
from mailwake.monitoring.conservation import State, Sum, balances
from mailwake.monitoring.disk import FREE_BYTES
from mailwake.monitoring.losses import DAYS, Loss, lost_lately
from mailwake.monitoring.reports import read_reports
from mailwake.settings import Settings, load

#: A certificate that ends sooner than this is reported; renewal tools act 30 days before.
CERTIFICATE_DAYS = 14
#: Time enough to get a larger disk.
PROBLEM_DAYS, WARNING_DAYS = 3.0, 30.0
#: NTP keeps a machine within milliseconds; more than this breaks the order of events between machines.
CLOCK_SECONDS = 5.0
#: Filters mistrust long hosts before a path that holds a domain (SpamAssassin's LH_URI_DOM_IN_PATH starts at 25).
HOST_CHARS = 25
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check has to say."""

    #: what was looked at, such as "keys"
    check: str
    #: ok, warning, problem or unknown
    state: str
    #: one line; where something is wrong it says what to do
    line: str


#: what a check gives: one finding, or several
Answer = Finding | Iterator[Finding]


def ok(check: str, line: str) -> Finding:
    """Nothing to do."""
    return Finding(check=check, state="ok", line=line)


def warning(check: str, line: str) -> Finding:
    """Works, but should be looked at."""
    return Finding(check=check, state="warning", line=line)


def problem(check: str, line: str) -> Finding:
    """Has to be mended."""
    return Finding(check=check, state="problem", line=line)


def unknown(check: str, line: str) -> Finding:
    """Could not be looked at from here."""
    return Finding(check=check, state="unknown", line=line)


def command(
    config: ConfigOption = "mailwake.toml",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say what is wrong with config, keys, DNS, TLS, clock, disk and mail server. Exit 1 if anything has to be mended.

    Further tracking hosts are looked at one by one. What is held of unsubscriptions is counted.

    Example: mailwake doctor
    """
    findings = list(examine(config))
    for finding in findings:
        print(json.dumps(asdict(finding)) if as_json else f"{finding.state:<8} {finding.check:<8} {finding.line}")
    if any(finding.state == "problem" for finding in findings):
        raise SystemExit(1)


def examine(config: str) -> Iterator[Finding]:
    """Run every check; a settings file that cannot be read ends it."""
    from mailwake.cli.doctor.hosts import examine_hosts
    from mailwake.cli.doctor.policy import check_policy
    from mailwake.cli.doctor.python import check_python
    from mailwake.cli.doctor.telling import examine_telling
    from mailwake.cli.gating import check_access
    from mailwake.cli.links.checking import check_links
    from mailwake.cli.privacy.checking import check_withdrawals
    from mailwake.cli.workflow.checking import check_rules

    try:
        settings = load(config)
    except Misconfigured as fault:
        yield problem("config", str(fault))
        return
    yield ok("config", f"{Path(config).resolve()} is readable and has no unknown option")
    yield check_python()
    for check in CHECKS:
        yield from _heard(check.__name__.removeprefix("check_"), check, settings)
    more: tuple[tuple[str, Callable[[Settings], Answer]], ...] = (
        ("inert", check_withdrawals),
        ("access", check_access),
        ("policy", check_policy),
        ("edge", check_losses),
        ("readers", check_readers),
        ("sums", check_sums),
        ("rules", check_rules),
        ("links", check_links),
        ("hosts", examine_hosts),
        ("telling", examine_telling),
    )
    for name, each in more:
        yield from _heard(name, each, settings)


def _heard(name: str, check: Callable[[Settings], Answer], settings: Settings) -> Iterator[Finding]:
    """What a check finds; a store or a disk that fails is a finding too, and the next check is run all the same."""
    try:
        found = check(settings)
        yield from (found,) if isinstance(found, Finding) else found
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with one thing, the others have to be looked at
        yield problem(name, f"cannot be looked at: {str(fault) or type(fault).__name__}")


def check_keys(settings: Settings) -> Finding:
    """Keys are there, long enough, not published and not readable by others."""
    try:
        ring = settings.load_keys()
    except MailwakeError as fault:
        return problem("keys", str(fault))
    if wrong := key_file_rights(settings, settings.keys.ref):
        return problem("keys", wrong)
    return ok("keys", f"{len(ring.slots)} slot(s), {ring.newest} seals")


def key_file_rights(settings: Settings, reference: str) -> str:
    """What is wrong with the rights of a key file that can be read; empty: nothing."""
    kind, _, name = reference.partition(":")
    if kind == "file" and stat.S_IMODE(settings.path(name).stat().st_mode) & 0o077:
        return f"{settings.path(name)} can be read by others; run chmod 600 on it"
    return ""


def check_dns(settings: Settings) -> Finding:
    """The tracking host has an address."""
    host = settings.tracking_host
    try:
        found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, None)})
    except OSError:
        return problem("dns", f"{host} has no address; add an A or CNAME record, or mend tracking.base_url")
    if len(host) >= HOST_CHARS:
        return warning("dns", f"{host} is {len(host)} characters long; filters prefer less than {HOST_CHARS}")
    return ok("dns", f"{host} is {', '.join(found[:3])}")


def check_tls(settings: Settings) -> Finding:
    """The tracking host has a certificate that holds and will not end soon."""
    url = urlsplit(settings.tracking.base_url)
    if url.scheme == "http":
        if settings.tracking_host in ("localhost", "127.0.0.1", "::1"):
            return warning("tls", "tracking over http on this machine only; use https before you send real mail")
        return problem("tls", "tracking.base_url is http: readers can be watched on the way and filters score it")
    return certificate(settings, settings.tracking_host, check="tls")


def certificate(settings: Settings, host: str, *, check: str) -> Finding:
    """Whether the certificate of a host holds and will not end soon; hosts share scheme and port."""
    url = urlsplit(settings.tracking.base_url)
    if url.scheme == "http":
        return warning(check, "no certificate is looked for: tracking.base_url is http")
    try:
        days = certificate_days(host, url.port or 443)
    except ssl.SSLError as fault:
        return problem(check, f"{host}: {fault.reason or 'the certificate does not hold'}")
    except OSError as fault:
        return unknown(check, f"cannot reach {host}: {fault.strerror or fault}")
    if days < CERTIFICATE_DAYS:
        return problem(check, f"the certificate of {host} ends in {days:.0f} days; renew it")
    return ok(check, f"the certificate of {host} holds for {days:.0f} days")


def certificate_days(host: str, port: int) -> float:
    """Days until a server's certificate ends.

    Raises:
        ssl.SSLError: it does not hold.
        OSError: nobody answers.
    """
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), TIMEOUT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        ends = str((secure.getpeercert() or {}).get("notAfter", ""))
    return (ssl.cert_time_to_seconds(ends) - time.time()) / 86_400


def check_clock(settings: Settings) -> Finding:
    """The clock agrees with the file system's and is not obviously wrong."""
    settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = settings.data_folder / f".clock-{os.getpid()}"
    try:
        probe.touch()
        off = abs(probe.stat().st_mtime - time.time())
    except OSError as fault:
        return unknown("clock", f"cannot write to {settings.data_folder}: {fault.strerror}")
    finally:
        probe.unlink(missing_ok=True)
    if off > CLOCK_SECONDS:
        return problem("clock", f"the disk's clock and this machine's differ by {off:.0f} s; run an NTP client")
    if synchronised() is False:
        return warning("clock", "the system says its clock is not synchronised; run an NTP client")
    return ok("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def synchronised() -> bool | None:
    """Whether systemd's time service says the clock is set by a server; None where it does not say."""
    if not Path("/run/systemd/timesync").is_dir():
        return None
    return Path("/run/systemd/timesync/synchronized").exists()


def check_disk(settings: Settings) -> Finding:
    """The data folder can be written, is private and has room."""
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as fault:
        return problem("disk", f"cannot use {folder}: {fault.strerror}")
    if not os.access(folder, os.W_OK):
        return problem("disk", f"{folder} cannot be written by this user")
    if free < FREE_BYTES:
        return problem("disk", f"only {free / 1e6:.0f} MB are free for {folder}; hits will soon go uncounted")
    known = room(folder, keep_days=settings.log.keep_days, now=time.time_ns() // 1_000)
    return _how_long(known, f"{folder} has {free / 1e9:.0f} GB free")


def _how_long(known: Room, line: str) -> Finding:
    if known.bytes_per_day is None:
        return ok("disk", line)
    line += f"; the log takes up {known.log_bytes / 1e6:,.0f} MB and {known.bytes_per_day / 1e6:,.1f} MB a day come in"
    if known.days_left is None:
        return ok("disk", f"{line}, for which there is room")
    line += f", at which the disk is full in {known.days_left:.1f} days"
    if known.days_left >= WARNING_DAYS:
        return ok("disk", line)
    return (problem if known.days_left < PROBLEM_DAYS else warning)("disk", f"{line}; make room or lower log.keep_days")


def check_log(settings: Settings) -> Finding:
    """Every log file opens, and its last segment is whole."""
    with closing(SqliteReader(settings.data_folder / "log")) as reader:
        count = reader.look_over()
    if not reader.damage:
        return ok("log", f"{count} file(s), all readable")
    first = min(reader.damage, key=lambda damage: damage.file)
    line = f"{first.file} is damaged ({first.reason}), {len(reader.damage)} fault(s) in all; what is lost is counted"
    return problem("log", f"{line} below as damaged; look at the disk, and copy the file if you want to keep it")


def check_proxy(settings: Settings) -> Finding:
    """With https in front, the proxy's forwarding header has to be believed or every reader looks like the proxy."""
    if urlsplit(settings.tracking.base_url).scheme == "https" and not settings.edge.trusted_proxies:
        return warning("proxy", "edge.trusted_proxies is empty: behind a proxy every reader has the proxy's address")
    if any(network.endswith("/0") for network in settings.edge.trusted_proxies):
        return problem("proxy", "edge.trusted_proxies believes everybody; name your proxies only")
    pipeline = read_reports(settings.data_folder).get("pipeline")
    if pipeline is not None and (fronts := pipeline.number("fronts")):
        line = f"{fronts:.0f} address(es) bring so many programs that others stand behind, and nobody knows who"
        return warning("proxy", f"{line}; if they are proxies of yours, name them in edge.trusted_proxies")
    if settings.edge.proxy_protocol:
        return ok("proxy", f"PROXY protocol expected from {', '.join(settings.edge.trusted_proxies)}")
    return ok("proxy", f"forwarding header believed from {', '.join(settings.edge.trusted_proxies) or 'nobody'}")


def check_smtp(settings: Settings) -> Finding:
    """The mail server answers."""
    server = settings.smtp
    dial = smtplib.SMTP_SSL if server.security == "tls" else smtplib.SMTP
    try:
        with dial(server.host, server.port, timeout=TIMEOUT_SECONDS) as connection:
            code, _ = connection.ehlo()
    except (OSError, smtplib.SMTPException) as fault:
        return problem("smtp", f"{server.host}:{server.port} does not answer ({fault}); mend [smtp]")
    if code != 250:
        return problem("smtp", f"{server.host}:{server.port} answers EHLO with {code}")
    return ok("smtp", f"{server.host}:{server.port} answers")


def check_held(settings: Settings) -> Finding:
    """How many unsubscriptions are held as a machine's, and what to do about them."""
    from mailwake.store.state import open_state

    file = settings.data_folder / "state.sqlite"
    if not file.exists():
        return ok("held", "no unsubscription is held")
    try:
        with closing(open_state(file)) as state:
            held = state.held_unsubscribes()
    except Unavailable as fault:
        return unknown("held", str(fault))
    if not held:
        return ok("held", "no unsubscription is held")
    overdue = [row for row in held if row.held_until is not None and row.held_until < _stale_before()]
    if overdue and not settings.demo.event_clock:
        line = f"{len(overdue):,} of {len(held):,} held unsubscriptions should have been applied by now"
        return problem("held", f"{line}; start `mailwake serve` or `mailwake work`, which apply them")
    many = f"{len(held):,} unsubscriptions are" if len(held) > 1 else "1 unsubscription is"
    line = f"{many} held as a machine's, and will be applied within 15 minutes"
    return warning("held", f"{line}; look with `mailwake unsubscribes list --held`, then `restore` or `apply` them")


def check_incidents(settings: Settings) -> Finding:
    """What waits for a decision of what came back: outages of others, and faults of ours."""
    from mailwake.store.state import IncidentKind, open_state

    file = settings.data_folder / "state.sqlite"
    if not file.exists():
        return ok("returned", "no storm and no alarm is open")
    try:
        with closing(open_state(file)) as state:
            found = [each for each in state.incidents(only_open=True) if each.kind is not IncidentKind.IMPORT]
    except Unavailable as fault:
        return unknown("returned", str(fault))
    if not found:
        return ok("returned", "no storm and no alarm is open")
    told = ", ".join(f"{each.kind} of {each.count:,} ({each.place or each.category})" for each in found[:3])
    more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""
    line = f"{told}{more}; look with `mailwake suppressions incidents --open`, then `apply`, `undo` or `close` them"
    return warning("returned", line)  # whoever got one mail of ours can write what looks like a refusal


def _stale_before() -> int:
    """The pipeline applies within seconds; what is later than a few minutes waits for one that stands still."""
    return time.time_ns() // 1_000 - 5 * 60 * 1_000_000


def check_readers(settings: Settings) -> Iterator[Finding]:
    """Every reader of the log keeps up; what it has not passed is never removed, and fills the disk in the end."""
    now = time.time_ns() // 1_000
    for backlog in backlogs(settings.data_folder, now=now):
        line = f"{backlog.reader} has {backlog.records:,} records before it"
        if backlog.since is not None:
            line += f", {backlog.bytes / 1e6:,.1f} MB, the oldest {(now - backlog.since) / 60e6:,.0f} minutes old"
        if backlog.pace is Pace.STOPPED:
            yield problem(
                "readers", f"{line}, and has stopped; start `mailwake serve` or `mailwake work`, and see its log"
            )
        elif backlog.pace is Pace.BEHIND:
            yield problem("readers", f"{line}: a large part of the room that is left; make room until it has caught up")
        else:
            yield ok("readers", line)


def check_losses(settings: Settings) -> Iterator[Finding]:
    """The log of every edge takes hits; silent where there is none that does not."""
    for name, report in read_reports(settings.data_folder).items():
        if name.startswith("edge-") and not report.number("stopped") and (lost := report.number("losing")):
            why = report.text("problem") or "it does not say why"
            yield problem("edge", f"{name} records nothing: {lost:,.0f} hits answered and lost so far; {why}")


def check_sums(settings: Settings) -> Iterator[Finding]:
    """Nothing is lost on the way: every sum of `mailwake.monitoring.conservation` adds up."""
    sums = balances(settings.data_folder)
    losses = lost_lately(settings.data_folder, sums, now=time.time_ns() // 1_000)
    lost = {loss.writer: loss for loss in losses}
    for balance in sums:
        terms = " + ".join(f"{n:,} {term}" for term, n in balance.right.items())
        line = f"{balance.name}: {balance.left:,} {_LEFT[balance.kind]} = {terms or 'nobody has reported yet'}"
        if balance.state is State.BROKEN:
            more = f"{abs(balance.difference):,} {'are missing' if balance.difference > 0 else 'are too many'}"
            yield problem("sums", f"{line}: {more}; keep the log's folder and report this")
        elif balance.state is State.UNKNOWN:
            yield unknown("sums", line)
        elif balance.kind is Sum.PIPELINE and balance.name in lost:
            yield warning("sums", f"{line}; {_lately(lost[balance.name])}")
        else:
            yield ok("sums", line + (", still settling" if balance.state is State.SETTLING else ""))


def _lately(loss: Loss) -> str:
    parts = []
    if loss.damaged:
        parts.append(f"{loss.damaged:,} could not be read and are lost: look at the disk")
    if loss.dead:
        parts.append(f"{loss.dead:,} were set aside: `mailwake work --again` puts them back")
    return f"in the last {DAYS} days {'; '.join(parts)}"


_LEFT = {Sum.REQUESTS: "requests", Sum.LOG: "records gained", Sum.PIPELINE: "records"}

#: What is looked at first, in the order shown, and before all else what hits are lost for.
CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_disk,
    check_log,
    check_keys,
    check_dns,
    check_tls,
    check_clock,
    check_proxy,
    check_smtp,
    check_held,
    check_incidents,
)
