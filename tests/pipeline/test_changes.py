"""A verdict that somebody may have read does not change in silence."""

import pytest
from tests.pipeline.house import House, after, hit, sent

from mailwake.events import EventType, Note
from mailwake.judge.families.learned import LEAST


def test_a_decoy_hit_is_named_as_the_cause_of_what_it_changed(house: House) -> None:
    house.work(sent(1), hit(EventType.CLICKED, 40, delivery=1, link=1))
    click = house.row(EventType.CLICKED)
    house.work(hit(EventType.UNKNOWN, 45, delivery=1, link=2, note=Note.DECOY))
    decoy = house.row(EventType.UNKNOWN)
    (change,) = house.events.ask("verdict_changes", delivery=1)
    now = house.row(EventType.CLICKED)
    assert (change["event"], change["seq"], change["cause"]) == (click.id, 1, decoy.id)
    assert (change["old_p"], change["old_klass"]) == (click.p_human, click.klass)
    assert (change["new_p"], change["new_klass"]) == (now.p_human, now.klass)
    assert change["changed_at"] == after(45)
    assert change["ruleset"] == now.ruleset


@pytest.mark.long
def test_settling_has_no_cause_and_ends_where_the_verdict_stands(house: House) -> None:
    copies = range(1, LEAST + 12)
    for first in copies[::6]:
        some = range(first, min(first + 6, copies.stop))
        house.work(*(sent(number, number) for number in some))
        house.work(*(hit(EventType.CLICKED, 60 + number, delivery=number, link=1) for number in some))
        house.work(*(hit(EventType.UNKNOWN, 70 + number, delivery=number, link=2, note=Note.DECOY) for number in some))
    house.work(sent(99, 90_000))
    assert house.rows() == [row for row in house.rows() if row.delivery == 99]
    settled = 0
    for number in copies:
        told = house.events.ask("verdict_changes", delivery=number)
        timeline = {row["id"]: row for row in house.events.ask("timeline", campaign=1, delivery=number)}
        settled += any(row["cause"] is None for row in told)
        for row in told:
            later = [each for each in told if each["event"] == row["event"] and each["seq"] == row["seq"] + 1]
            end = (later[0]["old_p"], later[0]["old_klass"]) if later else None
            stands = timeline[row["event"]]
            assert (row["new_p"], row["new_klass"]) == (end or (stands["p_human"], stands["klass"]))
    assert settled, "learning from the others changed some when they settled"
