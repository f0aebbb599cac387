"""Everything an installation says of itself, looked at once: what page, metrics and health have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from mailwake.language import say, several
from mailwake.monitoring.backlog import Backlog, Pace, backlogs
from mailwake.monitoring.conservation import Balance, State, balances
from mailwake.monitoring.disk import Disk, look_at_disk
from mailwake.monitoring.log import Log, label_of, look_at_log, reader_label
from mailwake.monitoring.losses import DAYS, Loss, lost_lately
from mailwake.monitoring.reports import Report, Role, read_reports, read_roles

#: Reports are written every three seconds; one that is five times as old has a writer that stands still.
FRESH_SECONDS = 15
#: What webhooks out say of themselves, and how long an endpoint may take nothing before it is a problem.
NOTIFY, NOTIFY_SECONDS = "notify", 3_600
SALESFORCE = "salesforce"
#: What is promised for 99 of 100 withdrawals, see `mailwake.inert.lag`.
LAG_SECONDS = 5.0
_WHY_CLOSED = {word: word for word in ("missing", "damaged", "stale")}
#: Rules are looked at every minute; a follow-up mailing may take longer, an hour is a problem.
WORKFLOWS, WORKFLOWS_SECONDS = "workflows", 3_600
#: What visits to the targets of links found.
LINKS = "links"
#: The role that looks; that it is there says nothing of the others.
WATCHER = "monitor"
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Freshness(StrEnum):
    """What the age of a report says of its role."""

    #: it was written just now
    FRESH = "fresh"
    #: it should have been written again long ago
    STALE = "stale"
    #: there is none
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Health:
    """One role, by what the supervisor and the role itself say of it."""

    name: str
    #: None: nobody watches over it
    is_ready: bool | None
    #: microseconds since 1970
    ready_at: int | None
    restarts: int | None
    freshness: Freshness
    #: None: there is no report
    report_age_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """What was found, all of it at one moment."""

    #: microseconds since 1970
    at: int
    roles: tuple[Health, ...]
    #: of the roles that run, or of all where nobody says which run
    reports: dict[str, Report]
    sums: tuple[Balance, ...]
    log: Log
    readers: tuple[Backlog, ...]
    disk: Disk
    #: what has to be seen to, as sentences; nobody and nothing of a person is named
    problems: tuple[str, ...]
    #: what somebody should decide, as sentences; everything runs meanwhile, and anybody out there can cause it
    decisions: tuple[str, ...] = ()
    #: what rules said of themselves; None: nothing
    workflows: Report | None = None
    #: what visits to the targets of links found; None: nothing is known
    links: Report | None = None

    @property
    def is_ready(self) -> bool:
        """Everything that should run does, and nothing has to be seen to."""
        return not self.problems


def look(data: Path, *, keep_days: int, now: int) -> Status:
    """Look at a data folder.

    Args:
        data: of the installation.
        keep_days: see `log.keep_days`.
        now: microseconds since 1970.
    """
    served, reports = read_roles(data), read_reports(data)
    # no roles of their own write them
    told, org, rules, links = (reports.pop(name, None) for name in (NOTIFY, SALESFORCE, WORKFLOWS, LINKS))
    if served is None:
        roles = [_alone(report, now) for report in reports.values()]
    else:
        reports = {role.report: reports[role.report] for role in served if role.report in reports}
        roles = [_health(role, reports.get(role.report), now) for role in served]
    sums, readers = balances(data), backlogs(data, now=now)
    log, disk = look_at_log(data), look_at_disk(data, keep_days=keep_days, now=now)
    return Status(
        at=now,
        roles=tuple(roles),
        reports=reports,
        sums=tuple(sums),
        log=log,
        readers=tuple(readers),
        disk=disk,
        problems=(
            *_of_roles(roles, now),
            *_of_sums(sums),
            *_of_readers(readers, now),
            *_of_log(log),
            *_of_disk(disk),
            *_of_losses(reports),
            *_of_withdrawals(reports),
            *_of_detours(reports, links),
            *_of_notify(told),
            *_of_salesforce(org),
            *_of_workflows(rules, None if served is None else now),
        ),
        decisions=(
            *_of_lost(lost_lately(data, sums, now=now)),
            *_of_unsubscribes(reports),
            *_of_incidents(reports),
            *_of_fronts(reports),
            *_of_links(links),
            *_of_tripped(rules),
        ),
        workflows=rules,
        links=links,
    )


def to_json(status: Status) -> bytes:
    """The status as the API tells it; null where something is not known."""
    told = {
        "at": _utc(status.at),
        "ready": status.is_ready,
        "problems": status.problems,
        "decisions": status.decisions,
        "roles": [{**asdict(role), "ready_at": _utc(role.ready_at)} for role in status.roles],
        "sums": [_of_sum(balance) for balance in status.sums],
        "log": {**asdict(status.log), "oldest_at": _utc(status.log.oldest_at)},
        "readers": [_of_reader(backlog) for backlog in status.readers],
        "disk": status.disk,
    }
    return msgspec.json.encode(told)


def _utc(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _of_sum(balance: Balance) -> dict[str, object]:
    facts = {"kind": balance.kind, "name": balance.name, "equation": balance.equation, "state": balance.state}
    return {**facts, "left": balance.left, "right": balance.right, "difference": balance.difference}


def _of_reader(backlog: Backlog) -> dict[str, object]:
    times = {"since": _utc(backlog.since), "passed_at": _utc(backlog.passed_at or None)}
    return {**asdict(backlog), "reader": reader_label(backlog.reader), **times}


def _health(role: Role, report: Report | None, now: int) -> Health:
    age = None if report is None else (now - report.written_at) / _SECOND
    return Health(
        name=role.name,
        is_ready=role.is_ready,
        ready_at=role.ready_at,
        restarts=role.restarts,
        freshness=freshness(age),
        report_age_seconds=age,
    )


def _alone(report: Report, now: int) -> Health:
    """A role that runs without `mailwake serve`: its report is all there is."""
    age = (now - report.written_at) / _SECOND
    return Health(
        name=report.name,
        is_ready=None,
        ready_at=None,
        restarts=None,
        freshness=freshness(age),
        report_age_seconds=age,
    )


def freshness(age_seconds: float | None) -> Freshness:
    """What an age says; a report from the future tells that clocks differ, not that its writer stands still."""
    if age_seconds is None:
        return Freshness.UNKNOWN
    return Freshness.FRESH if age_seconds < FRESH_SECONDS else Freshness.STALE


def _of_roles(roles: list[Health], now: int) -> Iterator[str]:
    if all(role.name == WATCHER for role in roles):
        yield say("no role has said anything yet")
    for role in roles:
        if role.is_ready is False:
            yield say("%(role)s is not ready", role=role.name)
        elif role.ready_at is not None and now - role.ready_at < FRESH_SECONDS * _SECOND:
            continue  # what stands there may be from before its start
        elif role.report_age_seconds is None:
            yield say("%(role)s has not reported", role=role.name)
        elif role.freshness is Freshness.STALE:
            yield say("%(role)s last reported %(age)s s ago", role=role.name, age=f"{role.report_age_seconds:.0f}")


def _of_sums(sums: list[Balance]) -> Iterator[str]:
    for balance in sums:
        if balance.state is State.BROKEN:
            name = balance.name if balance.name.startswith("edge-") else label_of(balance.name)
            told = {"kind": str(balance.kind), "name": name}
            if balance.difference:
                by = abs(balance.difference)
                yield say("the sum of %(kind)s of %(name)s is broken by %(count)s", count=by, **told)
            else:
                yield say("the sum of %(kind)s of %(name)s is broken", **told)


def _of_readers(readers: list[Backlog], now: int) -> Iterator[str]:
    for backlog in readers:
        name, since = reader_label(backlog.reader), backlog.since or now
        if backlog.pace is Pace.STOPPED:
            minutes = f"{(now - since) / 60 / _SECOND:.0f}"
            yield say(
                "%(name)s has stopped; a record has been waiting for %(minutes)s minutes", name=name, minutes=minutes
            )
        elif backlog.pace is Pace.BEHIND:
            yield say(
                "%(name)s is so far behind that what waits takes a large part of the room that is left", name=name
            )


def _of_log(log: Log) -> Iterator[str]:
    if log.damaged:
        yield say("%(count)s parts of the log cannot be read", count=log.damaged)


def _of_lost(losses: list[Loss]) -> Iterator[str]:
    """What is gone runs nothing over; somebody has to know of it, and to look at the disk."""
    for loss in losses:
        told = {"name": label_of(loss.writer), "days": DAYS}
        if loss.damaged:
            yield say(
                "%(count)s records of %(name)s could not be read from the log in the last %(days)s days and are lost; "
                "look at the disk",
                count=f"{loss.damaged:,}",
                **told,
            )
        if loss.dead:
            yield say(
                "%(count)s records of %(name)s were set aside in the last %(days)s days; `mailwake work --again` puts "
                "them back",
                count=f"{loss.dead:,}",
                **told,
            )


def held_unsubscribes(reports: Mapping[str, Report]) -> int | None:
    """How many unsubscriptions wait for a decision; None: nobody says."""
    return _of_pipeline(reports, "held_unsubscribes")


def open_incidents(reports: Mapping[str, Report], kind: str) -> int | None:
    """How many incidents of a kind, "storms" or "alarms", wait for a decision; None: nobody says."""
    return _of_pipeline(reports, f"open_{kind}")


def _of_pipeline(reports: Mapping[str, Report], name: str) -> int | None:
    told = reports["pipeline"].number(name) if "pipeline" in reports else None
    return None if told is None else int(told)


def _of_unsubscribes(reports: Mapping[str, Report]) -> Iterator[str]:
    if held := held_unsubscribes(reports):
        yield several(
            "%(count)s unsubscription is held as a machine's; the page Unsubscribes and `mailwake unsubscribes list "
            "--held` show more",
            "%(count)s unsubscriptions are held as a machine's; the page Unsubscribes and `mailwake unsubscribes list "
            "--held` show more",
            held,
            count=held,
        )


def _of_incidents(reports: Mapping[str, Report]) -> Iterator[str]:
    if storms := open_incidents(reports, "storms"):
        yield several(
            "a mail exchanger declares more addresses dead than can be, so nobody is suppressed for it; the page "
            "Suppressions and `mailwake suppressions incidents --open` show more",
            "%(count)s mail exchangers declare more addresses dead than can be, so nobody is suppressed for it; the "
            "page Suppressions and `mailwake suppressions incidents --open` show more",
            storms,
            count=storms,
        )
    if alarms := open_incidents(reports, "alarms"):
        yield several(
            "mail is refused and one cause blames the sender, not the addresses; the page Suppressions and `mailwake "
            "suppressions incidents --open` show more",
            "mail is refused and %(count)s causes blame the sender, not the addresses; the page Suppressions and "
            "`mailwake suppressions incidents --open` show more",
            alarms,
            count=alarms,
        )


def _of_fronts(reports: Mapping[str, Report]) -> Iterator[str]:
    """Proxies that do not say whom they pass on; see `mailwake.origins.fronts`."""
    if fronts := _of_pipeline(reports, "fronts"):
        yield several(
            "an address brings so many programs that others stand behind it, and nobody knows who; if it is a proxy "
            "of yours, name it in edge.trusted_proxies and have it pass addresses on",
            "%(count)s addresses bring so many programs that others stand behind them, and nobody knows who; if they "
            "are proxies of yours, name them in edge.trusted_proxies and have them pass addresses on",
            fronts,
            count=fronts,
        )


def _of_losses(reports: Mapping[str, Report]) -> Iterator[str]:
    """Whether the log of an edge takes hits just now."""
    for name, report in reports.items():
        if name.startswith("edge-") and not report.number("stopped") and (lost := report.number("losing")):
            yield say(
                "the log of %(name)s takes no hits: %(count)s were answered and not recorded since it stopped",
                name=name,
                count=f"{lost:,.0f}",
            )


def _of_withdrawals(reports: Mapping[str, Report]) -> Iterator[str]:
    """Whether withdrawals reach every edge, and in time."""
    for name, report in reports.items():
        if not name.startswith("edge-") or report.number("stopped"):
            continue
        if report.number("inert_closed"):
            why = _WHY_CLOSED.get(report.text("inert_standing") or "", "unknown")
            yield say(
                "%(name)s records nothing of anybody: the set of those who withdrew is %(why)s; start `mailwake serve` "
                "or `mailwake work`, which keep it",
                name=name,
                why=why,
            )
        lag = report.number("inert_lag", "p99")
        if lag is not None and lag > LAG_SECONDS:
            yield say(
                "%(name)s hears of withdrawals %(seconds)s s late; 99 of 100 should take no more than %(budget)s s",
                name=name,
                seconds=f"{lag:.1f}",
                budget=f"{LAG_SECONDS:.0f}",
            )


def _of_detours(reports: Mapping[str, Report], links: Report | None) -> Iterator[str]:
    """Whether the edge believes what was decided on links; where it does not, they lead where the mail says."""
    for name, report in reports.items():
        if name.startswith("edge-") and not report.number("stopped") and report.number("detours_refused"):
            yield say(
                "%(name)s believes nothing that was decided on links: detours.json is damaged, lost or not ours; "
                "`mailwake links keep` writes it anew",
                name=name,
            )
    if forged := 0 if links is None else links.number("forged") or 0:
        yield say(
            "%(count)s decisions on links in the state store were made by nobody with our keys, and are left out; "
            "`mailwake links list` shows which",
            count=f"{forged:,.0f}",
        )
    if fault := None if links is None else links.text("fault"):
        yield say("links of delivered mail are not watched: %(why)s", why=fault)


def _of_links(links: Report | None) -> Iterator[str]:
    """Targets that stopped answering; nothing of ours stands still meanwhile."""
    if alarms := 0 if links is None else int(links.number("alarms") or 0):
        yield several(
            "the target of a link in delivered mail answers no more; the page Links after delivery and `mailwake links "
            "list` send its readers elsewhere",
            "the targets of %(count)s links in delivered mail answer no more; the page Links after delivery and "
            "`mailwake links list` send their readers elsewhere",
            alarms,
            count=alarms,
        )


def _of_notify(report: Report | None) -> Iterator[str]:
    """Endpoints of webhooks out; their names are the operator's own."""
    if report is None:
        return
    for name in report.names("endpoints"):
        told = {each: report.number("endpoints", name, each) or 0 for each in ("disabled", "dead", "failing_seconds")}
        if told["disabled"]:
            yield say(
                "%(name)s is told nothing any more; see `mailwake notify list`, then `mailwake notify enable %(name)s`",
                name=name,
            )
        elif told["failing_seconds"] >= NOTIFY_SECONDS:
            hours = f"{told['failing_seconds'] / 3_600:.0f}"
            yield say(
                "%(name)s has taken no webhook for %(hours)s hours; `mailwake notify list`", name=name, hours=hours
            )
        if told["dead"]:
            dead = f"{told['dead']:.0f}"
            yield say("%(count)s webhooks for %(name)s were laid aside; `mailwake notify dead`", count=dead, name=name)


