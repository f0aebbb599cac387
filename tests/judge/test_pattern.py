"""Several links at once."""

from typing import Any

from tests.judge.world import MICROSOFT, NOTHING, PERSON, clicked, codes, delivered, judged, opened, p

from mailwake.events import Verdict


def clicks(*at: float, links: int = 8, **facts: Any) -> dict[int, Verdict]:
    """Clicks on links 1, 2, 3 … at these times."""
    return judged([delivered(), *(clicked(n, t, link=n, links=links, **facts) for n, t in enumerate(at, 1))])


def burst(verdict: Verdict) -> float:
    return next((reason.weight for reason in verdict.reasons if reason.code == "burst"), 0.0)


def test_more_links_within_a_second_weigh_more() -> None:
    weights = [burst(clicks(*(9000 + n / 10 for n in range(count)), **NOTHING)[1]) for count in (1, 2, 3, 4)]
    assert weights == [0.0, -1.2, -3.5, -5.0]


def test_links_within_ten_seconds_weigh_less_than_within_one() -> None:
    assert burst(clicks(9000, 9004, 9008, **NOTHING)[2]) == -1.2


def test_retries_of_one_link_are_no_burst() -> None:
    verdicts = judged([delivered(), *(clicked(n, 9000 + n / 10, link=4, **NOTHING) for n in range(1, 6))])
    assert all(burst(verdict) == 0 for verdict in verdicts.values())


def test_a_scanner_that_changes_its_agent_per_request_is_still_a_burst() -> None:
    fleet = [clicked(n, 9000 + n / 10, link=n, **MICROSOFT | {"agent": n, "network": n}) for n in range(1, 6)]
    verdict = judged([delivered(), *fleet])[3]
    assert any("over changing visitors" in reason.fact for reason in verdict.reasons)


def test_a_person_among_a_fleet_keeps_their_name() -> None:
    fleet = [clicked(n, 9000 + n / 10, link=n, **MICROSOFT | {"agent": n, "network": n}) for n in range(1, 6)]
    assert burst(judged([delivered(), *fleet, clicked(9, 9000.2, link=7, **PERSON)])[9]) == 0


def test_a_tab_opener_at_home_stays_a_person() -> None:
    verdicts = clicks(9000, 9001.5, **PERSON)
    assert all(p(verdict) > 0.5 for verdict in verdicts.values())


def test_following_nearly_everything_is_told() -> None:
    assert "coverage" in codes(clicks(100, 200, 300, 400, links=5, **NOTHING)[1])
    assert "coverage" not in codes(clicks(100, 200, 300, links=3, **NOTHING)[1])


def test_opens_are_no_part_of_a_pattern() -> None:
    verdicts = judged([delivered(), *(opened(n, 9000 + n / 10, **NOTHING) for n in range(1, 6))])
    assert all(burst(verdict) == 0 for verdict in verdicts.values())


def test_patterns_and_witnesses_together_have_a_floor() -> None:
    verdict = clicks(*(9000 + n / 100 for n in range(8)), **MICROSOFT)[1]
    spoken = sum(
        each.weight for each in verdict.reasons if each.code in ("burst", "links_followed", "coverage", "overlap")
    )
    assert spoken >= -10
