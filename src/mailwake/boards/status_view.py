"""What the status page shows: every state as a word with a mark, never as a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.drawing.terms import term
from mailwake.language import noted, say, several
from mailwake.monitoring.backlog import Backlog, Pace
from mailwake.monitoring.conservation import Balance, State, Sum
from mailwake.monitoring.disk import Disk
from mailwake.monitoring.log import Log
from mailwake.monitoring.status import Freshness, Health, Status

#: sums before the rest, all of which hold, is folded away
TOP = 8
NOT_KNOWN = noted("not known")
#: what a role is there for
_FOR = {
    "edge": noted("pixel, links, unsubscribe pages"),
    "relay": noted("takes mail from your programs"),
    "ingest": noted("takes bounces and complaints"),
    "webhooks": noted("takes what ESPs report"),
    "web": noted("dashboard, with the pipeline beside it"),
    "work": noted("pipeline"),
    "pipeline": noted("takes the log into the stores"),
    "monitor": noted("metrics and health"),
}
#: how the number on the left of each sum reads
_LEFT = {
    Sum.REQUESTS: noted("%(count)s received"),
    Sum.LOG: noted("%(count)s gained by the log"),
    Sum.PIPELINE: noted("%(count)s in the log"),
}
_TITLE = {
    Sum.REQUESTS: noted("Requests of %(name)s"),
    Sum.LOG: noted("Log of %(name)s"),
    Sum.PIPELINE: noted("Records of %(name)s"),
}
_ORDER = (State.BROKEN, State.UNKNOWN, State.SETTLING, State.HOLDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A state, ready to read."""

    word: str
    #: good, bad, unsure or plain, which is none of them
    kind: str

    @property
    def sign(self) -> str:
        """Tells the kinds apart without colour."""
        return {"good": "✓", "bad": "✕", "unsure": "?", "plain": "■"}[self.kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleLine:
    """One role."""

    name: str
    what: str
    state: Mark
    since: str
    restarts: str
    report: Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class SumLine:
    """One sum."""

    title: str
    #: the equation in words
    equation: str
    #: the same with its numbers; empty where there are none
    numbers: str
    verdict: Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderLine:
    """One reader of the log."""

    name: str
    behind: Mark
    passed: str


def values(status: Status, zone: ZoneInfo) -> dict[str, Any]:
    """What `status.html` names."""
    ordered = sorted(status.sums, key=lambda balance: _ORDER.index(balance.state))
    sums = [_sum(balance) for balance in ordered]
    shown = max(TOP, sum(balance.state is not State.HOLDS for balance in ordered))
    return {
        "verdict": _verdict(len(status.problems)),
        "problems": status.problems,
        "decisions": status.decisions,
        "looked": say("looked at %(when)s", when=f"{_moment(status.at, zone)}:{_time(status.at, zone):%S}"),
        "roles": [_role(health, zone) for health in status.roles],
        "sums": sums[:shown],
        "more_sums": sums[shown:],
        **_of_log(status.log, zone),
        "readers": [_reader(backlog, status.at, zone) for backlog in status.readers],
        **_of_disk(status.disk),
    }


def _verdict(problems: int) -> Mark:
    if not problems:
        return Mark(word=say("Everything is ready."), kind="good")
    words = several(
        "One thing has to be seen to.", "%(count)s things have to be seen to.", problems, count=str(problems)
    )
    return Mark(word=words, kind="bad")


def _role(health: Health, zone: ZoneInfo) -> RoleLine:
    state = {
        True: Mark(word=say("ready"), kind="good"),
        False: Mark(word=say("not ready"), kind="bad"),
        None: Mark(word=say("runs on its own"), kind="unsure"),
    }
    return RoleLine(
        name=health.name,
        what=say(_FOR.get(health.name.partition("-")[0], "")),
        state=state[health.is_ready],
        since=say(NOT_KNOWN) if health.ready_at is None else _moment(health.ready_at, zone),
        restarts=say(NOT_KNOWN) if health.restarts is None else figures.count(health.restarts),
        report=_report(health),
    )


def _report(health: Health) -> Mark:
    if health.report_age_seconds is None:
        return Mark(word=say("none yet"), kind="unsure")
    said = say("%(time)s ago", time=figures.duration(health.report_age_seconds))
    return Mark(word=said, kind="good" if health.freshness is Freshness.FRESH else "bad")


def _sum(balance: Balance) -> SumLine:
    terms = " + ".join(f"{figures.count(n)} {term(each)}" for each, n in balance.right.items())
    left = say(_LEFT[balance.kind], count=figures.count(balance.left))
    return SumLine(
        title=say(_TITLE[balance.kind], name=balance.name),
        equation=say(balance.equation),
        numbers=f"{left} {'≠' if balance.difference else '='} {terms}" if terms else "",
        verdict=_stands(balance),
    )


def _stands(balance: Balance) -> Mark:
    broken = (
        say("broken by %(count)s", count=figures.count(abs(balance.difference)))
        if balance.difference
        else say("broken")
    )
    return {
        State.HOLDS: Mark(word=say("holds"), kind="good"),
        State.BROKEN: Mark(word=broken, kind="bad"),
        State.SETTLING: Mark(word=say("settling, ask again"), kind="unsure"),
        State.UNKNOWN: Mark(word=say("cannot say yet"), kind="unsure"),
    }[balance.state]


def _of_log(log: Log, zone: ZoneInfo) -> Mapping[str, Any]:
    return {
        "log_size": figures.size(log.bytes),
        "log_oldest": say("nothing yet") if log.oldest_at is None else _moment(log.oldest_at, zone),
        "log_damaged": figures.count(log.damaged) if log.damaged else "",
        "writers": [
            (
                each.writer,
                figures.size(each.bytes),
                say(NOT_KNOWN) if each.records is None else figures.count(each.records),
            )
            for each in log.sequences
        ],
    }


def _reader(backlog: Backlog, now: int, zone: ZoneInfo) -> ReaderLine:
    passed = _moment(backlog.passed_at, zone) if backlog.passed_at else say("never")
    return ReaderLine(name=backlog.reader, behind=_behind(backlog, now), passed=passed)


_BEHIND = {
    Pace.KEEPS_UP: noted("%(count)s records behind, the oldest %(time)s old"),
    Pace.STOPPED: noted("%(count)s records behind, the oldest %(time)s old, and has stopped"),
    Pace.BEHIND: noted("%(count)s records behind, the oldest %(time)s old, a large part of the room left"),
}


def _behind(backlog: Backlog, now: int) -> Mark:
    if backlog.since is None:
        return Mark(word=say("has read everything"), kind="good")
    waited = figures.duration(max(0, now - backlog.since) / 1_000_000)
    words = say(_BEHIND[backlog.pace], count=figures.count(backlog.records), time=waited)
    return Mark(word=words, kind="good" if backlog.pace is Pace.KEEPS_UP else "bad")


def _of_disk(disk: Disk) -> Mapping[str, Any]:
    if disk.free_bytes is None or disk.size_bytes is None:
        return {"disk": Mark(word=say("cannot be looked at"), kind="bad"), "disk_lasts": say("cannot say")}
    said = say("%(free)s free of %(all)s", free=figures.size(disk.free_bytes), all=figures.size(disk.size_bytes))
    return {"disk": Mark(word=said, kind="good" if disk.has_room else "bad"), "disk_lasts": _lasts(disk)}


def _lasts(disk: Disk) -> str:
    if disk.log_bytes_per_day is None:
        return say("cannot say yet; the log has to be an hour old")
    size = figures.size(round(disk.log_bytes_per_day))
    if disk.days_left is None:
        return say("%(size)s a day come in, for which there is room", size=size)
    return say("%(time)s; %(size)s a day come in", time=figures.duration(disk.days_left * 86_400), size=size)


def _time(micros: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC).astimezone(zone)


def _moment(micros: int, zone: ZoneInfo) -> str:
    return figures.moment(_time(micros, zone), zone)
