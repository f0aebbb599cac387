"""The pages and the API of experiments."""

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from tests.experiments.trials import NOW, Copies, trial
from tests.insight import seeding
from tests.web.conftest import HOSTILE, Asking
from tests.web.test_pages import Seen, words

from mailwake.experiments import answers
from mailwake.insight.stores import Stores
from mailwake.web.app import create_app

NAME = HOSTILE.replace("/", "|")[:100]


def test_all_experiments_stand_with_what_they_say(asking: Asking) -> None:
    text = words(asking.page("/experiments"))
    assert "Won has won" not in text
    assert "B has won." in text
    assert "Blocked: the split is not as planned" in text
    assert NAME in Seen(asking.page("/experiments")).text
    assert "Nothing yet. Say what an experiment is about" in text


def test_one_experiment_says_how_sure_it_is_and_what_machines_would_make_of_it(asking: Asking) -> None:
    won = words(asking.page("/experiments/Won"))
    assert "B is better than A: by 53.33 points" in won
    assert "12.0 of 60 delivered with tracked links" in won
    assert "Decide by hand, for good" in won
    flips = words(asking.page(f"/experiments/{quote(NAME, safe='')}"))
    assert "Flips under other machine rules: B leads by people, but A counting everything, machines too." in flips
    broken = words(asking.page("/experiments/Broken"))
    assert "Of copies sent the split is not as planned: A 120, B 20. Nothing can be concluded" in broken
    assert "look for copies that could not be made" in broken
    assert "Nothing was sent yet." in words(asking.page("/experiments/Draft"))


def test_the_planner_answers_by_address_and_says_what_it_does_not_understand(asking: Asking) -> None:
    asked = {"people": "20000", "lift": "25", "baseline": "2", "tested": "50", "per_day": "1000"}
    page = words(asking.page(f"/experiments?{urlencode(asked)}"))
    assert "from 2.00 % (as expected) to 2.50 %, four times in five" in page
    assert "10,000 of 20,000 tested: 6 mailings" in page
    for wrong, said in (
        ({"lift": "<b>"}, "in percent"),
        ({"people": "x"}, "whole number"),
        ({"baseline": "95"}, "rise"),
    ):
        assert said in words(asking.page(f"/experiments?{urlencode(wrong)}"))
        assert asking.get(f"/api/experiment-plan?{urlencode(wrong)}").status_code == 400
    assert asking.get(f"/api/experiment-plan?{urlencode(asked)}").json()["mailings"] == 6


def test_the_api_says_what_the_command_says(asking: Asking, stores: Stores) -> None:
    assert asking.get("/api/experiments").content == answers.to_json(answers.everything(stores))
    assert asking.get("/api/experiments/Won").content == answers.to_json(answers.one(stores, "Won"))
    missing = asking.get("/api/experiments/nothing")
    assert missing.status_code == 404
    assert "there is no experiment 'nothing'" in missing.json()["error"]


@pytest.fixture
def own(tmp_path: object) -> Iterator[Asking]:
    """Stores that may be changed."""
    stores = seeding.open_stores(tmp_path)  # type: ignore[arg-type]  # pytest's path
    trial(stores, "Two", [Copies(sent=20, people=3), Copies(sent=20, people=4)])
    found = Asking(create_app(stores, wall=lambda: NOW))
    found.stores = stores  # type: ignore[attr-defined]  # for whoever changes them
    yield found
    seeding.close(stores)


def test_a_decision_by_hand_is_made_once_and_has_a_reason(own: Asking) -> None:
    form = {"Origin": "http://127.0.0.1:8026", "Content-Type": "application/x-www-form-urlencoded"}
    told = {"Origin": "http://127.0.0.1:8026", "Content-Type": "application/json"}

    def post(body: dict[str, str]) -> int:
        sent = json.dumps(body).encode()
        return own.get("/api/experiments/Two/decide", method="POST", headers=told, body=sent).status_code

    assert post({"variant": "C", "why": "x"}) == 400
    assert post({"variant": "B", "why": ""}) == 400
    done = own.get("/experiments/Two", method="POST", headers=form, body=b"variant=B&why=the+offer+ends")
    assert (done.status_code, done.headers["location"]) == (303, "/experiments/Two")
    page = words(own.page("/experiments/Two"))
    assert "Decided by dashboard: B. the offer ends" in page
    assert "Decide by hand" not in page
    assert post({"variant": "A", "why": "no"}) == 400
    assert own.get("/experiments/Two", method="POST", headers={**form, "Origin": "http://a.example"}).status_code == 403


def test_a_draft_is_deleted_once_somebody_is_sure_and_nothing_else_ever(own: Asking) -> None:
    stores: Stores = own.stores  # type: ignore[attr-defined]  # put there by the fixture
    trial(stores, "Draft", [Copies(sent=0), Copies(sent=0)])
    stores.state.put_experiment_sent(stores.state.experiment("Draft").id, {})  # type: ignore[union-attr]  # just made
    form = {"Origin": "http://127.0.0.1:8026", "Content-Type": "application/x-www-form-urlencoded"}
    told = {"Origin": "http://127.0.0.1:8026", "Content-Type": "application/json"}
    assert "forget this draft" in words(own.page("/experiments/Draft"))
    assert "forget this draft" not in words(own.page("/experiments/Two"))
    unsure = own.get("/experiments/Draft", method="POST", headers=form, body=b"act=delete")
    assert unsure.status_code == 400
    assert own.get("/experiments/Two", method="POST", headers=form, body=b"act=delete&sure=yes").status_code == 400
    done = own.get("/experiments/Draft", method="POST", headers=form, body=b"act=delete&sure=yes")
    assert (done.status_code, done.headers["location"]) == (303, "/experiments")
    assert own.get("/experiments/Draft").status_code == 404
    for name, status in (("Draft", 404), ("Two", 400)):
        answer = own.get(
            "/api/experiments/delete", method="POST", headers=told, body=json.dumps({"name": name}).encode()
        )
        assert answer.status_code == status
    assert "what came of it stays; drafts alone can be deleted" in answer.json()["error"]


def test_conversions_may_decide_and_the_planner_offers_the_goals_there_are(asking: Asking) -> None:
    page = asking.page("/experiments?metric=conversions&goal=purchase&baseline=1")
    assert '<option value="conversions" selected>' in page
    assert "<option selected>purchase</option>" in page
    assert "from 1.00 % (as expected)" in words(page)
    plan = asking.get("/api/experiment-plan?metric=conversions&goal=purchase&baseline=1").json()
    assert (plan["metric"], plan["goal"]) == ("conversion_rate__delivered_trackable", "purchase")
    assert asking.get("/api/experiment-plan?metric=opens&goal=purchase").status_code == 400
