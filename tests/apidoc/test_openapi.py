"""The API does what its description says, asked by a program that tries what the description allows and forbids."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from tests.insight import seeding
from tests.web import conftest as house

from mailwake.apidoc.openapi import ANSWERS, FILES
from mailwake.segments import keeper
from mailwake.serving.entry import Door
from mailwake.settings import Settings
from mailwake.web.app import create_app

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

#: what a random name never hits: campaigns, copies, addresses, segments and tables that are there
THERE = {
    "campaign": ("1", "2", "3", "By hand", "Crowd & Sons"),
    "delivery": ("1000000", "3000000", "2000004"),
    "address": ("person0@example.com", "reader3.of1@example.com"),
    "name": ("Everybody", "Settled"),
    "table": ("campaigns", "people", "links", "events", "bounces", "suppressions", "segment"),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The real application over stores in which there is something of everything."""
    import schemathesis  # takes seconds, which nobody else need spend

    installation = Settings(root=tmp_path_factory.mktemp("openapi"), data="data")
    stores = seeding.open_stores(installation.data_folder)
    seeding.by_hand(stores)
    seeding.crowd(stores, "Crowd & Sons", people=40)
    seeding.crowd(stores, house.HOSTILE, people=5, links=house.HOSTILE_LINKS, subject=house.HOSTILE, seed=2)
    house.scan(stores)
    house.leavers(stores)
    house.refusers(stores)
    keeper.add(stores, "Everybody", "sent >= 1", is_live=True, now=house.NOW, by="test")
    keeper.add(stores, "Settled", "clicked >= 1", is_live=False, now=house.NOW, by="test")
    look = house.troubled(tmp_path_factory.mktemp("installation"))
    app = create_app(stores, door=Door(host="testserver"), look=look, settings=installation, wall=lambda: house.NOW)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    yield schema
    seeding.close(stores)


#: for one answer; a machine that is busy with other things is no failure
PATIENCE_SECONDS = 600.0
#: of each route and mode; `make test-long` tries many times as many
EXAMPLES = settings.default.max_examples // 7 if settings.default and settings.default.max_examples > 20 else 1


@pytest.mark.parametrize(
    "is_positive", [True, pytest.param(False, marks=pytest.mark.long)], ids=["positive", "negative"]
)
def test_the_api_is_as_its_description_says(api: BaseSchema, is_positive: bool) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    mode = GenerationMode.POSITIVE if is_positive else GenerationMode.NEGATIVE
    untellable = positive_data_acceptance  # cursors, addresses and queries are texts that no schema tells from others
    tried = Counter[str]()
    for found in api.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # an operation that cannot be read has none, and fails
        if not is_positive and not operation.query and not operation.body:
            continue  # any text may be a name

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: Case[Any]) -> None:
            _name_what_is_there(case)
            case.headers["sec-fetch-site"] = "same-origin"
            tried[f"{case.method.lower()} {case.path}"] += 1
            case.call_and_validate(excluded_checks=[untellable], timeout=PATIENCE_SECONDS)

        with contextlib.suppress(Unsatisfiable):  # a route without parameters can be asked nothing wrong
            ask()
    if is_positive:
        assert set(tried) == {*ANSWERS, *FILES}


def _name_what_is_there(case: Case[Any]) -> None:
    """Most of the time; the rest stays as it was drawn, for what is not there."""
    given = case.path_parameters or {}
    for number, (name, known) in enumerate(sorted(THERE.items())):
        if name in given and len(str(given[name])) % 3:
            given[name] = known[(len(str(given[name])) + number) % len(known)]
