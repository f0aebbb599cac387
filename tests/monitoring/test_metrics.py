"""What `/metrics` shows: only what the registry names, only what is known, and nothing of a person."""

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.monitoring.conftest import ENDS, NOW, SECOND, Installation

from mailwake.monitoring.metrics import DROPS, REASONS, TYPES, Kind, expose, metrics
from mailwake.monitoring.status import look
from mailwake.pipeline.accounts import DEAD
from mailwake.pipeline.item import Drop
from mailwake.pipeline.steps import STEPS

SOURCE = Path(__file__).parents[2] / "src" / "mailwake"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "monitoring.md"
Shown = dict[tuple[str, tuple[tuple[str, str], ...]], float]


RELAY = {
    "messages": 9, "recipients": 12, "delivered": 8, "deferred": 1, "bounced": 1, "rejected": 2, "untouched": 0,
    "events_lost": 0, "clients": 3, "clients_refused": 0, "clients_cut": 0, "put_off": 0, "waiting": 0,
    "upstream_connections": 2, "bytes_under_way": 50_000,
}  # fmt: skip
INGEST = {
    "clients": 1,
    "notices": 6,
    "events": 5,
    "kept": 1,
    "unreadable": 1,
    "forged": 0,
    "put_off": 0,
    "reports": 0,
    "events_lost": 0,
}
WEBHOOKS = dict.fromkeys(("calls", "events", "unknown", "refused", "rejected", "unreadable", "put_off"), 1)

WORKFLOWS: dict[str, Any] = {
    "turned_at": NOW - 60 * SECOND, "turn_seconds": 0.25, "turns": 90, "faults": 1, "fault": None, "unfinished": 2,
    "decisions": {"entered": 5, "deferred": 1, "refused": 70, "reversed": 0},
    "rules": {"on": 3, "off": 1, "tripped": 0, "unreadable": 0},
}  # fmt: skip


def show(installation: Installation) -> Shown:
    """Every sample, by name and labels."""
    body, _ = expose(look(installation.data, keep_days=7, now=NOW), "")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


@pytest.fixture
def full(installation: Installation) -> Installation:
    """An installation of which everything is known."""
    installation.serve("edge-0", "relay", "ingest", "webhooks", "web", "monitor")
    installation.edge(
        shed={"opened": 2},
        refused=1,
        faults=0,
        unannounced=0,
        waiting=4,
        connections=7,
        withdrawn=2,
        inert_closed=0,
        detours=1,
        detours_refused=0,
        inert_unsure=3,
        losing=0,
        inert_age_seconds=1.5,
        inert_lag={"count": 2, "p50": 0.1, "p99": 0.9, "max": 1.0},
    )
    installation.append("edge-0", 5, age_seconds=30)
    installation.append("edge-0", 5, age_seconds=20)
    account = {
        "cursor": 1,
        "records": 5,
        "applied": 2,
        "dead": 1,
        "dropped": {"counted": 2},
        "damaged": 0,
        "earlier": 0,
    }
    installation.report(
        "pipeline",
        writers={"edge-0": account},
        seconds={"put_verdict": 0.5, "write": 1.5},
        held_unsubscribes=0,
        open_storms=1,
        open_alarms=2,
    )
    installation.passed("pipeline", edge_0=1)
    installation.report("monitor")
    installation.report("relay", **RELAY)
    installation.report("ingest", **INGEST)
    installation.report("webhooks", **WEBHOOKS)
    installation.report("workflows", **WORKFLOWS)
    installation.report("links", targets=4, alarms=1, mended=1, forged=0, visited=9)
    return installation


def test_every_metric_of_the_registry_has_a_value_where_all_is_known(full: Installation) -> None:
    full.append("relay", 5, age_seconds=2 * 3_600)
    full.passed("pipeline", edge_0=1, relay=1)
    full.touch_log(age_seconds=1)
    assert {name for name, _ in show(full)} | {"mailwake_disk_left_seconds"} == set(metrics())


