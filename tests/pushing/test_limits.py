"""What can go wrong on the way to an org: sessions, limits of calls, and answers that do not come."""

from contextlib import suppress
from pathlib import Path

import pytest
from tests.crm.house import NOW
from tests.pushing.days import crowd, rows, sign_ins, sync
from tests.pushing.orgs import USER, Place, opened

from mailwake.errors import Misconfigured
from mailwake.pushing import sending
from mailwake.salesforce import bulk
from mailwake.salesforce.faults import CallsSpent, OrgMustAct, SalesforceAway


@pytest.mark.parametrize(
    "kind",
    [
        "drop_after",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("status_after", "truncate", "drop_before", "status")),
    ],
)
def test_an_answer_that_is_lost_after_the_commit_doubles_nothing(place: Place, kind: str) -> None:
    crowd(place)
    place.desk.look()
    place.desk.follow()
    place.order("fault", kind=kind, path="composite/sobjects", times=2)
    done = place.desk.push()
    assert (done.written, rows(place)) == (6, 3)
    assert done.refused == 0


@pytest.mark.long
def test_an_org_that_is_away_for_long_is_told_later(place: Place) -> None:
    crowd(place)
    place.desk.look()
    place.desk.follow()
    place.order("fault", kind="status", path="composite/sobjects", times=50)
    done = place.desk.push()
    assert done.written == 0
    assert "503" in done.ended
    place.order("clear", what=["faults"])
    place.later(1_000)
    assert place.desk.push().written == 6
    assert rows(place) == 3


@pytest.mark.long
def test_maintenance_lets_us_read_and_keeps_what_waits(place: Place) -> None:
    crowd(place)
    place.order("settings", is_in_maintenance=True)
    done = sync(place)
    assert (done.written, done.refused) == (0, 0)
    place.order("settings", is_in_maintenance=False)
    place.later(1_000)
    assert place.desk.push().written == 6


@pytest.mark.long
def test_a_session_that_ends_is_made_anew_once(place: Place) -> None:
    crowd(place)
    place.desk.look()
    place.desk.follow()
    place.order("sessions")
    assert place.desk.push().written == 6


def test_a_revoked_certificate_stops_us_and_says_who_must_act(place: Place) -> None:
    crowd(place)
    place.order("app", client_id="mailwake", certificate=None, approved=[USER])
    place.order("sessions")
    with pytest.raises(OrgMustAct, match="signing in is refused"):
        place.desk.look()


def test_a_wrong_clock_is_named(place: Place) -> None:
    place.order("sessions")
    place.order("clock", advance=3_600)
    place.desk.org.wire._around.wall = lambda: NOW / 1_000_000
    with pytest.raises(OrgMustAct, match="behind Salesforce's"):
        place.desk.look()


@pytest.mark.long
def test_calls_spent_end_a_run_but_not_for_who_wants_no_mail(tmp_path: Path) -> None:
    with opened(tmp_path, daily_calls=60) as place:
        ids = crowd(place)
        place.desk.look()
        place.desk.follow()
        with suppress(CallsSpent), place.desk.counted():
            while True:
                place.desk.budget.spend()
        done = place.desk.push()
        assert (done.written, "daily_calls" in done.ended) == (0, True)
        place.house.state.suppress(place.house.handle("reader0@example.com"), reason="complained", source="esp", at=NOW)
        place.desk.follow()
        done = place.desk.push()
        assert done.written == 1
        assert place.value(ids[0], "HasOptedOutOfEmail") is True
        place.later(86_400)
        assert place.desk.push().written == 5


@pytest.mark.long
def test_calls_are_counted_for_whoever_comes_next(place: Place) -> None:
    crowd(place)
    place.desk.budget.recall([])
    before = place.desk.org.wire.calls
    sync(place)
    place.desk.plan()
    made = place.desk.org.wire.calls - before
    assert made > 5
    place.desk.budget.recall([])
    assert place.desk.calls_of_day() == made


@pytest.mark.long
def test_what_others_use_of_the_org_is_left_to_them(place: Place) -> None:
    crowd(place)
    place.desk.look()
    place.desk.follow()
    place.order("usage", add=110_000)
    place.desk.org.limits()
    done = place.desk.push()
    assert (done.written, done.calls, "we stop at 90%" in done.ended) == (0, 0, True)
    place.later(86_400)
    assert place.desk.push().written == 6, "a day later one call finds out that there is room again"


@pytest.mark.long
def test_the_orgs_own_limit_is_no_fault_of_a_row(place: Place) -> None:
    crowd(place)
    place.desk.look()
    place.desk.follow()
    place.order("settings", daily_requests=1)
    done = place.desk.push()
    assert (done.written, done.refused) == (0, 0)
    assert done.ended
    place.order("settings", daily_requests=115_000)
    place.later(1_000)
    assert place.desk.push().written == 6


@pytest.mark.long
def test_a_session_that_ends_within_a_bulk_job_is_made_anew_and_the_job_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (bulk, sending):
        monkeypatch.setattr(room, "WORTH_IT", 2)
    crowd(place)
    place.desk.look()
    place.desk.follow()
    for path in ("jobs/ingest", "batches", "successfulResults"):
        place.order("fault", kind="expire_session", path=path, times=1)
    before = sign_ins(place)
    assert place.desk.push().written == 6
    assert sign_ins(place) - before == 3, "once for each session that ended"
    assert rows(place) == 3
    assert {job["state"] for job in place.ask("jobs")} == {"JobComplete"}


def test_plain_http_is_for_this_machine_alone(tmp_path: Path) -> None:
    with (
        pytest.raises(Misconfigured, match=r"salesforce\.login: must be https"),
        opened(tmp_path, login="http://example.com"),
    ):
        pass


def test_an_org_that_says_nonsense_is_away(place: Place) -> None:
    place.order("fault", kind="truncate", path="sobjects/Contact/describe", times=9)
    with pytest.raises(SalesforceAway):
        place.desk.look()
