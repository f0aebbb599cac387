"""The pages of goals: made, shown, refused, and hostile in nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.insight import seeding
from tests.web.conftest import NOW, Asking

from mailwake.earnings.answers import to_json
from mailwake.earnings.credit import Model
from mailwake.earnings.report import campaign_conversions, goal_report
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.views.goals_view import goal_words
from mailwake.web.app import create_app

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8026"}


@pytest.fixture
def asking_own(tmp_path: Path) -> Iterator[Asking]:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    yield Asking(create_app(opened, wall=lambda: NOW))
    seeding.close(opened)


def posted(asking: Asking, **fields: str) -> int:
    return asking.get("/goals", method="POST", headers=FORM, body=urlencode(fields).encode()).status_code


def test_page_api_and_terminal_say_the_same(asking: Asking, stores: Stores) -> None:
    wanted = find(stores, "2")
    for model in Model:
        told = campaign_conversions(stores, wanted, goal="purchase", model=model, now=NOW)
        assert asking.get(f"/api/campaigns/2/conversions?goal=purchase&model={model}").content == to_json(told)
        report = goal_report(stores, "purchase", model, now=NOW)
        assert asking.get(f"/api/goals/purchase?model={model}").content == to_json(report)
    assert told.earned.conversions > 3
    assert {each.currency for each in told.earned.money} == {"EUR", "JPY"}
    page = html.unescape(asking.page("/campaigns/2/conversions"))
    assert f"{told.earned.conversions:.0f}</strong>" in page
    assert "What the mail added" in page
    assert "percentage points" in page


def test_what_a_goal_came_to_leads_to_whoever_reached_it(asking: Asking, stores: Stores) -> None:
    people = goal_report(stores, "purchase", Model.LAST, now=NOW).goal.total.people
    found = "/query/people?query=converted%20%22purchase%22"
    for path in ("/goals", "/goals/purchase"):
        assert f'href="{found}" ' in asking.page(path)
    page = html.unescape(asking.page(found))
    assert people > 0
    assert f"{people} of " in page
    assert "reached a goal that is called “purchase”" in page


def test_a_goal_is_made_shown_and_forgotten(asking_own: Asking) -> None:
    assert posted(asking_own, act="add", name="trial", window_days="7", value="", currency="") == 303
    assert "7 days" in html.unescape(asking_own.page("/goals"))
    assert "No click of a person led to it yet" in html.unescape(asking_own.page("/goals/trial"))
    assert posted(asking_own, act="delete", name="trial") == 303
    assert asking_own.get("/goals/trial").status_code == 404


def test_what_cannot_be_is_refused_with_what_to_do(asking_own: Asking) -> None:
    assert posted(asking_own, act="add", name="Bad Name") == 400
    assert posted(asking_own, act="add", name="x", window_days="0") == 400
    assert posted(asking_own, act="add", name="x", window_days="many") == 400
    assert posted(asking_own, act="add", name="x", value="-5", currency="EUR") == 400
    assert posted(asking_own, act="steal") == 400
    assert posted(asking_own, act="delete", name="nothing") == 404
    for path in ("/api/campaigns/1/conversions?goal=no", "/api/goals/no", "/campaigns/99/conversions"):
        assert asking_own.get(path).status_code == 404
    refused = asking_own.get("/api/campaigns/1/conversions?model=newest")
    assert (refused.status_code, "last, first or linear" in refused.json()["error"]) == (400, True)


def test_programs_make_and_forget_goals(asking_own: Asking) -> None:
    headers = {"origin": "http://127.0.0.1:8026", "content-type": "application/json"}
    body = json.dumps({"name": "demo", "value": "0.5", "currency": "kwd"}).encode()
    made = asking_own.get("/api/goals", method="POST", headers=headers, body=body)
    assert made.json()["goal"]["value"] == {"currency": "KWD", "minor": 500}
    gone = asking_own.get("/api/goals/delete", method="POST", headers=headers, body=b'{"name": "demo"}')
    assert gone.json() == {"deleted": 1}


def test_an_event_says_its_goal_in_words() -> None:
    assert goal_words("purchase 1999 EUR 4711") == "purchase, 19.99 EUR"
    assert goal_words("trial - - -") == "trial"
    assert goal_words("said by somebody else") == "said by somebody else"
