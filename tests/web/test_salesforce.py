"""The page and the API of the org: how the records stand that reach goals."""

from pathlib import Path

import pytest
from tests.crm.house import NOW, open_house
from tests.insight.seeding import open_stores
from tests.web.conftest import Asking

from mailwake.settings import parse
from mailwake.store.crm import Closing
from mailwake.web.app import create_app

STATES = ("told", "told", "back", "waiting", "unmailed", "refused")


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    house = open_house(tmp_path)
    house.store.put_closings(
        Closing(goal="deal", record=f"006{number}", state=state, why="<b>below zero" * (state == "refused"), at=NOW)
        for number, state in enumerate(STATES)
    )
    house.close()
    (tmp_path / "salesforce.json").write_text('{"goals": {"order": "there is no goal &c"}}', encoding="utf-8")
    goals = {"deal": {"where": {"IsWon": True}}, "order": {"object": "Order", "person": "BillToContactId"}}
    told = {"data": ".", "salesforce": {"login": "https://acme.my.salesforce.com"}, "salesforce_goals": goals}
    (tmp_path / "others").mkdir()
    return Asking(create_app(open_stores(tmp_path / "others"), settings=parse(told, root=tmp_path), wall=lambda: NOW))


def test_the_page_says_how_the_records_of_each_goal_stand(asking: Asking) -> None:
    deal, order = asking.get("/api/salesforce").json()["goals"]
    assert (deal["told"], deal["back"], deal["waiting"], deal["unmailed"], deal["refused"]) == (3, 1, 1, 1, 1)
    assert (order["object"], order["told"], order["problem"]) == ("Order", 0, "there is no goal &c")
    page = asking.page("/salesforce")
    assert '<a href="/goals/deal">deal</a>' in page
    assert "&lt;b&gt;below zero" in page
    assert "there is no goal &amp;c" in page
    assert 'data-name="Told">3<' in page


def test_without_goals_there_is_no_table_of_them(tmp_path: Path) -> None:
    open_house(tmp_path).close()
    (tmp_path / "others").mkdir()
    settings = parse({"data": ".", "salesforce": {"login": "https://acme.my.salesforce.com"}}, root=tmp_path)
    asking = Asking(create_app(open_stores(tmp_path / "others"), settings=settings, wall=lambda: NOW))
    assert 'id="goals"' not in asking.page("/salesforce")
