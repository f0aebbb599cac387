"""What our marks cost at real filters. Minutes long; needs the Debian packages spamassassin and rspamd."""

import json
from typing import Any

import pytest
from tests.filters import engines
from tests.filters.engines import RSPAMD, SPAMASSASSIN
from tests.filters.letters import MARKS, own
from tests.filters.measure import KEPT, SETS, everything, summary
from tests.filters.table import cost, family

#: What the pixel is known to cost; docs/explain/filters.md says when. Whatever else came would be news.
PIXEL = {
    SPAMASSASSIN: {"HTML_IMAGE_ONLY", "BODY_SINGLE_URI", "MPART_ALT_DIFF", "T_REMOTE_IMAGE"},
    RSPAMD: {"URI_COUNT_ODD"},
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    if lacking := engines.missing():
        pytest.skip(f"WHAT OUR MARKS COST IS NOT MEASURED: apt-get install {' '.join(lacking).lower()}")
    return summary(everything())


@pytest.mark.long
@pytest.mark.parametrize("engine", [SPAMASSASSIN, RSPAMD])
@pytest.mark.parametrize("letters", SETS)
def test_links_and_headers_cost_no_rule(told: dict[str, Any], letters: str, engine: str) -> None:
    assert cost(told["sets"][letters][engine]["clicks alone"]) == {}


@pytest.mark.long
@pytest.mark.parametrize("mark", ["aggregate", "individual"])
@pytest.mark.parametrize("engine", [SPAMASSASSIN, RSPAMD])
@pytest.mark.parametrize("letters", SETS)
def test_the_pixel_costs_what_is_written_down_and_nothing_else(
    told: dict[str, Any], letters: str, engine: str, mark: str
) -> None:
    came = {name for name, count in cost(told["sets"][letters][engine][mark]).items() if count > 0}
    assert came <= PIXEL[engine]


@pytest.mark.long
@pytest.mark.parametrize("letters", SETS)
def test_without_a_pixel_in_short_pages_spamassassin_holds_nothing_against_a_mail(
    told: dict[str, Any], letters: str
) -> None:
    found = cost(told["sets"][letters][SPAMASSASSIN]["no pixel below 3,200 bytes"])
    assert {name for name, count in found.items() if count > 0} == set()


@pytest.mark.long
@pytest.mark.parametrize("engine", [SPAMASSASSIN, RSPAMD])
@pytest.mark.parametrize("letters", SETS)
def test_as_a_background_the_pixel_costs_no_rule(told: dict[str, Any], letters: str, engine: str) -> None:
    """But for a tenth of a point and less, for many spaces and for much markup, in one message each of the corpus."""
    came = cost(told["sets"][letters][engine]["the pixel as a background"])
    assert set(came) <= {"TVD_SPACE_RATIO", "MIME_HTML_MOSTLY"}
    assert all(count <= 1 for count in came.values())


@pytest.mark.long
def test_the_table_is_what_this_run_found(told: dict[str, Any]) -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    if kept["versions"] != told["versions"]:
        pytest.skip(
            f"the table is of {kept['versions']}, installed are {told['versions']}: run python -m tests.filters.measure"
        )
    assert told == kept


def test_a_step_up_within_a_family_is_no_new_rule() -> None:
    rules = {
        "HTML_IMAGE_ONLY_04": {"points": 1.7, "came": 0, "went": 1},
        "HTML_IMAGE_ONLY_08": {"points": 0.6, "came": 1, "went": 0},
        "HAS_LIST_UNSUB": {"points": -0.01, "came": 5, "went": 0},
        "URI_COUNT_ODD": {"points": 1.0, "came": 3, "went": 2},
        "XPRIO": {"points": 1.0, "came": 0, "went": 2},
    }
    assert cost(rules) == {"URI_COUNT_ODD": 1, "XPRIO": -2}
    assert family("URI_COUNT_ODD") == "URI_COUNT_ODD"


def test_the_letters_are_twelve_and_all_are_marked() -> None:
    letters = [letter.without_our_pages() for letter in own()]
    assert len({letter.name for letter in letters}) == 12
    for letter in letters:
        assert b"/c/" not in letter.unmarked()
        assert all(b"t.shop.example.com/" in letter.marked(mark).replace(b"=\r\n", b"") for mark in MARKS)
