"""How it goes with endpoints, as page, API and doctor tell it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.insight import seeding

from mailwake.errors import Unavailable
from mailwake.events import Micros
from mailwake.notifying.courier import DEAD, KIND, Around, Courier, Place
from mailwake.notifying.endpoints import Endpoint
from mailwake.notifying.messages import Message
from mailwake.notifying.posting import Answer
from mailwake.notifying.standing import EndpointStanding, Going, endpoints
from mailwake.sections import Notify
from mailwake.store.state import StateStore

NOW = seeding.micros(86_400)
TOLD = {name: Notify(url=f"https://{name}.example.com/x?token=secret") for name in ("crm", "new", "off", "slow")}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    stores = seeding.open_stores(tmp_path)
    yield stores.state
    seeding.close(stores)


def put(state: StateStore, name: str, place: Place) -> None:
    state.put_job(KIND, name, data=msgspec.to_builtins(place), now=NOW)


def by_name(state: StateStore, last_number: int | None = 120) -> dict[str, EndpointStanding]:
    return {each.name: each for each in endpoints(TOLD, state, last_number=last_number)}


def test_each_endpoint_says_how_it_goes_and_nothing_secret(state: StateStore) -> None:
    put(state, "crm", Place(position=110, taken=7, taken_at=NOW))
    put(state, "off", Place(position=20, taken=1, disabled="it answered 410: gone"))
    failing = Place(position=100, tries=3, next_at=NOW + 60_000_000, failing_since=NOW, last_error="it answered 500")
    put(state, "slow", failing)
    state.put_job(DEAD, "slow:1", data={"endpoint": "slow", "id": "1"}, now=NOW)
    found = by_name(state)
    assert [each.going for each in found.values()] == [Going.WELL, Going.NEW, Going.OFF, Going.FAILING]
    assert [each.waiting for each in found.values()] == [10, 0, 100, 20]
    assert [each.laid_aside for each in found.values()] == [0, 0, 0, 1]
    assert found["crm"].taken_at == found["slow"].failing_since
    assert found["new"].taken_at is None
    assert (found["slow"].tries, found["slow"].most_tries, found["slow"].last_error) == (3, 10, "it answered 500")
    assert [each.is_in_trouble(NOW) for each in found.values()] == [False, False, True, True]
    assert b"secret" not in msgspec.json.encode(tuple(found.values()))
    assert {each.waiting for each in by_name(state, None).values()} == {None}


def test_a_failure_of_minutes_is_no_trouble_and_one_of_hours_is(state: StateStore) -> None:
    put(state, "slow", Place(position=0, tries=1, failing_since=NOW, last_error="x"))
    slow = by_name(state)["slow"]
    assert [slow.is_in_trouble(Micros(NOW + hours * 3_600_000_000)) for hours in (0, 2)] == [False, True]


def test_the_time_of_the_last_one_taken_is_noted_and_a_failure_leaves_it(tmp_path: Path) -> None:
    stores = seeding.open_stores(tmp_path)
    answers = iter([Answer(status=204), Answer(status=500)])

    def post(*_: object, **__: object) -> Answer:
        answer = next(answers, None)
        if answer is None:
            raise Unavailable("away")
        return answer

    crm = Endpoint(
        name="crm", url="https://crm.example.com/", keys=(b"k" * 32,), events=frozenset(), when="settled",
        allow_private=False,
    )  # fmt: skip
    wall = iter(range(NOW, NOW + 100))
    courier = Courier(crm, Around(events=stores.events, state=stores.state, wall=lambda: next(wall), post=post))
    message = Message(id="msg_1", type="email.bounced", body=b"{}")
    assert courier._tell(message)
    taken = courier.place
    assert taken.taken_at is not None
    assert not courier._tell(message)
    failed = courier.place
    assert (failed.taken_at, failed.last_error) == (taken.taken_at, "it answered 500")
    seeding.close(stores)
