"""Faults that a test orders: what happens to the next requests instead of, or after, what they asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

KINDS = {
    "drop_before": "close the connection before anything is done",
    "drop_after": "do it, then close the connection without an answer",
    "status": "answer with a status and an HTML page, and do nothing",
    "status_after": "do it, then answer with a status and an HTML page",
    "slow": "answer byte by byte, over so many seconds",
    "truncate": "break off in the middle of the JSON",
    "twice": "do it twice, as when a proxy sends a request again",
    "expire_session": "end the session first, so that the answer is 401",
    "wait": "wait so many seconds before anything is done",
}


@dataclass
class Fault:
    """One order: which requests, how often, and what."""

    kind: str
    path: re.Pattern[str]
    method: str | None = None
    times: int = 1
    skip: int = 0
    status: int = 503
    seconds: float = 1.0


class Faults:
    """The orders, taken first to last."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def add(self, told: dict[str, Any]) -> None:
        """Take an order; unknown kinds and words are refused, for a fault that never happens proves nothing."""
        if told.get("kind") not in KINDS:
            raise ValueError(f"unknown fault {told.get('kind')}: one of {', '.join(KINDS)}")
        self.orders.append(Fault(**{**told, "path": re.compile(told.get("path", ".*"))}))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, counted."""
        for each in self.orders:
            if each.path.search(path) and each.method in (None, method):
                if each.skip > 0:
                    each.skip -= 1
                    continue
                each.times -= 1
                if each.times <= 0:
                    self.orders.remove(each)
                return each
        return None
