"""What is stored of somebody when they withdraw: left, cut off them, or gone, in the same step as their withdrawal."""

from pathlib import Path

import pytest
from tests.pipeline.house import House, after, hit, sent

from mailwake.events import EventType, Handle
from mailwake.pipeline.item import Drop

WHO = Handle(101)


def whose(house: House) -> set[tuple[str, int | None]]:
    return {(str(row.type), row.recipient) for row in house.rows() if row.type in (EventType.OPENED, EventType.CLICKED)}


def lived_through(house: House) -> None:
    house.work(sent(1), hit(EventType.OPENED, 2), hit(EventType.CLICKED, 3, link=1))


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("stop", {("opened", 101), ("clicked", 101)}),
        ("anonymise", {("opened", None), ("clicked", None)}),
        ("erase", set()),
    ],
)
def test_a_withdrawal_does_to_what_is_stored_as_the_settings_say(
    house: House, policy: str, left: set[tuple[str, int | None]]
) -> None:
    house.desk.on_withdrawal = policy
    lived_through(house)
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    assert whose(house) == left


def test_withdrawing_opens_alone_cuts_opens_alone(house: House) -> None:
    lived_through(house)
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="opens"))
    assert whose(house) == {("opened", None), ("clicked", 101)}


def test_a_refusal_that_came_another_way_is_followed_too(house: House) -> None:
    lived_through(house)
    house.state.set_consent(WHO, axis="both", state="denied", at=after(20), source="api")
    house.work()
    assert whose(house) == {("opened", None), ("clicked", None)}


def test_what_was_before_and_comes_after_it_is_cut_when_it_is_stored(house: House) -> None:
    house.work(sent(1), hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    done = house.work(hit(EventType.OPENED, 5), hit(EventType.OPENED, 11))
    assert dict(done.dropped) == {Drop.LATE_INERT: 1}
    assert whose(house) == {("opened", None)}


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("stop", {("opened", 101), ("clicked", 101), ("opened", None), ("clicked", None)}),
        ("anonymise", {("opened", None), ("clicked", None)}),
        ("erase", set()),
    ],
)
def test_what_was_after_it_and_came_before_it_names_nobody_either(
    house: House, policy: str, left: set[tuple[str, int | None]]
) -> None:
    """Another edge wrote the hits down before the one that took the withdrawal did."""
    house.desk.on_withdrawal = policy
    lived_through(house)
    house.work(hit(EventType.OPENED, 11), hit(EventType.CLICKED, 12, link=1))
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    assert whose(house) == left


def test_what_was_after_a_new_consent_stays_theirs(house: House) -> None:
    lived_through(house)
    house.work(hit(EventType.OPENED, 31))
    house.state.set_consent(WHO, axis="both", state="denied", at=after(10), source="api")
    house.state.set_consent(WHO, axis="both", state="granted", at=after(20), source="form")
    house.work()
    assert whose(house) == {("opened", None), ("clicked", None), ("opened", 101)}


def test_more_withdrawals_than_fit_into_one_step_are_followed_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailwake.pipeline.cutting.LINES", 2)
    lived_through(house)
    for who in (1, 2, 3, 4, 101):
        house.state.set_consent(Handle(who), axis="both", state="denied", at=after(20), source="api")
    house.worker.run_once()
    assert whose(house) == {("opened", 101), ("clicked", 101)}
    house.worker.run_once()
    house.worker.run_once()
    assert whose(house) == {("opened", None), ("clicked", None)}


def test_a_fault_leaves_it_to_the_next_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lived_through(house)
    house.state.set_consent(WHO, axis="both", state="denied", at=after(20), source="api")
    with monkeypatch.context() as patch:
        patch.setattr(house.events, "write", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.worker.run_once()
    assert whose(house) == {("opened", 101), ("clicked", 101)}
    house.worker.run_once()
    assert whose(house) == {("opened", None), ("clicked", None)}


def test_a_store_filled_anew_from_the_log_knows_nobody_who_withdrew(house: House, tmp_path: Path) -> None:
    lived_through(house)
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    house.close()
    again = House(house.folder, events_file="anew.duckdb")
    again.work()
    assert whose(again) == {("opened", None), ("clicked", None)}
    again.close()
