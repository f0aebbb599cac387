"""Which domain was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.hygiene import typos
from mailwake.hygiene.known import known
from mailwake.hygiene.typos import MOST_SLIPS, OFTEN, meant, often, slips


@every(
    ("typed", "wanted", "far"),
    [
        ("gmail.com", "gmail.com", 0),
        ("gmial.com", "gmail.com", 0.5),
        ("gmaill.com", "gmail.com", 0.5),
        ("gmal.com", "gmail.com", 1),
        ("gmsil.com", "gmail.com", 0.5),
        ("gmpil.com", "gmail.com", 1),
        ("gmail.con", "gmail.com", 0.5),
        ("", "ab", 2),
    ],
)
def test_slips_are_counted_by_how_easily_they_happen(typed: str, wanted: str, far: float) -> None:
    assert slips(typed, wanted) == far


@every(
    ("typed", "wanted"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yahooo.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("icloud.con", "icloud.com"),
        ("t-onlin.de", "t-online.de"),
        ("laposte.ner", "laposte.net"),
    ],
)
def test_common_slips_of_large_providers_are_seen(typed: str, wanted: str) -> None:
    assert meant(typed, known().providers) == wanted


@every("typed", ["gmail.com", "mail.com", "example.com", "acme.org", "gmx.de", "web.de", "me.com", "ab.de"])
def test_what_is_its_own_name_is_left_alone(typed: str) -> None:
    assert meant(typed, known().providers) is None


def test_no_large_provider_is_a_slip_of_another() -> None:
    assert {name for name in known().providers if meant(name, known().providers)} == set()


def test_nothing_is_said_where_two_are_as_near() -> None:
    assert meant("examplx.com", ["exampla.com", "examplb.com"]) is None
    assert meant("examplx.com", ["exampla.com"]) == "exampla.com"


def test_a_domain_that_many_of_the_list_have_is_no_slip() -> None:
    common = often({"gmial.com": OFTEN, "rare.example": OFTEN - 1})
    assert common == ["gmial.com"]
    assert meant("gmial.com", known().providers, right=common) is None


@given(st.text("abcy.-z", max_size=12), st.text("abcy.-z", max_size=12))
def test_a_name_is_nothing_from_itself_alone_and_as_far_as_back(one: str, other: str) -> None:
    assert (slips(one, other) == 0) == (one == other)
    assert slips(one, other) <= max(len(one), len(other))


def test_what_cannot_be_a_slip_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of firms has thousands of domains, and hundreds that it uses often."""
    compared: list[str] = []

    def counted(typed: str, wanted: str) -> float:
        compared.append(wanted)
        return slips(typed, wanted)

    monkeypatch.setattr(typos, "slips", counted)
    assert meant("green-wroks.example", ["quick-fudge.example", "green-works.example", "quiet-lake.example"]) == (
        "green-works.example"
    )
    assert compared == ["green-works.example"]


@given(st.text("abcy.-z", min_size=6, max_size=12), st.text("abcy.-z", min_size=6, max_size=12))
def test_whatever_is_near_is_found(one: str, other: str) -> None:
    if 0 < slips(one, other) <= MOST_SLIPS:
        assert meant(one, [other]) == other
