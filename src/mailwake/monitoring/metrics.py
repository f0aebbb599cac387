"""Metrics in the forms of Prometheus, made from the status when somebody asks; nothing is counted here.

`metrics.toml` is the registry: a metric that is not in it is shown nowhere. What is not known has no sample, and label
values come from closed sets: whatever a report says, nothing of a person can become a label.

Source: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from mailwake.monitoring.backlog import Pace
from mailwake.monitoring.conservation import State, Sum
from mailwake.monitoring.log import OTHER, Log, label_of, reader_label
from mailwake.monitoring.reports import Number, Report
from mailwake.monitoring.status import Status

ENDS = ("recorded", "dated", "inert", "unsure", "expired", "rejected", "unrecorded")
#: why the edge rejects: what is wrong with a token, and what is wrong around it
REASONS = frozenset(
    (
        *("alphabet", "layout", "length", "purpose", "seal", "slot", "spelling", "template", "version"),
        *("form", "host", "method", "path", "proxy", "reference", "robots"),
    )
)
#: why a record becomes no row on purpose
DROPS = frozenset(["duplicate", "mode_off", "counted", "day_kept", "not_counted", "late_inert", "no_goal", "raw"])
#: events of a hit
TYPES = frozenset(["opened", "clicked", "converted", "unknown", "unsubscribed", "consent_given", "consent_withdrawn"])
_EDGE_NUMBERS = (
    *("refused_total", "unannounced_total", "faults_total", "inert_unsure_total", "losing"),
    *("waiting", "connections", "withdrawn", "inert_closed", "inert_age_seconds", "detours", "detours_refused"),
)
#: name in a report to the label
_LAG = {"p50": "0.5", "p99": "0.99", "max": "1"}
_RELAY_ENDS = ("delivered", "deferred", "bounced", "rejected")
#: field of a report to metric, where they are not called the same
_RELAY_NUMBERS = {
    "messages": "messages_total",
    "untouched": "untouched_total",
    "events_lost": "events_lost_total",
    "clients": "clients",
    "clients_refused": "clients_refused_total",
    "clients_cut": "clients_cut_total",
    "put_off": "put_off_total",
    "waiting": "waiting",
    "upstream_connections": "upstream_connections",
    "bytes_under_way": "under_way_bytes",
}
_INGEST_NUMBERS = {
    "clients": "clients",
    "notices": "notices_total",
    "events": "events_total",
    "kept": "kept_total",
    "unreadable": "unreadable_total",
    "forged": "forged_total",
    "put_off": "put_off_total",
    "reports": "reports_total",
}
_WEBHOOK_NUMBERS = {
    "calls": "calls_total",
    "events": "events_total",
    "unknown": "unknown_total",
    "refused": "refused_total",
    "rejected": "rejected_total",
    "unreadable": "unreadable_total",
    "put_off": "put_off_total",
}
_WORKFLOW_NUMBERS = {
    "turns": "turns_total",
    "faults": "faults_total",
    "turn_seconds": "turn_seconds",
    "unfinished": "unfinished",
}
#: what rules decide, and how they stand
DECISIONS = ("entered", "deferred", "refused", "reversed")
RULE_STATES = ("on", "off", "tripped", "unreadable")
_RECORD_ENDS = ("applied", "dead", "damaged", "earlier")
_STEP = re.compile(r"(?:put|drop|apply)_[a-z_]{1,40}|write")
_MICRO = 1e-6
_DAY = 86_400


class Kind(StrEnum):
    """What a metric is."""

    #: grows for as long as its role runs
    COUNTER = "counter"
    #: what is now
    GAUGE = "gauge"
    #: always 1; the labels tell
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One line of the registry."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


class Sample(NamedTuple):
    """One value of one metric; None: not known."""

    metric: str
    value: Number | None
    labels: tuple[str, ...] = ()


@cache
def metrics() -> dict[str, Metric]:
    """The registry, by name."""
    text = files("mailwake.monitoring").joinpath("metrics.toml").read_text(encoding="utf-8")
    return {
        name: Metric(name=name, kind=Kind(told["kind"]), labels=tuple(told["labels"]), help=told["help"])
        for name, told in tomllib.loads(text).items()
    }


def expose(status: Status, accept: str) -> tuple[bytes, str]:
    """All metrics, and their content type: OpenMetrics for whoever accepts it, else the text format.

    Args:
        status: what was found.
        accept: the header of that name.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(status))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Found(Collector):
    """A status, as prometheus-client asks for it."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Family]:
        """One family for each metric of the registry."""
        families = {metric.name: _family(metric) for metric in metrics().values()}
        for sample in samples(self._status):
            if sample.value is not None:
                labels = dict(zip(metrics()[sample.metric].labels, sample.labels, strict=True))
                families[sample.metric].add_sample(sample.metric, labels, float(sample.value))
        yield from families.values()


def _family(metric: Metric) -> Family:
    suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info", Kind.GAUGE: ""}[metric.kind]
    return Family(metric.name.removesuffix(suffix), metric.help, metric.kind)


def samples(status: Status) -> Iterator[Sample]:
    """Every value that the status has."""
    yield Sample("mailwake_info", 1, (version("mailwake"),))
    yield Sample("mailwake_ready", int(status.is_ready))
    yield Sample("mailwake_problems", len(status.problems))
    yield from _of_roles(status)
    for name, report in status.reports.items():
        if name.startswith("edge-"):
            yield from _of_edge(name.removeprefix("edge-"), report)
        elif name == "relay":
            yield from _of_relay(report)
        elif name == "ingest":
            yield from _of_numbers("ingest", _INGEST_NUMBERS, report)
        elif name == "webhooks":
            yield from _of_numbers("webhooks", _WEBHOOK_NUMBERS, report)
        elif name == "pipeline":
            yield from _of_pipeline(report)
    yield from _of_workflows(status.workflows)
    yield from _of_links(status.links)
    yield from _of_sums(status)
    yield from _of_log(status.log)
    yield from _of_readers(status)
    yield Sample("mailwake_disk_free_bytes", status.disk.free_bytes)
    yield Sample("mailwake_disk_size_bytes", status.disk.size_bytes)
    pace, left = status.disk.log_bytes_per_day, status.disk.days_left
    yield Sample("mailwake_disk_log_bytes_per_second", None if pace is None else pace / _DAY)
    yield Sample("mailwake_disk_left_seconds", None if left is None else left * _DAY)


def _of_roles(status: Status) -> Iterator[Sample]:
    for role in status.roles:
        label = (role.name,)
        yield Sample("mailwake_role_ready", None if role.is_ready is None else int(role.is_ready), label)
        yield Sample("mailwake_role_ready_timestamp_seconds", _seconds(role.ready_at), label)
        yield Sample("mailwake_role_restarts_total", role.restarts, label)
        yield Sample("mailwake_report_age_seconds", role.report_age_seconds, label)


def _of_links(report: Report | None) -> Iterator[Sample]:
    for name in ("targets", "alarms", "mended", "forged"):
        yield Sample(f"mailwake_links_{name}", None if report is None else report.number(name))
    yield Sample("mailwake_links_visits_total", None if report is None else report.number("visited"))


def _of_edge(worker: str, report: Report) -> Iterator[Sample]:
    label = (worker,)
    yield Sample("mailwake_edge_received_total", report.number("received"), label)
    for end in ENDS:
        yield Sample("mailwake_edge_requests_total", report.number(end), (worker, end))
    for reason, n in _closed(report.numbers("reasons"), REASONS.__contains__):
        yield Sample("mailwake_edge_rejected_total", n, (worker, reason))
    for kind, n in _closed(report.numbers("shed"), TYPES.__contains__):
        yield Sample("mailwake_edge_shed_total", n, (worker, kind))
    for what in _EDGE_NUMBERS:
        yield Sample(f"mailwake_edge_{what}", report.number(what.removesuffix("_total")), label)
    for name, quantile in _LAG.items():
        yield Sample("mailwake_edge_inert_lag_seconds", report.number("inert_lag", name), (worker, quantile))


def _of_relay(report: Report) -> Iterator[Sample]:
    for end in _RELAY_ENDS:
        yield Sample("mailwake_relay_recipients_total", report.number(end), (end,))
    yield from _of_numbers("relay", _RELAY_NUMBERS, report)


def _of_numbers(role: str, fields: Mapping[str, str], report: Report) -> Iterator[Sample]:
    return (Sample(f"mailwake_{role}_{metric}", report.number(field)) for field, metric in fields.items())


def _of_pipeline(report: Report) -> Iterator[Sample]:
    yield Sample("mailwake_unsubscribes_held", report.number("held_unsubscribes"))
    yield Sample("mailwake_suppressions_storms_open", report.number("open_storms"))
    yield Sample("mailwake_suppressions_alarms_open", report.number("open_alarms"))
    told: dict[tuple[str, ...], Number] = {}
    for writer in report.names("writers"):
        label, path = label_of(writer), ("writers", writer)
        _add(told, ("mailwake_pipeline_read_total", label), report.number(*path, "records"))
        for end in _RECORD_ENDS:
            _add(told, ("mailwake_pipeline_records_total", label, end), report.number(*path, end))
        for reason, n in _closed(report.numbers(*path, "dropped"), DROPS.__contains__):
            _add(told, ("mailwake_pipeline_dropped_total", label, reason), n)
    for step, seconds in _closed(report.numbers("seconds"), _is_step):
        _add(told, ("mailwake_pipeline_step_seconds_total", step), seconds)
    yield from _summed(told)


def _of_workflows(report: Report | None) -> Iterator[Sample]:
    if report is None:
        return
    yield from _of_numbers("workflows", _WORKFLOW_NUMBERS, report)
    turned_at = report.number("turned_at")
    yield Sample("mailwake_workflows_turned_timestamp_seconds", None if turned_at is None else turned_at * _MICRO)
    for what in DECISIONS:
        yield Sample("mailwake_workflows_decisions_total", report.number("decisions", what), (what,))
    for state in RULE_STATES:
        yield Sample("mailwake_workflows_rules", report.number("rules", state), (state,))


def _summed(told: Mapping[tuple[str, ...], Number]) -> Iterator[Sample]:
    return (Sample(name, value, tuple(labels)) for (name, *labels), value in told.items())


def _add(told: dict[tuple[str, ...], Number], key: tuple[str, ...], value: Number | None) -> None:
    """Writers that share a label share a sample."""
    if value is not None:
        told[key] = told.get(key, 0) + value


def _of_sums(status: Status) -> Iterator[Sample]:
    for kind in Sum:
        sums = [balance for balance in status.sums if balance.kind is kind]
        for state in State:
            yield Sample("mailwake_sums", sum(balance.state is state for balance in sums), (kind, state))
        broken = (abs(balance.difference) for balance in sums if balance.state is State.BROKEN)
        yield Sample("mailwake_sum_difference", sum(broken), (kind,))


def _of_log(log: Log) -> Iterator[Sample]:
    yield Sample("mailwake_log_oldest_timestamp_seconds", _seconds(log.oldest_at))
    yield Sample("mailwake_log_damaged", log.damaged)
    for sequence in log.sequences:
        yield Sample("mailwake_log_bytes", sequence.bytes, (sequence.writer,))
        yield Sample("mailwake_log_records_total", sequence.records, (sequence.writer,))


def _of_readers(status: Status) -> Iterator[Sample]:
    told: dict[tuple[str, ...], Number] = {}
    for backlog in status.readers:
        label = reader_label(backlog.reader)
        waiting = 0.0 if backlog.since is None else max(0, status.at - backlog.since) * _MICRO
        _add(told, ("mailwake_log_behind_records", label), backlog.records)
        _add(told, ("mailwake_log_behind_bytes", label), backlog.bytes)
        _add(told, ("mailwake_log_behind_seconds", label), waiting)
        _add(told, ("mailwake_log_passed_timestamp_seconds", label), _seconds(backlog.passed_at or None))
        _add(told, ("mailwake_log_stopped", label), int(backlog.pace is Pace.STOPPED))
    yield from _summed(told)


def _is_step(name: str) -> bool:
    return _STEP.fullmatch(name) is not None


def _closed(told: dict[str, Number], knows: Callable[[str], bool]) -> Iterable[tuple[str, Number]]:
    """Counts by a name of a closed set; what is in none of our sets is added up as `other`."""
    sums: dict[str, Number] = {}
    for name, n in told.items():
        label = name if knows(name) else OTHER
        sums[label] = sums.get(label, 0) + n
    return sorted(sums.items())


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds * _MICRO
