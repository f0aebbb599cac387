"""One question for everybody who waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

import pytest

from mailwake.errors import BadInput
from mailwake.store.together import Together


def test_those_who_wait_share_the_next_question() -> None:
    asked: list[list[int]] = []
    gate, away = threading.Event(), asyncio.Event()
    loop: asyncio.AbstractEventLoop

    def ask(keys: list[int]) -> Mapping[int, int]:
        asked.append(keys)
        loop.call_soon_threadsafe(away.set)
        assert gate.wait(10)
        return {key: key * 10 for key in keys}

    async def go() -> list[dict[int, int]]:
        nonlocal loop
        loop, question = asyncio.get_running_loop(), Together(ask)
        first = asyncio.create_task(question([1]))
        await away.wait()
        others = [asyncio.create_task(question([key, 1])) for key in (2, 3)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(go()) == [{1: 10}, {2: 20, 1: 10}, {3: 30, 1: 10}]
    assert asked == [[1], [2, 1, 3]]


def test_a_key_without_an_answer_is_left_out_and_nobody_is_asked_for_nothing() -> None:
    question = Together(lambda keys: {key: True for key in keys if key > 1})
    assert asyncio.run(question([1, 2])) == {2: True}
    assert asyncio.run(question([])) == {}


def test_one_bad_key_harms_only_who_asked_for_it() -> None:
    def ask(keys: list[str]) -> Mapping[str, int]:
        if "bad" in keys:
            raise BadInput("no address")
        return dict.fromkeys(keys, 1)

    async def go() -> list[dict[str, int] | BaseException]:
        question = Together(ask)
        return await asyncio.gather(*(question([key]) for key in ("a", "bad", "b")), return_exceptions=True)

    first, second, third = asyncio.run(go())
    assert (first, third) == ({"a": 1}, {"b": 1})
    assert isinstance(second, BadInput)


def test_a_fault_reaches_everybody_and_the_next_question_is_asked_again() -> None:
    answers = [ZeroDivisionError("ours")]

    def ask(keys: list[int]) -> Mapping[int, int]:
        if answers:
            raise answers.pop()
        return dict.fromkeys(keys, 1)

    async def go() -> dict[int, int]:
        question = Together(ask)
        with pytest.raises(ZeroDivisionError):
            await question([1])
        return await question([1])

    assert asyncio.run(go()) == {1: 1}
