"""Ready means: every role is, every report is fresh, the disk has room, the sums hold, and no reader stands still."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.monitoring.conftest import ENDS, NOW, SECOND, Installation

from mailwake.monitoring.status import FRESH_SECONDS, Freshness, held_unsubscribes, look, open_incidents, to_json

DAY = 86_400 * SECOND
ROLES = ("edge-0", "relay", "ingest", "web", "monitor")


@pytest.fixture
def well(installation: Installation) -> Installation:
    """Everything as it should be."""
    installation.serve(*ROLES)
    installation.edge()
    for name in ("relay", "ingest", "monitor"):
        installation.report(name)
    installation.append("edge-0", 5)
    account = {"cursor": 1, "records": 5, "applied": 5, "dead": 0, "dropped": {}, "damaged": 0, "earlier": 0}
    installation.report("pipeline", writers={"edge-0": account})
    installation.passed("pipeline", edge_0=1)
    return installation


def problems(installation: Installation) -> tuple[str, ...]:
    status = look(installation.data, keep_days=7, now=NOW)
    assert status.is_ready is not bool(status.problems)
    return status.problems


def test_an_installation_that_is_well_is_ready(well: Installation) -> None:
    assert problems(well) == ()


def test_a_role_that_is_not_ready_is_named(well: Installation) -> None:
    well.serve(*ROLES, ready=False)
    assert problems(well) == tuple(f"{role} is not ready" for role in ROLES)


@pytest.mark.parametrize(("age", "said"), [(FRESH_SECONDS - 0.1, ()), (40, ("edge-0 last reported 40 s ago",))])
def test_a_report_that_was_not_written_again_is_named(well: Installation, age: float, said: tuple[str, ...]) -> None:
    well.edge(age_seconds=age)
    assert problems(well) == said


def test_a_clock_that_went_back_makes_no_report_old(well: Installation) -> None:
    well.edge(age_seconds=-3_600)
    assert problems(well) == ()


def test_a_report_that_is_not_there_is_not_known(well: Installation) -> None:
    (well.data / "relay.json").unlink()
    status = look(well.data, keep_days=7, now=NOW)
    (relay,) = [role for role in status.roles if role.name == "relay"]
    assert (relay.freshness, relay.report_age_seconds) == (Freshness.UNKNOWN, None)
    assert status.problems == ("relay has not reported",)


@pytest.mark.parametrize("age", [None, 86_400])
def test_a_role_that_just_came_up_is_given_time_to_report(well: Installation, age: float | None) -> None:
    if age is None:
        (well.data / "relay.json").unlink()
    else:
        well.report("relay", age_seconds=age)
    well.serve(*ROLES, ready_at=NOW - int((FRESH_SECONDS - 1) * SECOND))
    assert problems(well) == ()
    well.serve(*ROLES, ready_at=NOW - int(FRESH_SECONDS * SECOND))
    assert len(problems(well)) == 1


def test_a_sum_that_is_broken_is_named_with_what_is_missing(well: Installation) -> None:
    well.edge(**(ENDS | {"received": 13}), stopped=1)
    assert problems(well) == ("the sum of requests of edge-0 is broken by 3",)


def test_a_campaign_is_not_named_in_a_problem(well: Installation) -> None:
    well.append("send-4711", 5)
    well.report("pipeline", writers={
        "edge-0": {"cursor": 1, "records": 5, "applied": 5, "dead": 0, "dropped": {}, "damaged": 0, "earlier": 0},
        "send-4711": {"cursor": 1, "records": 5, "applied": 4, "dead": 0, "dropped": {}, "damaged": 0, "earlier": 0},
    })  # fmt: skip
    well.passed("pipeline", edge_0=1, send_4711=1)
    assert problems(well) == ("the sum of pipeline of send is broken by 1",)


def test_a_reader_that_has_stopped_is_named(well: Installation) -> None:
    well.append("relay", 2, age_seconds=1_200)
    well.passed("pipeline", edge_0=1, age_seconds=1_500)
    assert problems(well) == ("pipeline has stopped; a record has been waiting for 20 minutes",)


def test_a_reader_whose_backlog_takes_up_the_room_is_named(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(well.data)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    well.append("relay", 2)
    told, said = problems(well), "pipeline is so far behind that what waits takes a large part of the room that is left"
    assert told == (said, "the disk has only 0 MB free")


@pytest.mark.parametrize("standing", ["missing", "damaged", "stale"])
def test_an_edge_that_cannot_ask_who_withdrew_is_named(well: Installation, standing: str) -> None:
    well.edge(inert_closed=1, inert_standing=standing)
    (said,) = problems(well)
    assert said.startswith(f"edge-0 records nothing of anybody: the set of those who withdrew is {standing};")


def test_an_edge_that_hears_of_withdrawals_late_is_named(well: Installation) -> None:
    well.edge(inert_closed=0, inert_lag={"count": 3, "p99": 5.0})
    assert problems(well) == ()
    well.edge(inert_closed=0, inert_lag={"count": 3, "p99": 7.25})
    assert problems(well) == ("edge-0 hears of withdrawals 7.2 s late; 99 of 100 should take no more than 5 s",)


def test_a_disk_without_room_is_said(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(well.data)._replace(free=300_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert problems(well) == ("the disk has only 300 MB free",)


@pytest.mark.parametrize(
    ("held", "said"), [(0, ""), (None, ""), (1, "1 unsubscription is held"), (3, "3 unsubscriptions are held")]
)
def test_unsubscriptions_that_are_held_are_said(installation: Installation, held: int | None, said: str) -> None:
    installation.report("pipeline", **({} if held is None else {"held_unsubscribes": held}))
    status = look(installation.data, keep_days=7, now=NOW)
    assert held_unsubscribes(status.reports) == held
    assert len(status.decisions) == bool(said)
    assert "".join(status.decisions).startswith(said)
    assert not any("held" in problem for problem in status.problems), "strangers must not make us unready"


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        ({}, []),
        ({"open_storms": 0, "open_alarms": 0}, []),
        ({"open_storms": 1}, ["a mail exchanger declares more addresses dead than can be"]),
        ({"open_storms": 2, "open_alarms": 1}, ["2 mail exchangers declare", "mail is refused and one cause blames"]),
        ({"open_alarms": 3}, ["mail is refused and 3 causes blame the sender"]),
    ],
)
def test_incidents_that_are_open_are_said(installation: Installation, waiting: dict[str, int], said: list[str]) -> None:
    installation.report("pipeline", **waiting)
    status = look(installation.data, keep_days=7, now=NOW)
    assert open_incidents(status.reports, "storms") == waiting.get("open_storms")
    assert [told.startswith(start) for told, start in zip(status.decisions, said, strict=True)] == [True] * len(said)
    assert not any("refused" in problem for problem in status.problems), "strangers must not make us unready"


@pytest.mark.parametrize(
    ("fronts", "said"), [(0, ""), (1, "an address brings so many"), (2, "2 addresses bring so many")]
)
def test_a_proxy_that_hides_everybody_is_said(installation: Installation, fronts: int, said: str) -> None:
    installation.report("pipeline", fronts=fronts)
    status = look(installation.data, keep_days=7, now=NOW)
    assert len(status.decisions) == bool(said)
    assert said in "".join(status.decisions)


def test_reports_of_workers_that_no_longer_run_are_left_out(well: Installation) -> None:
    well.report("edge-7", age_seconds=86_400, received=1)
    status = look(well.data, keep_days=7, now=NOW)
    assert "edge-7" not in status.reports
    assert status.is_ready


def test_roles_that_run_alone_are_told_by_their_reports(installation: Installation) -> None:
    installation.report("relay")
    installation.report("ingest", age_seconds=20)
    status = look(installation.data, keep_days=7, now=NOW)
    assert [(role.name, role.is_ready, role.freshness) for role in status.roles] == [
        ("ingest", None, "stale"),
        ("relay", None, "fresh"),
    ]
    assert status.problems == ("ingest last reported 20 s ago",)


def test_a_folder_in_which_nobody_ever_was_is_not_ready(installation: Installation) -> None:
    assert problems(installation) == ("no role has said anything yet",)
    assert problems(Installation(installation.data / "gone")) == (
        "no role has said anything yet",
        "the data folder cannot be looked at",
    )


def test_the_json_says_all_of_it_and_nothing_that_a_report_made_up(well: Installation) -> None:
    well.report("relay", recipient="canary@example.com")
    told: dict[str, Any] = json.loads(to_json(look(well.data, keep_days=7, now=NOW)))
    assert list(told) == ["at", "ready", "problems", "decisions", "roles", "sums", "log", "readers", "disk"]
    assert (told["at"], told["ready"], told["problems"]) == ("2027-01-15T08:00:00Z", True, [])
    assert told["roles"][0]["ready_at"] == "2027-01-15T07:59:00Z"
    assert [role["name"] for role in told["roles"]] == list(ROLES)
    assert told["sums"][0] == {
        "kind": "requests",
        "name": "edge-0",
        "equation": "received = recorded + dated + inert + unsure + expired + rejected + unrecorded + waiting",
        "state": "holds",
        "left": 10,
        "right": {
            "recorded": 5,
            "dated": 0,
            "inert": 1,
            "unsure": 0,
            "expired": 1,
            "rejected": 3,
            "unrecorded": 0,
            "waiting": 0,
        },
        "difference": 0,
    }
    assert [(each["reader"], each["records"], each["pace"]) for each in told["readers"]] == [
        ("pipeline", 0, "keeps up")
    ]
    assert "canary" not in json.dumps(told)


def test_an_org_that_is_told_nothing_is_a_problem_and_one_that_is_told_is_none(tmp_path: Path) -> None:
    def problems(**facts: object) -> list[str]:
        told = {"written_at": NOW, "fault": None, "dead": 0} | facts
        (tmp_path / "salesforce.json").write_text(json.dumps(told), encoding="utf-8")
        return [each for each in look(tmp_path, keep_days=7, now=NOW).problems if "Salesforce" in each]

    assert problems() == []
    assert problems(fault="salesforce: signing in is refused", dead=3) == [
        "Salesforce is told nothing: salesforce: signing in is refused",
        "Salesforce refuses 3 records; `mailwake salesforce dead` says why",
    ]
    assert problems(fault=7, dead="many") == []


def test_an_edge_whose_log_takes_nothing_is_a_problem_while_it_runs(well: Installation) -> None:
    def problems(**facts: int) -> list[str]:
        well.edge(**facts)
        return [each for each in look(well.data, keep_days=7, now=NOW).problems if "takes no hits" in each]

    assert problems() == problems(losing=0) == problems(losing=9, stopped=1) == []
    assert problems(losing=1_234) == [
        "the log of edge-0 takes no hits: 1,234 were answered and not recorded since it stopped"
    ]


def test_what_the_log_lost_is_told_for_thirty_days_and_stops_nothing(well: Installation) -> None:
    def told(*, damaged: int, dead: int, days_ago: int, damaged_then: int, dead_then: int = 0) -> tuple[str, ...]:
        account = {"cursor": 1, "records": 5, "applied": 5 - damaged - dead, "dropped": {}, "earlier": 0}
        well.report("pipeline", writers={"edge-0": {**account, "damaged": damaged, "dead": dead}})
        then = {"kind": "pipeline", "name": "edge-0", "right": {"damaged": damaged_then, "dead": dead_then}}
        hours = [{"at": NOW - days_ago * DAY, "balances": [then]}, {"at": NOW - DAY, "balances": []}]
        well.write("conservation.jsonl", "".join(json.dumps(hour) + "\n" for hour in hours))
        status = look(well.data, keep_days=7, now=NOW)
        assert status.is_ready
        return status.decisions

    assert told(damaged=0, dead=0, days_ago=31, damaged_then=0) == ()
    assert told(damaged=3, dead=1, days_ago=31, damaged_then=3, dead_then=1) == (), "it was long ago"
    lost = "2 records of edge-0 could not be read from the log in the last 30 days and are lost; look at the disk"
    assert told(damaged=3, dead=0, days_ago=31, damaged_then=1) == (lost,)
    aside = "1 records of edge-0 were set aside in the last 30 days; `mailwake work --again` puts them back"
    assert told(damaged=2, dead=1, days_ago=29, damaged_then=2) == (lost, aside), "nobody wrote it down before"
    assert told(damaged=1, dead=0, days_ago=31, damaged_then=4) == (), "a store that was begun anew"


def test_rules_that_stand_still_are_a_problem_and_one_that_switched_itself_off_a_decision(well: Installation) -> None:
    def told(age_seconds: float = 1.0, **facts: object) -> tuple[list[str], tuple[str, ...]]:
        rules = {"on": 1, "off": 0, "tripped": 0, "unreadable": 0}
        well.report("workflows", age_seconds=age_seconds, **({"fault": None, "rules": rules} | facts))
        found = look(well.data, keep_days=7, now=NOW)
        return list(found.problems), found.decisions

    assert told() == ([], ())
    assert told(fault="the state store does not answer")[0] == ["rules stand still: the state store does not answer"]
    assert told(age_seconds=7_200)[0] == ["rules were last looked at 120 minutes ago"]
    assert told(rules={"unreadable": 2})[0] == ["2 files of rules cannot be used; `mailwake workflow check` says why"]
    problems, decisions = told(rules={"tripped": 1})
    assert problems == []
    assert decisions == (
        "1 rule switched itself off, because it acted too often; `mailwake workflow list` shows which",
    )
    assert told(fault=7, rules="many") == ([], ())


def test_an_old_report_of_rules_says_nothing_where_nobody_serves(installation: Installation) -> None:
    installation.report("workflows", age_seconds=90_000, fault=None, rules={})
    assert not [each for each in look(installation.data, keep_days=7, now=NOW).problems if "rules" in each]
