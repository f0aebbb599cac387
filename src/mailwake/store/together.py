"""One question to the state store for everybody who is waiting for an answer of its kind.

While one question is away, the next one gathers, and it leaves after all that can be done at once was done; it never
waits for company that may not come. A relay with many clients then costs the store one transaction, and the disk one
sync, where it would have cost one per client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Generic, TypeVar

from mailwake.errors import MailwakeError

#: Most turns of the event loop before something leaves that others may share.
_TURNS = 16
#: A turn in which nothing else was ready takes a few microseconds.
_IDLE_TURN_SECONDS = 20e-6
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


async def others_first() -> None:
    """Let everybody do what can be done at once; comes back after one turn of the loop when nobody is there."""
    for _ in range(_TURNS):
        before = perf_counter()
        await asyncio.sleep(0)
        if perf_counter() - before < _IDLE_TURN_SECONDS:
            return


class Together(Generic[K, V]):
    """A question that can be asked for many keys at once. Use from one event loop.

    Args:
        ask: answers for those keys that have one; runs in a thread of its own. It may refuse a key by raising.
    """

    def __init__(self, ask: Callable[[list[K]], Mapping[K, V]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[list[K], asyncio.Future[dict[K, V]]]] = []
        self._asking: asyncio.Task[None] | None = None
        # One thread that knows its way back to the loop: the loop's own pool costs twice as much per question.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")

    async def __call__(self, keys: Iterable[K]) -> dict[K, V]:
        """The answers for some keys.

        Raises:
            MailwakeError: what the question raises for these keys; others do not suffer from it.
        """
        wanted = list(keys)
        if not wanted:
            return {}
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[K, V]] = loop.create_future()
        self._waiting.append((wanted, answer))
        if self._asking is None:
            self._asking = loop.create_task(self._send(loop))
        return await answer

    async def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        await others_first()
        batch, self._waiting = self._waiting, []
        self._thread.submit(self._work, loop, batch)

    def _work(self, loop: asyncio.AbstractEventLoop, batch: list[tuple[list[K], asyncio.Future[dict[K, V]]]]) -> None:
        """In the thread."""
        answers = self._answer([keys for keys, _ in batch])
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._tell, loop, [answer for _, answer in batch], answers)

    def _answer(self, batch: list[list[K]]) -> list[dict[K, V] | Exception]:
        try:
            known = self._ask(list({key: None for keys in batch for key in keys}))
        except Exception as fault:  # noqa: BLE001 - whoever asked gets it, and the next question is asked all the same
            if isinstance(fault, MailwakeError) and len(batch) > 1:
                return [self._answer([keys])[0] for keys in batch]  # whose key it was, each finds out alone
            return [fault] * len(batch)
        return [{key: known[key] for key in keys if key in known} for keys in batch]

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: list[asyncio.Future[dict[K, V]]],
        answers: list[dict[K, V] | Exception],
    ) -> None:
        self._asking = loop.create_task(self._send(loop)) if self._waiting else None
        for future, answer in zip(waiting, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