def test_how_long_the_disk_lasts_is_shown_where_it_fills(full: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    full.append("relay", 5, age_seconds=2 * 3_600)
    full.touch_log(age_seconds=1)
    usage = shutil.disk_usage(full.data)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    shown = show(full)
    pace = shown["mailwake_disk_log_bytes_per_second", ()]
    assert shown["mailwake_disk_left_seconds", ()] == pytest.approx(1_000 / pace)


def test_nothing_is_shown_that_is_not_known(installation: Installation) -> None:
    installation.write("edge-0.json", {"received": "many", "recorded": None, "written_at": NOW})
    shown = {name for name, _ in show(installation)}
    assert not {name for name in shown if name.startswith(("mailwake_edge", "mailwake_pipeline", "mailwake_role"))}
    assert "mailwake_report_age_seconds" in shown


def test_values_are_those_of_the_reports(full: Installation) -> None:
    shown = show(full)
    for end in ("recorded", "inert", "unsure", "expired", "rejected", "unrecorded"):
        assert shown["mailwake_edge_requests_total", (("end", end), ("worker", "0"))] == ENDS[end]
    assert shown["mailwake_edge_rejected_total", (("reason", "seal"), ("worker", "0"))] == 3
    assert shown["mailwake_pipeline_dropped_total", (("reason", "counted"), ("writer", "edge-0"))] == 2
    assert [shown["mailwake_relay_recipients_total", (("end", end),)] for end in ("delivered", "rejected")] == [8, 2]
    assert shown["mailwake_relay_under_way_bytes", ()] == 50_000
    assert shown["mailwake_ingest_notices_total", ()] == 6
    assert shown["mailwake_pipeline_step_seconds_total", (("step", "write"),)] == 1.5
    assert shown["mailwake_role_ready_timestamp_seconds", (("role", "edge-0"),)] == NOW / SECOND - 60
    assert shown["mailwake_workflows_decisions_total", (("decision", "refused"),)] == 70
    assert shown["mailwake_workflows_rules", (("state", "on"),)] == 3
    assert shown["mailwake_workflows_turned_timestamp_seconds", ()] == NOW / SECOND - 60
    assert shown["mailwake_log_behind_records", (("reader", "pipeline"),)] == 5
    assert shown["mailwake_log_behind_seconds", (("reader", "pipeline"),)] == 20


def test_ready_is_shown_as_health_answers_it(full: Installation) -> None:
    assert show(full)["mailwake_ready", ()] == 1
    full.edge(age_seconds=60)
    assert show(full)["mailwake_ready", ()] == 0
    assert show(full)["mailwake_problems", ()] == 1


def test_sums_are_shown_by_how_they_stand_and_by_what_is_missing(full: Installation) -> None:
    full.edge(**(ENDS | {"received": 14}), stopped=1)
    shown = show(full)
    assert shown["mailwake_sums", (("state", "broken"), ("sum", "requests"))] == 1
    assert shown["mailwake_sums", (("state", "holds"), ("sum", "requests"))] == 0
    assert shown["mailwake_sum_difference", (("sum", "requests"),)] == 4
    assert shown["mailwake_sum_difference", (("sum", "log"),)] == 0


HOSTILE = {"anna@example.com": 1, "192.0.2.7": 2, 'x"} 1\nforged 1': 3, "": 4, "seal": 5}


def test_whatever_a_report_says_no_label_is_anything_but_a_word_of_ours(full: Installation) -> None:
    full.edge(reasons=HOSTILE, shed=HOSTILE)
    accounts = {name: {"records": 1, "dropped": HOSTILE, "applied": 1} for name in (*HOSTILE, "send-4711", "send-4712")}
    full.report("pipeline", writers=accounts, seconds=HOSTILE)
    shown = show(full)
    values = {value for _, labels in shown for name, value in labels if name != "version"}
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]*|[0-9]{1,4}", value) for value in values)
    assert not [value for value in values if re.search(r"anna|192|forged|4711", value)]
    assert shown["mailwake_edge_rejected_total", (("reason", "other"), ("worker", "0"))] == 10
    assert shown["mailwake_pipeline_read_total", (("writer", "send"),)] == 2
    assert shown["mailwake_pipeline_read_total", (("writer", "other"),)] == 5


def test_names_follow_prometheus(full: Installation) -> None:
    for metric in metrics().values():
        assert re.fullmatch(r"mailwake(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
        assert metric.name.endswith("_info") is (metric.kind is Kind.INFO)
        assert metric.help.endswith(".")
        assert not re.search(r"_(ms|kb|mb|micros|minutes|hours|days?|percent)(_|$)", metric.name)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
    ],
)
def test_a_scraper_gets_the_form_that_it_accepts(full: Installation, accept: str, kind: str) -> None:
    body, content_type = expose(look(full.data, keep_days=7, now=NOW), accept)
    assert content_type.startswith(kind)
    assert body.endswith(b"# EOF\n") is accept.startswith("application/openmetrics")


def reasons_in(path: Path) -> set[str]:
    """Every word that a file rejects a request with."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
            "reject", "_reject", "Untrusted",
        }:  # fmt: skip
            found |= {str(word.value) for given in node.args for word in ast.walk(given)
                      if isinstance(word, ast.Constant) and isinstance(word.value, str)}  # fmt: skip
    return found


def test_every_reason_that_the_code_gives_is_a_label_of_its_own() -> None:
    given = set[str]().union(*map(reasons_in, [SOURCE / "tokens.py", *(SOURCE / "edge").glob("*.py")]))
    assert given == REASONS


def test_every_way_a_record_is_dropped_is_a_label_of_its_own() -> None:
    assert {str(drop) for drop in Drop if drop not in DEAD} == DROPS


def test_every_event_of_a_hit_is_a_label_of_its_own() -> None:
    from mailwake.events import EventType

    assert set(map(str, EventType)) >= TYPES


def test_every_step_is_a_label_of_its_own(full: Installation) -> None:
    steps = [step.__name__ for step in STEPS]
    full.report("pipeline", writers={}, seconds=dict.fromkeys(steps, 1))
    shown = {dict(labels)["step"] for name, labels in show(full) if name == "mailwake_pipeline_step_seconds_total"}
    assert shown == set(steps)


def test_the_reference_lists_every_metric_with_labels_and_help() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(mailwake_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page, re.MULTILINE)
    told = {(name, kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in rows}
    assert told == {(metric.name, metric.kind, metric.labels, metric.help) for metric in metrics().values()}
    assert [name for name, *_ in rows] == list(metrics())
