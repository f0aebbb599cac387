"""The page of rules and its API over real decisions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.conftest import Asking
from tests.workflows.house import CLICK, MACHINE, MINUTE, House, at, build

from mailwake.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = build(tmp_path)
    yield built
    built.close()


def asking(house: House) -> Asking:
    return Asking(create_app(house.stores, settings=house.settings(), wall=lambda: at(20 * MINUTE)))


def test_the_page_teaches_with_a_rule_that_can_be_copied_and_then_tells_why_and_why_not(house: House) -> None:
    page = asking(house).get("/workflows").text
    example = page.partition("<pre><code>")[2].partition("</code></pre>")[0]
    house.rule("pricing", example.replace("&#34;", '"').replace('["pricing"]', '["autumn"]') + "")
    house.rule("broken", "trigger = '<script>'")
    house.turn(0)
    house.click(0, 100)
    house.click(5, 101)
    house.turn(20 * MINUTE)
    asked = asking(house)
    page = asked.get("/workflows").text
    assert "person5@example.com" in page
    assert "no contact, lead or person account" in page
    assert "broken.toml" in page
    assert "<script>'" not in page
    narrowed = asked.get("/workflows?why=no_record").text
    assert "person0@example.com" not in narrowed
    assert "Nothing was decided like this" in asked.get("/workflows?address=nobody%40example.com").text
    assert asked.get("/workflows?why=nonsense").status_code == 400
    tried = asked.get("/workflows?tried=pricing&days=1").text
    assert ">1 time<" in tried
    assert "1: this person is no contact" in tried


def test_the_api_tells_the_same_and_every_field_is_in_the_reference(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(0)
    house.click(0, 100)
    house.click(0, 101, **MACHINE)
    house.turn(20 * MINUTE)
    asked = asking(house)
    told = asked.get("/api/workflows").json()
    assert [each["entered"] for each in told["rules"]] == [1]
    why = asked.get("/api/workflows/why?address=person0%40example.com&rule=call").json()
    assert [each["why"] for each in why["answers"]] == ["machine", ""]
    tried = asked.get("/api/workflows/call/test?days=1").json()
    assert len(tried["entered"]) == 1
    assert tried["unfit"] == {"machine": 1}
    assert asked.get("/api/workflows/nobody/test").status_code == 400
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    section = page.partition("## GET /api/workflows\n")[2].partition("## GET /api/domains")[0]
    names = {name for each in (told, why, tried, *told["rules"], *told["entries"], *why["answers"]) for name in each}
    assert [name for name in sorted(names) if name not in section] == []


def test_a_dashboard_of_no_installation_says_so(house: House) -> None:
    asked = Asking(create_app(house.stores))
    assert asked.get("/workflows").status_code == 200
    assert "nobody told it" in asked.get("/api/workflows/call/test").json()["error"]
