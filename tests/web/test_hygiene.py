"""A list looked through over the API: what is found, that nothing is asked or changed, and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.insight.stores import Stores
from mailwake.store.state import Route
from mailwake.web.app import create_app

NOW = seeding.micros(3 * 86_400)
OURS = {"Origin": "http://127.0.0.1:8026"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Somebody suppressed, and a domain of which the DNS said something."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("hygiene"))
    handle = opened.state.handles(["dead@corp.example"], now=NOW)["dead@corp.example"]
    opened.state.suppress(handle, reason="bounced", source="bounce", at=NOW)
    opened.state.put_exchangers("null.example", [], now=NOW, route=Route.REFUSED)
    yield opened
    seeding.close(opened)


@pytest.fixture(scope="module")
def asking(own: Stores) -> Asking:
    return Asking(create_app(own, wall=lambda: NOW))


def post(asking: Asking, **given: str) -> tuple[int, Any]:
    response = asking.get("/api/hygiene", method="POST", headers=OURS, body=json.dumps(given).encode())
    return response.status_code, response.json()


def test_a_list_is_looked_through(asking: Asking, own: Stores) -> None:
    addresses = ("ann@gmial.com", "info@null.example", "dead@corp.example", "fine@corp.example", "an..n@x.example")
    status, told = post(asking, people="\n".join(("email", *addresses)))
    assert status == 200
    assert (told["addresses"], told["fine"], told["leave_out"], told["look_at"]) == (5, 1, 3, 1)
    assert (told["domains"], told["domains_known"]) == (3, 1)
    found = {line["address"]: [each["code"] for each in line["findings"]] for line in told["lines"]}
    assert found == {
        "ann@gmial.com": ["typo", "unanswered"],
        "info@null.example": ["refused", "role"],
        "dead@corp.example": ["unanswered", "suppressed"],
        "fine@corp.example": ["unanswered"],
        "an..n@x.example": ["syntax"],
    }
    assert set(own.state.known_handles(["ann@gmial.com", "dead@corp.example"])) == {"dead@corp.example"}


@pytest.mark.parametrize(
    "given", [{}, {"people": "name\nAnn\n"}, {"people": "email\na@b.example\n", "stream": "nonsense"}]
)
def test_what_is_no_list_is_refused_with_what_to_do(asking: Asking, given: dict[str, str]) -> None:
    status, told = post(asking, **given)
    assert status == 400
    assert told["error"]


def test_hostile_cells_come_back_as_text(asking: Asking) -> None:
    status, told = post(asking, people="email,name\n<script>@x.example,=1+1\n")
    assert status == 200
    assert told["lines"][0]["address"] == "<script>@x.example"
    assert [found["code"] for found in told["lines"][0]["findings"]] == ["syntax"]


def test_strangers_pages_may_not_ask(asking: Asking) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert asking.get("/api/hygiene", method="POST", headers=foreign, body=b"{}").status_code == 403
