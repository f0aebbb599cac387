"""Several links at once."""

from typing import Any

import pytest
from tests.judge.world import (
    GMAIL,
    MICROSOFT,
    NOTHING,
    PERSON,
    cells,
    clicked,
    decoy,
    delivered,
    event,
    judged,
    opened,
    p,
)

from mailwake.events import DeliveryId, EventType, NetworkKind, Note


def clicks(*at: float, links: int = 8, **facts: Any) -> dict[int, set[str]]:
    """Clicks on links 1, 2, 3 … at these times."""
    return cells([delivered(), *(clicked(n, t, link=n, links=links, **facts) for n, t in enumerate(at, 1))])


@pytest.mark.parametrize(("count", "cell"), [(2, "2"), (3, "3"), (4, "4"), (7, "5")])
def test_links_within_a_second_are_counted(count: int, cell: str) -> None:
    assert f"within_1_s.{cell}" in clicks(*(9000 + n / 10 for n in range(count)), **PERSON)[1]


def test_where_nobody_is_told_apart_the_cells_are_others() -> None:
    found = clicks(9000, 9000.1, **NOTHING)[1]
    assert {"within_1_s.unnamed_2", "links_followed.unnamed_2"} <= found


def test_retries_of_one_link_are_no_burst() -> None:
    found = cells([delivered(), *(clicked(n, 9000 + n / 10, link=4, **PERSON) for n in range(1, 6))])
    assert all("within_1_s.1" in each for each in found.values())


def test_a_scanner_that_changes_its_agent_per_request_is_still_a_burst() -> None:
    fleet = [clicked(n, 9000 + n / 10, link=n, **MICROSOFT | {"agent": n, "network": n}) for n in range(1, 6)]
    found = cells([delivered(), *fleet])[3]
    assert {"anyone_within_1_s.5", "strangers.5", "within_1_s.1"} <= found


def test_a_tab_opener_at_home_stays_a_person() -> None:
    verdicts = judged([delivered(), clicked(1, 9000, link=1, **PERSON), clicked(2, 9001.5, link=2, **PERSON)])
    assert all(p(verdict) > 0.5 for verdict in verdicts.values())


def speeds(found: dict[int, set[str]]) -> list[str]:
    return [next((name for name in names if name.startswith("speed")), "") for names in found.values()]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ((0.01, 0.26, 0.51), ["speed.three"] * 3),
        ((0.01, 0.26, 0.52), ["speed.two"] * 3),
        ((0.01, 0.31, 0.61), ["", "", ""]),
        ((0.01, 0.11, 9.0), ["speed.two", "speed.two", ""]),
        ((0, 0, 1), ["", "", ""]),
        ((0, 0, 0, 7), ["speed.three"] * 3 + [""]),
    ],
)
def test_steps_faster_than_a_hand_are_told_and_whole_seconds_prove_no_two(
    at: tuple[float, ...], told: list[str]
) -> None:
    assert speeds(clicks(*(9000 + each for each in at), **PERSON)) == told


def test_a_link_tried_again_and_links_of_nobody_in_particular_are_no_speed() -> None:
    again = cells([delivered(), *(clicked(n, 9000.1 + n / 10, link=4, **PERSON) for n in range(1, 6))])
    assert set(speeds(again)) == {""}
    assert set(speeds(clicks(9000.1, 9000.2, 9000.3, **NOTHING))) == {""}


def test_a_browser_that_fetches_links_ahead_is_a_machine_however_well_its_person_is_known() -> None:
    """The person followed links of sixty other copies with it."""
    others = [
        event
        for copy in range(2, 62)
        for event in (
            delivered(delivery=DeliveryId(copy)),
            clicked(1000 + copy, 9000 + 61 * copy, delivery=DeliveryId(copy), **PERSON),
        )
    ]
    ahead = [clicked(n, 20_000.1 + n / 10, link=n, links=8, **PERSON) for n in range(1, 5)]
    verdicts = judged([*others, delivered(), opened(900, 19_999.5, **GMAIL), *ahead])
    assert all(p(verdicts[1000 + copy]) > 0.9 for copy in range(2, 62))
    assert all(p(verdicts[n]) < 0.1 for n in range(1, 5))


