"""Refusals go to the org's Individual and consent records and come from there; each way they only ever tighten."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pushing.orgs import Place, opened

from mailwake.consents.verifying import verify
from mailwake.events import Micros
from mailwake.store.crm import Lane
from mailwake.store.state import Axis

ANN = "ann@example.com"
PURPOSE = "E-mail tracking"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path, tracking_purpose=PURPOSE) as made:
        yield made


def person(place: Place, **flags: bool) -> tuple[str, str]:
    """A contact with an Individual, and its id."""
    individual = place.add("Individual", LastName="Gray", **flags)
    return place.add("Contact", LastName="Gray", Email=ANN, IndividualId=individual), individual


def point(place: Place, individual: str, status: str, purpose: str = PURPOSE, **more: Any) -> str:
    found = list(place.org.query(f"SELECT Id FROM DataUsePurpose WHERE Name = '{purpose}'"))
    use = found[0]["Id"] if found else place.add("DataUsePurpose", Name=purpose)
    when = {"CaptureDate": "2026-01-01T00:00:00Z", "CaptureSource": "form", "CaptureContactPointType": "Web"}
    told = {"PartyId": individual, "ContactPointType": "Email", "PrivacyConsentStatus": status, "DataUsePurposeId": use}
    return place.add("ContactPointTypeConsent", Name=f"{purpose} {status}", **told, **when, **more)


def stands(place: Place, of: str, record: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.snapshot())[of][record]
    return found


def said(place: Place, state: str, axis: str = "both", *, ago: int = 0) -> None:
    handle = place.house.handle(ANN)
    place.house.state.set_consent(handle, axis=axis, state=state, at=Micros(place.desk.now - ago), source="edge")


def turn(place: Place) -> None:
    """As the office does it."""
    place.desk.look()
    place.desk.follow()
    place.desk.push(lane=Lane.CONSENT)


def test_a_withdrawal_becomes_dont_track_on_the_individual(place: Place) -> None:
    _, individual = person(place)
    turn(place)
    said(place, "withdrawn")
    turn(place)
    held = stands(place, "Individual", individual)
    assert (held["HasOptedOutTracking"], held["HasOptedOutProfiling"]) == (True, False)


def test_a_refusal_of_scores_becomes_dont_profile(place: Place) -> None:
    _, individual = person(place)
    said(place, "denied", "profile")
    turn(place)
    held = stands(place, "Individual", individual)
    assert (held["HasOptedOutTracking"], held["HasOptedOutProfiling"]) == (False, True)


@pytest.mark.long
def test_a_refusal_of_opens_alone_is_no_dont_track(place: Place) -> None:
    _, individual = person(place)
    said(place, "denied", "opens")
    turn(place)
    assert stands(place, "Individual", individual)["HasOptedOutTracking"] is False


@pytest.mark.long
def test_the_consent_for_watching_mail_becomes_an_opt_out_and_no_other(place: Place) -> None:
    _, individual = person(place)
    ours, other = point(place, individual, "OptIn"), point(place, individual, "OptIn", "Newsletter")
    said(place, "withdrawn")
    turn(place)
    held = stands(place, "ContactPointTypeConsent", ours)
    assert (held["PrivacyConsentStatus"], held["CaptureSource"]) == ("OptOut", "Mailwake: withdrawn, pref_page")
    assert stands(place, "ContactPointTypeConsent", other)["PrivacyConsentStatus"] == "OptIn"


@pytest.mark.long
def test_what_was_written_to_the_org_is_told_once_and_is_kept_when_a_run_is_taken_back(place: Place) -> None:
    _, individual = person(place)
    said(place, "withdrawn")
    place.desk.look()
    place.desk.follow()
    done = place.desk.push(lane=Lane.CONSENT)
    place.desk.look()
    place.desk.follow()
    assert place.desk.push(lane=Lane.CONSENT).written == 0
    place.desk.undo(done.job, keep_opt_outs=True)
    assert stands(place, "Individual", individual)["HasOptedOutTracking"] is True


def test_a_new_consent_here_is_not_undone_by_the_flag_that_we_set_and_clears_none_there(place: Place) -> None:
    contact, individual = person(place)
    said(place, "withdrawn", ago=1_000)
    turn(place)
    said(place, "granted")
    place.change(contact, LastName="Grey")
    place.change(individual, LastName="Grey")
    turn(place)
    assert place.house.state.inert() == []
    assert stands(place, "Individual", individual)["HasOptedOutTracking"] is True


def test_dont_track_in_the_org_holds_here_and_is_in_the_ledger(place: Place) -> None:
    person(place, HasOptedOutTracking=True, HasOptedOutProfiling=True)
    turn(place)
    handle = place.house.handle(ANN)
    lines = {(line.axis, line.state, line.method) for line in place.house.state.consents(handle)}
    assert lines == {("both", "denied", "salesforce"), ("profile", "denied", "salesforce")}
    assert place.house.state.refusing(Axis.PROFILE) == {handle}
    assert verify(place.house.state).breaks == ()


@pytest.mark.long
def test_cleared_there_it_stays_here_and_is_not_set_again_there(place: Place) -> None:
    _, individual = person(place, HasOptedOutTracking=True)
    turn(place)
    place.change(individual, HasOptedOutTracking=False)
    turn(place)
    assert place.house.state.inert() == [place.house.handle(ANN)]
    assert stands(place, "Individual", individual)["HasOptedOutTracking"] is False


def test_an_opt_out_from_watching_mail_in_the_org_holds_here(place: Place) -> None:
    _, individual = person(place)
    point(place, individual, "OptOut")
    turn(place)
    handle = place.house.handle(ANN)
    assert place.house.state.inert() == [handle]
    assert place.house.state.suppressed([handle]) == {}


@pytest.mark.long
def test_an_opt_out_from_another_purpose_keeps_marketing_back_and_nothing_else(place: Place) -> None:
    _, individual = person(place)
    point(place, individual, "OptOut", "Newsletter")
    turn(place)
    handle = place.house.handle(ANN)
    assert {row.stream for row in place.house.state.suppressions(handle)} == {"marketing", "outbound"}
    assert place.house.state.inert() == []


@pytest.mark.parametrize("more", [{"EffectiveTo": "2026-01-02T00:00:00Z"}, {"EffectiveFrom": "2030-01-01T00:00:00Z"}])
def test_an_opt_out_that_is_not_in_force_changes_nothing(place: Place, more: dict[str, str]) -> None:
    _, individual = person(place)
    point(place, individual, "OptOut", **more)
    turn(place)
    assert place.house.state.inert() == []


@pytest.mark.long
def test_an_org_that_agrees_never_loosens_what_was_refused_here(place: Place) -> None:
    _, individual = person(place)
    said(place, "withdrawn")
    point(place, individual, "OptIn", "Newsletter")
    turn(place)
    assert place.house.state.inert() == [place.house.handle(ANN)]
