"""The door for shops: proved, in the log before the answer, once per id, and never in the way of the webhooks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.goals.test_calls import GOALS, ORDER
from tests.ingest.notices import HOST
from tests.webhooks.calls import NOW, call
from tests.webhooks.test_server import Log

from mailwake.errors import Unavailable
from mailwake.events import EventType, Note
from mailwake.goals.till import PATH, Till
from mailwake.hosts import Hosts
from mailwake.settings import parse
from mailwake.store.state import Goal
from mailwake.tokens import KeyRing
from mailwake.webhooks.call import Secrets
from mailwake.webhooks.server import Receiver, Taken


class Shop:
    """A till with goals of its own, and whoever calls it."""

    def __init__(self, tmp_path: Any) -> None:
        self.log, self.goals, self.asked, self.clock = Log(), dict[str, Goal](GOALS), 0, 100.0
        hosts = Hosts(parse({"tracking": {"base_url": f"https://{HOST}"}}, root=tmp_path), KeyRing({1: b"k" * 32}))
        secrets = Secrets(values=("old", "new"))
        self.till = Till(secrets, hosts, self._ask, self.log, tick=lambda: self.clock)
        self.away = False

    def _ask(self) -> dict[str, Goal]:
        self.asked += 1
        if self.away:
            raise Unavailable("locked")
        return dict(self.goals)

    def call(self, body: Any = ORDER, token: str = "new") -> Taken:
        return asyncio.run(self.till.take(call(body, authorization=f"Bearer {token}")))


@pytest.fixture
def shop(tmp_path: Any) -> Shop:
    return Shop(tmp_path)


def test_body_and_event_are_one_segment_of_the_log_before_the_answer(shop: Shop) -> None:
    taken = shop.call()
    assert (taken.status, json.loads(taken.body)) == (200, {"taken": 1, "known": 0})
    raw, event = shop.log.events()
    assert (len(shop.log.segments), raw.note, json.loads(raw.raw)) == (1, Note.WEBHOOK, ORDER)
    assert event.type is EventType.CONVERTED


def test_many_calls_with_one_id_are_one_event(shop: Shop) -> None:
    answers = [shop.call() for _ in range(300)]
    assert [json.loads(each.body)["known"] for each in answers] == [0] + [1] * 299
    assert {each.status for each in answers} == {200}
    assert len(shop.log.events()) == 2
    assert shop.asked == 1


def test_one_id_twice_in_a_call_is_one_event_and_another_value_is_refused(shop: Shop) -> None:
    assert json.loads(shop.call({"conversions": [ORDER, ORDER]}).body) == {"taken": 1, "known": 1}
    taken = shop.call({**ORDER, "value": "3"})
    assert (taken.status, len(shop.log.segments)) == (409, 1)


@pytest.mark.parametrize("token", ["", "wrong", "ne", "newer"])
def test_without_the_secret_nothing_is_read_or_logged(shop: Shop, token: str) -> None:
    taken = shop.call({"garbage": "x" * 1_000}, token=token)
    assert (taken.status, taken.refused, shop.asked, shop.log.segments) == (401, 1, 0, [])
    assert "Bearer" in json.loads(taken.body)["error"]


def test_a_refusal_says_what_to_do_and_logs_nothing(shop: Shop) -> None:
    taken = shop.call({**ORDER, "goal": "nothing"})
    assert (taken.status, shop.log.segments) == (400, [])
    assert "there is no goal 'nothing'" in json.loads(taken.body)["error"]


def test_a_goal_made_a_moment_ago_is_known_and_strangers_cannot_make_us_ask_all_the_time(shop: Shop) -> None:
    shop.call()
    shop.goals["trial"] = GOALS["signup"]
    for _ in range(20):
        shop.call({**ORDER, "goal": "none"})
    assert shop.asked == 1
    shop.clock += 2
    assert shop.call({**ORDER, "goal": "trial", "id": "t"}).status == 200
    assert shop.asked == 2


def test_stores_that_are_away_put_off_the_first_call_alone(shop: Shop) -> None:
    shop.away = True
    assert shop.call().status == 503
    shop.away = False
    assert shop.call().status == 200
    shop.away, shop.clock = True, shop.clock + 60
    assert shop.call({**ORDER, "id": "2"}).status == 200


def test_a_log_that_is_away_is_no_yes_and_the_same_call_works_afterwards(shop: Shop) -> None:
    shop.log.away = True
    assert shop.call().status == 503
    shop.log.away = False
    assert json.loads(shop.call().body) == {"taken": 1, "known": 0}


def test_what_is_remembered_is_bounded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.goals.till.REMEMBERED", 3)
    for number in range(10):
        shop.call({**ORDER, "id": str(number)})
    assert json.loads(shop.call({**ORDER, "id": "9"}).body)["known"] == 1
    assert json.loads(shop.call({**ORDER, "id": "0"}).body)["known"] == 0  # the pipeline knows it by its key


def test_it_is_a_desk_of_the_webhooks_role_with_its_counts_and_limits(shop: Shop) -> None:
    receiver = Receiver((), None, shop.log, days=shop.log, clock=lambda: NOW, desks={PATH: shop.till.take})  # type: ignore[arg-type]  # no hook reads tokens
    told: list[Any] = []

    def ask(body: bytes, method: str = "POST", length: int | None = None) -> int:
        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            told.append(message)

        headers = [(b"authorization", b"Bearer new"), (b"content-length", str(length or len(body)).encode())]
        scope = {"type": "http", "method": method, "path": PATH, "headers": headers, "client": ("192.0.2.1", 5)}
        asyncio.run(receiver(scope, receive, send))
        return int(told[-2]["status"])

    assert ask(json.dumps(ORDER).encode()) == 200
    assert json.loads(told[-1]["body"]) == {"taken": 1, "known": 0}
    assert [ask(b"", "GET"), ask(b"x", length=10**9), ask(b"nonsense")] == [405, 413, 400]
    counts = receiver.report()
    assert (counts["calls"], counts["events"], counts["rejected"]) == (1, 1, 3)
