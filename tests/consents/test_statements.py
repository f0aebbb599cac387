"""What somebody is said to have said counts only where it is newer, proved and allowed; the rest is told with why."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.consents.files import read_list, write_list
from mailwake.consents.statements import Statement, Teller, say_once, weigh, write
from mailwake.consents.verifying import verify
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.profiles import Profile, profiles
from mailwake.store.state import Axis, StateStore, open_state

ANN = "ann@example.com"
IMPORT = Teller(source="import", by="Eve")


def at(day: str) -> Micros:
    return Micros(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * SECOND)


NOW = at("2026-11-20")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()


def take_in(state: StateStore, *told: Statement, profile: Profile | None = None) -> list[str]:
    """Why statements are lost; the rest is written down."""
    weighed = weigh(state, told, teller=IMPORT, profile=profile, now=NOW)
    write(state, weighed.new)
    return [lost.why for lost in weighed.lost]


def holds(state: StateStore, address: str = ANN, axis: Axis = Axis.OPENS) -> str:
    handle = state.known_handles([address])[address]
    return str(state.held_consents([handle])[handle][axis].state)


def granted(**more: str) -> Statement:
    return replace(Statement(address=ANN, state="granted"), **more)  # type: ignore[arg-type]


@pytest.fixture
def left(state: StateStore) -> StateStore:
    """Ann withdrew on 1 June 2026."""
    assert take_in(state, Statement(address=ANN, state="withdrawn", at="2026-06-01")) == []
    return state


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"proof": "form 7"},
        {"at": "2026-05-31", "proof": "form 7"},
        {"at": "2026-06-01", "proof": "form 7"},
        {"at": "2026-07-01"},
    ],
)
def test_at_40_a_list_does_not_take_back_a_withdrawal(left: StateStore, told: dict[str, str]) -> None:
    (why,) = take_in(left, granted(**told))
    assert "withdrew on 2026-06-01" in why
    assert holds(left) == "withdrawn"
    assert len(list(left.ledger())) == 1


@pytest.mark.parametrize("proof", [{"proof": "form 7"}, {"url": "https://example.com/join?email=ann@example.com"}])
def test_a_newer_consent_with_a_proof_of_its_own_holds(left: StateStore, proof: dict[str, str]) -> None:
    assert take_in(left, granted(at="2026-07-01", **proof)) == []
    assert holds(left) == "granted"
    assert left.consents(left.known_handles([ANN])[ANN])[-1].url in ("", "https://example.com/join")


def test_nobody_is_made_unknown_again_by_a_list(left: StateStore) -> None:
    assert len(take_in(left, Statement(address=ANN, state="unknown", at="2026-07-01", proof="x"))) == 1
    assert holds(left) == "withdrawn"


def test_within_one_list_the_order_of_lines_does_not_matter(state: StateStore) -> None:
    lines = (Statement(address=ANN, state="withdrawn", at="2026-06-01"), granted(at="2026-05-01", proof="form 1"))
    assert len(take_in(state, *lines)) == 1
    assert holds(state) == "withdrawn"
    assert take_in(state, *(Statement(**(vars(each) | {"address": "ben@example.com"})) for each in lines[::-1])) == []
    assert holds(state, "ben@example.com") == "withdrawn"


def test_the_same_list_again_changes_nothing(state: StateStore) -> None:
    told = [granted(at="2026-05-01", proof="form 1"), Statement(address=ANN, state="denied", axis="profile")]
    take_in(state, *told)
    weighed = weigh(state, told[:1], teller=IMPORT, profile=None, now=NOW)
    assert (weighed.new, weighed.known, weighed.lost) == ((), 1, ())


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Statement(address="nobody", state="granted"), "no address"),
        (Statement(address=ANN, state="maybe"), "no state"),
        (Statement(address=ANN, state="granted", axis="sideways"), "no axis"),
        (Statement(address=ANN, state="granted", method="telepathy"), "no method"),
        (Statement(address=ANN, state="granted", text="7"), "no text"),
        (Statement(address=ANN, state="granted", at="yesterday"), "no time"),
        (Statement(address=ANN, state="granted", at="2027-01-01"), "not come yet"),
        (Statement(address=ANN, state="granted", proof="mail from ann@example.com"), "holds an address"),
        (Statement(address=ANN, state="granted", proof="x" * 501), "too long"),
        (Statement(address=ANN, state="granted", url="javascript:alert(1)"), "no page"),
        (Statement(address=ANN, state="granted", url="https://[bad"), "no page"),
        (Statement(address=ANN, state="granted", locale="../fr"), "no language"),
    ],
)
def test_what_cannot_be_understood_is_told_and_not_written_down(state: StateStore, told: Statement, why: str) -> None:
    (lost,) = take_in(state, told)
    assert why in lost
    assert list(state.ledger()) == []


def test_purposes_are_read_by_the_names_that_proofs_give_them(state: StateStore) -> None:
    assert take_in(state, granted(axis="opens.individual"), granted(axis="clicks.individual")) == []
    assert holds(state) == holds(state, axis=Axis.CLICKS) == "granted"


# a notice that nobody objected to


def known_since(state: StateStore, day: str) -> str:
    state.handles([ANN], now=at(day))
    return str(state.put_consent_text("We have long watched opens; tell us if you object.", locale="fr", since=NOW).id)


def test_in_france_a_notice_counts_for_those_known_before(state: StateStore) -> None:
    text = known_since(state, "2026-04-14")
    assert take_in(state, granted(method="legacy_notice", text=text), profile=profiles()["FR"]) == []


def test_in_france_a_notice_does_not_count_for_those_known_since(state: StateStore) -> None:
    text = known_since(state, "2026-04-15")
    (why,) = take_in(state, granted(method="legacy_notice", text=text), profile=profiles()["FR"])
    assert "known only since 2026-04-15, after 2026-04-14" in why


def test_a_notice_has_to_be_named(state: StateStore) -> None:
    known_since(state, "2026-01-01")
    (why,) = take_in(state, granted(method="legacy_notice"), profile=profiles()["FR"])
    assert "number of its text" in why


def test_elsewhere_a_notice_is_no_consent(state: StateStore) -> None:
    text = known_since(state, "2026-01-01")
    (why,) = take_in(state, granted(method="legacy_notice", text=text), profile=profiles()["DE"])
    assert "knows no notice" in why


# lists


def test_lists_of_others_are_read_by_their_own_columns() -> None:
    brevo = "EMAIL;contactPixelTrackingConsent\nann@example.com;true\nben@example.com;false\neve@example.com;\n"
    assert [(each.address, each.state) for each in read_list(brevo)] == [
        (ANN, "granted"),
        ("ben@example.com", "denied"),
    ]
    with pytest.raises(BadInput, match="column"):
        read_list("name,state\nx,y\n")


def test_what_held_once_is_known_when_it_is_told_again(state: StateStore) -> None:
    before = Statement(address=ANN, state="denied", at="2026-03-01")
    assert take_in(state, before, granted(at="2026-04-01", proof="form 7")) == []
    again = weigh(state, [before], teller=IMPORT, profile=None, now=NOW)
    assert (again.new, again.known) == ((), 1)


def test_the_whole_ledger_goes_out_and_comes_in_again(state: StateStore, tmp_path: Path) -> None:
    text = state.put_consent_text("May we?", locale="en", since=NOW)
    take_in(state, granted(at="2026-05-01T10:00:00.123456Z", text=str(text.id), proof="=1+1"))
    take_in(state, Statement(address="ben@example.com", state="withdrawn", axis="clicks", at="2026-06-01"))
    table = "".join(write_list(state))
    assert "'=1+1" in table
    other = open_state(tmp_path / "other.sqlite")
    other.put_consent_text("May we?", locale="en", since=NOW)
    assert take_in(other, *read_list(table)) == []
    pairs = zip(state.ledger(), other.ledger(), strict=True)
    assert all((a.axis, a.state, a.at, a.proof, a.text_sha256) == (b.axis, b.state, b.at, b.proof, b.text_sha256)
               for a, b in pairs)  # fmt: skip
    other.close()


def test_one_statement_that_does_not_count_is_an_error(left: StateStore) -> None:
    with pytest.raises(BadInput, match="withdrew on 2026-06-01"):
        say_once(left, granted(), teller=IMPORT, profile=None, now=NOW)


_STATES = st.sampled_from(["granted", "denied", "withdrawn", "exempt_hygiene"])
_TOLD = st.tuples(_STATES, st.integers(1, 28), st.booleans())


@given(told=st.lists(_TOLD, min_size=1, max_size=8))
def test_in_whichever_order_it_comes_in_a_refusal_is_undone_by_nothing_older(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, bool]]
) -> None:
    state = open_state(tmp_path_factory.mktemp("ledger") / "state.sqlite")
    lines = [
        Statement(address=ANN, state=said, at=f"2026-06-{day:02}", proof="form 1" if has_proof else "")
        for said, day, has_proof in told
    ]
    take_in(state, *lines)
    refused = max((day for said, day, _ in told if said in ("denied", "withdrawn")), default=0)
    granted_last = max((day for said, day, _ in told if said == "granted"), default=0)
    if refused >= granted_last:
        assert holds(state) != "granted"
    assert verify(state).breaks == ()
    state.close()