def _of_salesforce(report: Report | None) -> Iterator[str]:
    """The org that is told what people did."""
    if report is None:
        return
    if fault := report.text("fault"):
        yield say("Salesforce is told nothing: %(why)s", why=fault)
    if dead := report.number("dead"):
        told = f"{dead:,.0f}"
        yield say("Salesforce refuses %(count)s records; `mailwake salesforce dead` says why", count=told)


def _of_workflows(report: Report | None, now: int | None) -> Iterator[str]:
    """Rules; now is None where nobody serves, so that an old report says nothing."""
    if report is None:
        return
    if fault := report.text("fault"):
        yield say("rules stand still: %(why)s", why=fault)
    if bad := report.number("rules", "unreadable"):
        told = f"{bad:,.0f}"
        yield say("%(count)s files of rules cannot be used; `mailwake workflow check` says why", count=told)
    if now is not None and now - report.written_at > WORKFLOWS_SECONDS * _SECOND:
        minutes = f"{(now - report.written_at) / 60 / _SECOND:.0f}"
        yield say("rules were last looked at %(minutes)s minutes ago", minutes=minutes)


def _of_tripped(report: Report | None) -> Iterator[str]:
    """Anybody who clicks a lot can cause it, so it is no problem."""
    tripped = 0 if report is None else report.number("rules", "tripped") or 0
    if tripped:
        yield several(
            "%(count)s rule switched itself off, because it acted too often; `mailwake workflow list` shows which",
            "%(count)s rules switched themselves off, because they acted too often; `mailwake workflow list` shows "
            "which",
            int(tripped),
            count=int(tripped),
        )


def _of_disk(disk: Disk) -> Iterator[str]:
    if disk.has_room is None:
        yield say("the data folder cannot be looked at")
    elif not disk.has_room and disk.free_bytes is not None:
        yield say("the disk has only %(size)s MB free", size=f"{disk.free_bytes / 1e6:.0f}")
