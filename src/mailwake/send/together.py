"""One question to the state store for everybody who is waiting for an answer of its kind.

While one question is away, the next one gathers; nothing ever waits for company. A relay with many clients then costs
the store one transaction, and the disk one sync, where it would have cost one per client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from mailwake.errors import MailwakeError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """A question that can be asked for many keys at once.

    Args:
        ask: answers for those keys that have one; runs in a thread. It may refuse a key by raising.
    """

    def __init__(self, ask: Callable[[list[K]], Mapping[K, V]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[list[K], asyncio.Future[dict[K, V]]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, keys: Iterable[K]) -> dict[K, V]:
        """The answers for some keys.

        Raises:
            MailwakeError: what the question raises for these keys; others do not suffer from it.
        """
        wanted = list(keys)
        if not wanted:
            return {}
        answer: asyncio.Future[dict[K, V]] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await answer

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._answer(batch)
        finally:
            self._asking = None

    async def _answer(self, batch: list[tuple[list[K], asyncio.Future[dict[K, V]]]]) -> None:
        try:
            known = await asyncio.to_thread(self._ask, list({key: None for keys, _ in batch for key in keys}))
        except Exception as fault:  # noqa: BLE001 - whoever asked gets it, and the next question is asked all the same
            if isinstance(fault, MailwakeError) and len(batch) > 1:
                for each in batch:  # whose key it was, each finds out alone
                    await self._answer([each])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(fault)
            return
        for keys, answer in batch:
            if not answer.done():
                answer.set_result({key: known[key] for key in keys if key in known})
