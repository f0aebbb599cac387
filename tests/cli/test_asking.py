"""`mailwake send` asks nobody for consent too soon, and says whom it left out and until when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.send.tracker import system_clock
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home

ANNA, BEN = "anna@example.com", "ben@example.com"


@pytest.fixture
def asked(home: Home) -> Home:
    """An installation under a profile; Anna refused just now."""
    text = home.config.read_text(encoding="utf-8")
    home.config.write_text(text.replace('unknown_consent = "individual"', 'profile = "FR"'), encoding="utf-8")
    (home.folder / "may-we.html").write_text(
        "---\nsubject: May we?\nfrom: news@example.com\nstream: consent_request\n---\n<p>May we?</p>", encoding="utf-8"
    )
    (home.folder / "people.csv").write_text(f"email\n{ANNA}\n{BEN}\n", encoding="utf-8")
    state = home.state()
    handle = state.handles([ANNA], now=system_clock())[ANNA]
    state.set_consent(handle, axis=Axis.BOTH, state=Consent.DENIED, at=system_clock(), source="form")
    state.close()
    return home


def send(home: Home, *more: str) -> Result:
    files = [str(home.folder / name) for name in ("may-we.html", "people.csv")]
    done = CliRunner().invoke(build(("send",)), ["send", *files, "--config", str(home.config), *more])
    assert done.exit_code == 0, done.output
    return done


def test_who_refused_is_left_out_and_the_day_is_told_before_and_after(asked: Home) -> None:
    assert f"{ANNA} not asked: refused or did not answer; may be asked for consent again" in send(
        asked, "--dry-run"
    ).stdout.replace("\n", " ")
    told = json.loads(send(asked, "--json").stdout)
    assert (told["people"], told["mailed_now"], told["suppressed"]) == (2, 1, 1)
    (left,) = told["asked_too_soon"]
    assert left["address"] == ANNA
    assert "may be asked for consent again from 20" in left["reason"]
    assert asked.sink.to(ANNA) == []
    assert len(asked.sink.to(BEN)) == 1


def test_other_mail_of_the_same_list_reaches_them(asked: Home) -> None:
    told = json.loads(send(asked, "--json", "--stream", "marketing").stdout)
    assert (told["mailed_now"], told["asked_too_soon"]) == (2, [])


def test_a_campaign_that_is_complete_is_complete_when_it_is_run_again(asked: Home) -> None:
    send(asked)
    state = asked.state()
    state.note_asked({state.handles([BEN], now=system_clock())[BEN]: system_clock()})  # as the pipeline does
    state.close()
    told = json.loads(send(asked, "--json").stdout)
    assert (told["delivered"], told["mailed_now"], [each["address"] for each in told["asked_too_soon"]]) == (
        1,
        0,
        [ANNA],
    )
    other = json.loads(send(asked, "--json", "--campaign", "once more").stdout)
    assert sorted(each["address"] for each in other["asked_too_soon"]) == [ANNA, BEN]
