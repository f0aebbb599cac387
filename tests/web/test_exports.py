"""Files are made two at a time, and whoever comes third is told when to come again (AT-71)."""

from __future__ import annotations

import pytest
from tests.web.conftest import NOW, Asking

from mailwake.insight.stores import Stores
from mailwake.web import exports
from mailwake.web.app import create_app
from mailwake.web.exports import AT_ONCE, Places

PATH = "/api/export/people?campaign=2"


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Those that the dashboard below gives out."""
    made = Places()
    monkeypatch.setattr(exports, "Places", lambda: made)
    return made


@pytest.fixture
def own(stores: Stores, places: Places) -> Asking:
    return Asking(create_app(stores, wall=lambda: NOW))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.long
def test_a_third_export_waits_and_a_place_is_given_back_after_each(own: Asking, places: Places, form: str) -> None:
    path = f"{PATH}&format={form}"
    for _ in range(3 * AT_ONCE):
        assert own.get(path).status_code == 200
    taken = [places.take() for _ in range(AT_ONCE)]
    refused = own.get(path)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert own.get("/api/campaigns").status_code == 200
    taken.pop()()
    assert own.get(path).status_code == 200


def test_an_export_that_cannot_be_made_takes_no_place_for_ever(own: Asking) -> None:
    for _ in range(3 * AT_ONCE):
        assert own.get("/api/export/people?campaign=999999").status_code == 404
    assert own.get(PATH).status_code == 200
