"""What the database lets go of, what it keeps so that a "no" stays one, and that no byte of the address is left."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailwake.errors import Unavailable
from mailwake.events import CampaignId, Handle, Micros
from mailwake.store.consent.chain import breaks
from mailwake.store.consent.rows import Proof
from mailwake.store.crm import CrmPerson, Lane, Wish, open_crm
from mailwake.store.rights.ledger import RightsStore, open_rights
from mailwake.store.state import Consent, IncidentKind, Refusal, StateStore, Unsubscribe, open_state
from mailwake.store.state.rows import Incident

ADDRESS, OTHER = "Ada.Canary@example.com", "grace@example.com"
NOW = Micros(1_790_000_000_000_000)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[StateStore, RightsStore]]:
    with (
        closing(open_state(tmp_path / "state.sqlite")) as state,
        closing(open_rights(tmp_path / "state.sqlite")) as own,
    ):
        yield state, own


def fill(state: StateStore, folder: Path) -> tuple[Handle, Handle]:
    """Two people with a row in every table."""
    told = state.handles([ADDRESS, OTHER], now=NOW, fields={ADDRESS: {"name": "Ada Canary"}, OTHER: {"name": "Grace"}})
    for number, address in enumerate((ADDRESS, OTHER)):
        handle = told[address]
        state.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream="marketing")
        state.set_consent(handle, axis="opens", state="denied", at=NOW, source="form")
        left = Unsubscribe(id=70 + number, handle=handle, at=NOW, how="button", domain="~abc", network=3)
        state.put_unsubscribe(left, source="edge", streams=[None], is_looked_at=True)
        state.put_refusals([
            Refusal(event=90 + number, handle=handle, at=NOW, category="mailbox_full", klass="soft", action="none",
                    rule="r", quoted=f"<{address}> is full", domain="example.com", place=None, campaign=None,
                    source="bounce", incident=None)
        ])  # fmt: skip
    state.put_segment("friends", "opened", is_live=False, members=told.values(), now=NOW, by="me")
    state.put_incident(
        Incident(id=5, kind=IncidentKind("storm"), place=None, category=None, opened_at=NOW, last_at=NOW, count=1,
                 quoted=f"550 {ADDRESS.lower()} unknown", closed_at=None, closed_by=None, why=None)
    )  # fmt: skip
    state.put_job("notify_dead", "a", data={"body": f'{{"address": "{ADDRESS}"}}'}, now=NOW)
    state.put_job("notify_dead", "b", data={"body": f'{{"address": "{OTHER}"}}'}, now=NOW)
    with closing(open_crm(folder / "state.sqlite")) as crm:
        crm.put_people(
            [CrmPerson(id=f"003{number}", kind="Contact", address_key=address.lower(), name=address, created_at=NOW,
                       changed_at=NOW) for number, address in enumerate((ADDRESS, OTHER))]
        )  # fmt: skip
        crm.wish(
            [Wish(object="Contact", key=f"003{number}", key_field="Id", fields={"Last": "x"}, lane=Lane.SUMS,
                  handle=told[address]) for number, address in enumerate((ADDRESS, OTHER))],
            now=NOW,
        )  # fmt: skip
    return told[ADDRESS], told[OTHER]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes().lower() for path in sorted(folder.iterdir()) if path.is_file())


def test_nothing_is_left_of_one_and_everything_of_the_other(
    stores: tuple[StateStore, RightsStore], tmp_path: Path
) -> None:
    state, rights = stores
    theirs, others = fill(state, tmp_path)
    before = rights.counts(others, OTHER)
    assert before == {name: count for name, count in rights.counts(theirs, ADDRESS).items() if name != "incidents"}
    assert ADDRESS.lower().encode() in bytes_of(tmp_path)
    rights.begin(theirs, ADDRESS, at=NOW, by="me")
    told = rights.erase(theirs, ADDRESS)
    assert told == {**before, "incidents": 1}
    assert rights.counts(others, OTHER) == before
    assert state.addresses([theirs, others]) == {others: OTHER}
    assert b"ada.canary" not in bytes_of(tmp_path)
    assert b"ada canary" not in bytes_of(tmp_path)
    assert OTHER.encode() in bytes_of(tmp_path)
    left = rights.known(theirs, None)
    assert [(row["domain"], row["network"], row["delivery"]) for row in left.unsubscribes] == [(None, None, None)]
    assert left.unsubscribes[0]["id"] != 70
    assert [left.recipient, left.refusals, left.segments, left.org_waiting] == [[], [], [], []]
    assert state.inert() == sorted([theirs, others])


def test_erasing_twice_is_erasing_once(stores: tuple[StateStore, RightsStore], tmp_path: Path) -> None:
    state, rights = stores
    theirs, _ = fill(state, tmp_path)
    first = rights.begin(theirs, ADDRESS, at=NOW, by="me")
    rights.erase(theirs, ADDRESS)
    assert rights.begin(theirs, None, at=Micros(NOW + 1), by="you") == first
    assert "recipients" not in rights.erase(theirs, None)


def test_who_comes_back_is_somebody_new_whose_no_still_holds(
    stores: tuple[StateStore, RightsStore], tmp_path: Path
) -> None:
    state, rights = stores
    theirs, _ = fill(state, tmp_path)
    rights.begin(theirs, ADDRESS, at=NOW, by="me")
    rights.erase(theirs, ADDRESS)
    new = state.handles([ADDRESS.lower()], now=NOW)[ADDRESS.lower()]
    assert new != theirs
    assert {row.reason for row in state.suppressions(new)} == {"unsubscribed"}
    assert state.suppressed([new], campaign=CampaignId(1), stream="marketing")
    assert new in state.inert()
    assert {(line.source, str(line.axis), str(line.state)) for line in state.consents(new)} == {
        ("erased", "opens", "withdrawn")
    }
    assert list(breaks(state.ledger(), state.consent_head)) == []
    assert state.unlike_consents() == []
    found = rights.was_erased("ADA.canary@EXAMPLE.com")
    assert found is not None
    assert (found.handle, found.digest.count("a") < 64) == (theirs, True)
    assert rights.was_erased("nobody@example.com") is None


def test_who_asked_for_nothing_comes_back_as_anybody_does(stores: tuple[StateStore, RightsStore]) -> None:
    state, rights = stores
    theirs = state.handles([ADDRESS], now=NOW)[ADDRESS]
    rights.begin(theirs, ADDRESS, at=NOW, by="me")
    rights.erase(theirs, ADDRESS)
    new = state.new_handles([ADDRESS, OTHER], now=NOW)
    assert state.suppressed(new.values()) == {}
    assert set(state.inert()) & set(new.values()) == set()


def test_without_the_key_nobody_is_added(stores: tuple[StateStore, RightsStore], tmp_path: Path) -> None:
    """They might be somebody who was erased and had unsubscribed."""
    state, rights = stores
    theirs = state.handles([ADDRESS], now=NOW)[ADDRESS]
    state.set_consent(theirs, axis="both", state=Consent.WITHDRAWN, at=NOW, source="edge")
    rights.begin(theirs, ADDRESS, at=NOW, by="me")
    (tmp_path / "erased.key").unlink()
    with pytest.raises(Unavailable, match=r"erased\.key is missing"):
        state.handles([OTHER], now=NOW)
    assert state.known_handles([ADDRESS]) == {ADDRESS: theirs}


def test_an_errand_is_asked_done_and_forgotten(stores: tuple[StateStore, RightsStore]) -> None:
    _, rights = stores
    number = rights.ask("count", {"handle": 5}, now=NOW)
    assert [each.id for each in rights.asked(since=NOW)] == [number]
    assert rights.asked(since=Micros(NOW + 1)) == []
    rights.done(number, now=NOW, problem=None)
    assert rights.asked(since=NOW) == []
    assert (rights.errand(number).done_at, rights.errand(number).asked) == (NOW, {})
    rights.forget_errands([number])


def test_a_proof_that_quotes_the_address_stays_in_the_chain_and_is_told(
    stores: tuple[StateStore, RightsStore],
) -> None:
    state, rights = stores
    theirs = state.handles([ADDRESS], now=NOW)[ADDRESS]
    proof = Proof(proof=f"mail of {ADDRESS}, 3 May")
    state.set_consent(theirs, axis="opens", state="granted", at=NOW, source="support", proof=proof)
    rights.begin(theirs, ADDRESS, at=NOW, by="me")
    assert rights.erase(theirs, ADDRESS)["consent_proofs"] == 1
    assert list(breaks(state.ledger(), state.consent_head)) == []
