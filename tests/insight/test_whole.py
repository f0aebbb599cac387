"""The rates of a whole list: put right where not everybody can tell, and a reason where nothing can be said."""

from typing import Any

import pytest

from mailwake.insight.whole import Whole, whole, whole_rates


def domain(name: str | None, delivered: int, seen: int, opened: float) -> dict[str, Any]:
    """A row of `coverage`; nobody clicked."""
    return {
        "domain": name, "delivered": delivered, "opens_seen": seen, "clicks_seen": 0,
        "opened_expected": round(opened * 10_000), "opened_doubt": 0, "clicked_expected": 0, "clicked_doubt": 0,
    }  # fmt: skip


def opens(*rows: dict[str, Any]) -> Whole:
    return whole(rows, "opens_seen", "opened")


def test_each_provider_counts_by_all_its_copies() -> None:
    """By hand: 800 at gmail.com open at 0.2, 200 at their own domains at 0.6; the plain rate would be 0.53."""
    found = opens(domain("gmail.com", 800, 40, 8), domain("~", 200, 200, 120))
    assert found.rate == pytest.approx(0.8 * 0.2 + 0.2 * 0.6)
    assert found.size == pytest.approx(280)
    assert (found.base, found.seen) == (1_000, 240)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.28 < found.high < 128 / 240


def test_where_everybody_can_tell_it_is_the_plain_rate() -> None:
    assert opens(domain("gmail.com", 100, 100, 30), domain(None, 100, 100, 10)).rate == pytest.approx(0.2)


def test_what_cannot_be_said_says_why() -> None:
    assert opens().cannot_say == "cannot say: nothing was delivered"
    assert opens(domain("gmail.com", 1_000, 49, 9)).cannot_say == "cannot say: only 49 of 1,000 can tell"
    unseen = opens(domain("gmail.com", 500, 0, 0), domain("~", 500, 400, 40))
    assert unseen.cannot_say == "cannot say: nobody at gmail.com can tell"
    assert (unseen.rate, unseen.low, unseen.high, unseen.size) == (None, None, None, None)


def test_both_are_rates_of_the_registry_with_a_base_of_their_own() -> None:
    opened, clicked = whole_rates([domain("gmail.com", 200, 100, 25)])
    assert (opened.metric, opened.count, opened.base, opened.rate) == ("whole_open_rate__delivered", 50, 200, 0.25)
    assert clicked.cannot_say == "cannot say: only 0 of 200 can tell"