def test_the_step_to_the_next_link_is_told() -> None:
    assert "next_link.from_300_ms" in clicks(9000, 9000.4, **PERSON)[1]
    assert "next_link.alone" in clicks(9000, **PERSON)[1]


@pytest.mark.parametrize(("count", "part"), [(2, "some"), (6, "most"), (8, "all")])
def test_how_much_of_the_message_was_followed(count: int, part: str) -> None:
    assert f"coverage.{part}" in clicks(*(100.0 * n for n in range(1, count + 1)), **PERSON)[1]


def test_even_steps_are_a_machines() -> None:
    assert "order.regular" in clicks(100, 101, 102, 103, 104, **PERSON)[1]
    assert "order.document" in clicks(100, 107, 109, 130, **PERSON)[1]


def test_opens_are_no_part_of_a_pattern() -> None:
    found = cells([delivered(), *(opened(n, 9000 + n / 10, **PERSON) for n in range(1, 6))])
    assert not any(name.startswith(("within", "links")) for each in found.values() for name in each)


def test_several_programs_on_one_network_are_counted() -> None:
    scene = [clicked(n, 9000 + 60 * n, link=n, **MICROSOFT | {"agent": n}) for n in range(1, 4)]
    assert "programs.3" in cells([delivered(), *scene])[1]


def changing(*visits: dict[str, Any]) -> dict[int, str]:
    """The cell of each click; one in 40 seconds, on links 1, 2, 3 …, from another home and program each."""
    scene = [
        clicked(n, 9000 + each.pop("after", 40 * n), **PERSON | {"link": n, "network": n, "agent": n} | each)
        for n, each in enumerate(visits, 1)
    ]
    found = cells([delivered(), *scene])
    return {n: next((name for name in names if name.startswith("changing")), "") for n, names in found.items()}


@pytest.mark.parametrize(("count", "cell"), [(2, ""), (3, "changing.3"), (4, "changing.4"), (7, "changing.5")])
def test_links_each_followed_from_elsewhere_by_another_program_are_counted(count: int, cell: str) -> None:
    assert set(changing(*({} for _ in range(count))).values()) == {cell}


@pytest.mark.parametrize(
    "third",
    [
        {"link": 1},
        {"network": 1},
        {"agent": 1},
        {"agent": None},
        {"network": None},
        {"after": 421},
        {"network_kind": NetworkKind.CORPORATE},
    ],
)
def test_who_comes_for_the_same_link_or_from_the_same_place_or_later_is_not_counted(third: dict[str, Any]) -> None:
    assert set(changing({}, {}, third).values()) == {""}


def test_who_follows_two_links_is_not_among_those_who_come_for_one() -> None:
    told = changing({}, {}, {}, {"network": 1, "agent": 1})
    assert set(told.values()) == {""}
    assert changing({}, {}, {}, {}, {"network": 1, "agent": 1}) == {
        1: "",
        2: "changing.3",
        3: "changing.3",
        4: "changing.3",
        5: "",
    }


def test_a_machine_that_lends_homes_at_a_persons_pace_is_told_and_the_person_beside_it_is_not() -> None:
    """Each of its clicks by itself is a person's."""
    lent = [clicked(n, 9000 + 40 * n, link=n, **PERSON | {"network": 100 + n, "agent": 100 + n}) for n in range(1, 7)]
    office = PERSON | {"network": 7, "agent": 7, "network_kind": NetworkKind.CORPORATE, "asn": 3320}
    verdicts = judged([delivered(), *lent, clicked(50, 9100, link=2, **office)])
    assert all(p(verdicts[n]) < 0.2 for n in range(1, 7))
    assert p(judged([delivered(), lent[0]])[1]) > 0.9
    assert p(verdicts[50]) > 0.5


def test_hidden_links_and_pages_that_a_scanner_looks_at_do_not_make_a_readers_link_one_of_many() -> None:
    homes = [PERSON | {"network": n, "agent": n} for n in range(1, 4)]
    page = event(2, EventType.UNKNOWN, 9040, note=Note.UNSUBSCRIBE_VIEWED, **homes[1])
    found = cells([delivered(), clicked(1, 9000, **homes[0]), page, decoy(3, 9080, **homes[2])])
    assert not any(name.startswith("changing") for names in found.values() for name in names)
