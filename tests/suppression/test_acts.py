"""What an operator does is kept with who and why, and one command undoes an import or applies a storm."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.pipeline.house import House, after
from tests.suppression.conftest import crowd, refused

from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.store.state import IncidentKind, Leave
from mailwake.suppression import acts, imports
from mailwake.suppression.files import Line

NOW = after(1_000)


def lines(number: int, reason: str = "bounced") -> list[Line]:
    return [Line(f"x{n}@example.com", reason, "from the old tool", None, None) for n in range(number)]


def take_in(house: House, told: list[Line], *, seconds: float = 1_000, name: str = "old.csv") -> int | None:
    return imports.take_in(house.state, imports.plan(house.state, told), name=name, at=after(seconds), by="eve")


def handle(house: House, address: str) -> Handle:
    return house.state.known_handles([address])[address]


def test_a_wrong_import_is_undone_with_one_command(house: House) -> None:
    (before,) = crowd(house, "example.com", 1)
    house.state.suppress(before, reason="complained", source="api", at=after(1))
    incident = take_in(house, lines(500))
    assert incident is not None
    known = house.state.known_handles([line.address for line in lines(500)]).values()
    assert len(house.state.suppressed(known)) == 500
    assert acts.undo(house.state, incident, at=after(1_001), by="eve", why="the wrong file") == 500
    assert set(house.state.suppressed(known)) == set()
    assert before in house.state.suppressed([before])
    told = house.state.suppressions(handle(house, "x7@example.com"))
    assert [(row.put_by, row.lifted_by, row.lift_why) for row in told] == [("eve", "eve", "the wrong file")]


def test_importing_twice_changes_nothing_and_opens_no_incident(house: House) -> None:
    told = [*lines(3), *(replace_reason(line, "unsubscribed") for line in lines(3))]
    assert take_in(house, told) is not None
    assert take_in(house, told, seconds=2_000) is None
    (incident,) = house.state.incidents()
    assert (incident.kind, incident.count, incident.quoted) == (IncidentKind.IMPORT, 6, "old.csv, read in by eve")


def replace_reason(line: Line, reason: str) -> Line:
    return line._replace(reason=reason)


def test_a_plan_changes_nothing_and_says_what_would(house: House) -> None:
    take_in(house, lines(2))
    told = [*lines(4), Line("y@example.com", "manual", "", None, None, campaign="No such"), *lines(1, "complained")]
    planned = imports.plan(house.state, told)
    assert planned.by_reason == {"bounced": 2, "complained": 1}
    assert planned.known == 2
    assert [each.why for each in planned.left] == ["there is no campaign 'No such' here"]
    assert house.state.known_handles(["x3@example.com"]) == {}


def test_an_import_undone_may_come_again(house: House) -> None:
    first = take_in(house, lines(2))
    assert first is not None
    acts.undo(house.state, first, at=after(1_001), by="eve", why="too early")
    assert take_in(house, lines(2), seconds=2_000) is not None


def test_an_import_may_be_limited_to_a_campaign(house: House) -> None:
    told = lines(1)[0]._replace(campaign="Autumn")
    take_in(house, [told])
    campaign = house.state.find_campaign("Autumn")
    assert campaign is not None
    assert house.state.suppressed([handle(house, "x0@example.com")], campaign=campaign.id)
    other = house.state.campaign("Winter", stream="marketing", now=NOW)
    assert not house.state.suppressed([handle(house, "x0@example.com")], campaign=other.id)


def test_who_had_left_elsewhere_is_written_down_among_those_who_left(house: House) -> None:
    incident = take_in(house, lines(1, "unsubscribed"))
    assert incident is not None
    (left,) = house.state.unsubscribes_by(handle(house, "x0@example.com"))
    assert (left.how, left.proof, left.domain, left.state) == ("import", "old.csv", "example.com", Leave.APPLIED)
    acts.undo(house.state, incident, at=after(1_001), by="eve", why="the wrong file")
    (left,) = house.state.unsubscribes_by(handle(house, "x0@example.com"))
    assert left.state is Leave.RESTORED
    (act,) = house.state.unsubscribe_acts([left.id])
    assert (act.by, act.why) == ("eve", "the wrong file")


def test_a_corrected_address_gets_mail_again_with_who_and_why(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5))
    why = "this address was corrected"
    assert acts.lift(house.state, "P0@A.example", at=NOW, by="eve", why=why) == (1, ())
    assert house.state.suppressed([ann]) == {}
    with pytest.raises(BadInput, match="never mailed"):
        acts.lift(house.state, "stranger@a.example", at=NOW, by="eve", why="x")


@pytest.mark.parametrize("wish", ["unsubscribed", "complained"])
def test_mending_an_address_puts_nobody_back_on_a_list_that_they_left(house: House, wish: str) -> None:
    acts.add(house.state, "ann@example.com", at=after(1), by="eve", why="said so", reason=wish)
    acts.add(house.state, "ann@example.com", at=after(2), by="eve", why="dead", reason="bounced")
    assert acts.lift(house.state, "ann@example.com", at=NOW, by="eve", why="corrected") == (1, (wish,))
    ann = handle(house, "ann@example.com")
    assert house.state.suppressed([ann], stream="marketing")
    assert not house.state.suppressed([ann], stream="transactional")
    assert acts.lift(house.state, "ann@example.com", at=NOW, by="eve", why="asked", reason=wish) == (2, ())
    assert not house.state.suppressed([ann], stream="marketing")


def test_no_log_line_holds_an_address(house: House) -> None:
    with capture_logs() as said:
        acts.add(house.state, "ann@example.com", at=after(1), by="eve", why="ann@example.com asked")
        acts.lift(house.state, "ann@example.com", at=NOW, by="eve", why="it is anna@example.com now")
        take_in(house, lines(1))
    assert [line["event"] for line in said] == ["suppressions.added", "suppressions.lifted", "suppressions.imported"]
    assert "@" not in str(said)


def test_who_was_spared_in_a_storm_can_be_suppressed_after_all(house: House) -> None:
    people = crowd(house, "gmail.example", 40)
    house.work(*(refused(who, 60) for who in people))
    (storm,) = house.state.incidents(kind=IncidentKind.STORM)
    assert house.state.suppressed(people) == {}
    assert acts.apply(house.state, storm.id, at=NOW, by="eve", why="really dead") == 40
    assert set(house.state.suppressed(people)) == set(people)
    assert {row.put_by for row in house.state.suppressed(people).values()} == {"eve"}
    assert acts.undo(house.state, storm.id, at=after(2_000), by="eve", why="no, alive") == 40
    assert house.state.suppressed(people) == {}


def test_adding_twice_is_once_and_an_incident_that_is_none_is_said(house: House) -> None:
    assert acts.add(house.state, "ann@example.com", at=NOW, by="eve", why="asked by phone")
    assert not acts.add(house.state, "ann@example.com", at=after(2_000), by="eve", why="asked again")
    for number in (7, -1, 2**70):
        for act in (acts.undo, acts.apply, acts.close):
            with pytest.raises(BadInput, match="no incident"):
                act(house.state, number, at=NOW, by="eve", why="x")


def test_what_is_added_reaches_as_far_and_as_long_as_said(house: House) -> None:
    state = house.state
    reach = acts.Reach("transactional", "Autumn", after(5_000))
    assert acts.add(state, "ann@example.com", at=NOW, by="eve", why="x", reach=reach)
    (row,) = state.suppressions(handle(house, "ann@example.com"))
    campaign = state.find_campaign("Autumn")
    assert campaign is not None
    assert (row.stream, row.campaign, row.expires_at) == ("transactional", campaign.id, after(5_000))
    assert replace(row, lifted_at=None) == row


@pytest.mark.parametrize(
    ("why", "reason", "reach", "said"),
    [
        (" ", "manual", acts.Reach(), "why: say it"),
        ("x" * 201, "manual", acts.Reach(), "why: say it"),
        ("\x1b[2J", "manual", acts.Reach(), "why: say it"),
        ("x", "hated", acts.Reach(), "no reason"),
        ("x", "manual", acts.Reach(stream="news"), "no stream"),
        ("x", "manual", acts.Reach(campaign="News"), "no campaign"),
        ("x", "manual", acts.Reach(expires_at=NOW), "end after today"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    house: House, *, why: str, reason: str, reach: acts.Reach, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        acts.add(house.state, "ann@example.com", at=NOW, by="eve", why=why, reason=reason, reach=reach)
    assert house.state.holding() == []


def test_an_alarm_has_nothing_to_undo(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5, "550 5.7.26 unauthenticated email is not accepted due to domain's DMARC policy"))
    (alarm,) = house.state.incidents(kind=IncidentKind.ALARM)
    with pytest.raises(BadInput, match="suppressed nobody"):
        acts.undo(house.state, alarm.id, at=NOW, by="eve", why="x")
    assert acts.close(house.state, alarm.id, at=NOW, by="eve", why="DKIM mended")
    assert not acts.close(house.state, alarm.id, at=NOW, by="eve", why="again")
