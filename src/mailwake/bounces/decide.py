"""What a refusal means for the address: category, class, action.

The words of the server are a fact and stay with the event; this opinion on them is made from a table and may be made
again when the table is better. A 5xx reply is not a dead address: most of them blame the sender.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

#: RFC 3463 section 2
_STATUS = re.compile(r"(?<![\d.])[245]\.(\d{1,3}\.\d{1,3})(?![\d.])")
#: RFC 5321 section 4.2.1: the code opens the reply
_REPLY = re.compile(r"(?:^|[\s;:(\"'#<-])([245][0-5]\d)(?=[\s\-:,#]|$)")
#: opens the reason of a failure that happened behind a forward; see `ingest.outcome.FORWARDED`
_FORWARDED = "forwarded; "
#: An ESP calls it hard or soft, and no more.
REPORTED_HARD, REPORTED_SOFT = "reported_hard", "reported_soft"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to make of a refusal."""

    #: the cause, a word of the table
    category: str
    #: hard, hard_probable, soft, throttle, block, content or none
    klass: str
    #: suppress_now, suppress_after_n or never
    action: str
    #: what decided: ``status 5.1.1``, ``text user unknown``, ``reply 551``, ``forwarded`` or ``nothing``
    rule: str


class Bounces:
    """The table, ready to be asked.

    Args:
        table: as in ``rules.toml``.

    Raises:
        KeyError: a rule names a category that has no class and action.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._outcome = {name: (entry["class"], entry["action"]) for name, entry in table["category"].items()}
        self._status = {code: name for name, codes in table["status"].items() for code in codes}
        self._reply = {code: name for name, codes in table["reply"].items() for code in codes}
        self._text = [(word, rule["category"], rule["overrules"]) for rule in table["text"] for word in rule["words"]]
        self._vague = {code: name for name, codes in table["vague_status"].items() for code in codes}
        for name in (
            *self._status.values(),
            *self._vague.values(),
            *self._reply.values(),
            *(name for _, name, _ in self._text),
        ):
            self._outcome[name]

    @classmethod
    def load(cls) -> Bounces:
        """The table of the package."""
        return cls(tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text(encoding="utf-8")))

    def decide(self, reason: str) -> Decision:
        """The decision on the words of a refusal.

        Args:
            reason: reply code, enhanced status and text, whichever of them there are, in any order.
        """
        words = reason.lower()
        if words.startswith(_FORWARDED):
            return self._decision("forwarded", "forwarded")
        said = self._by_text(words)
        if said is not None and said[2]:
            return self._decision(said[1], f"text {said[0]}")
        codes = _STATUS.findall(reason)
        decided = self._by_code(self._status, codes, "status")
        if decided is None and said is not None:
            decided = self._decision(said[1], f"text {said[0]}")
        decided = decided or self._by_code(self._vague, codes, "status")
        decided = decided or self._by_code(self._reply, _REPLY.findall(reason), "reply")
        return decided or self._decision("unknown", "nothing")

    def reported(self, cause: str, reason: str) -> Decision:
        """The decision on what an ESP reports: its own category first, the words of the other server second.

        An ESP that only calls an address dead has mostly looked at the first digit, so words that blame something else
        win. An ESP that says it is not dead is believed, whatever the words.

        Args:
            cause: a category of the table, `REPORTED_HARD`, `REPORTED_SOFT`, or empty.
            reason: as for `decide`; may be empty.
        """
        if cause in self._outcome:
            return self._decision(cause, f"esp {cause}")
        said = self.decide(reason)
        if cause == REPORTED_HARD and said.category == "unknown":
            return self._decision("bad_mailbox", "esp hard")
        if cause == REPORTED_SOFT and said.action == "suppress_now":
            return self._decision("unknown", "esp soft")
        return said

    def _by_text(self, words: str) -> tuple[str, str, bool] | None:
        return next((entry for entry in self._text if entry[0] in words), None)

    def _by_code(self, table: Mapping[str, str], codes: Iterable[str], what: str) -> Decision | None:
        known = next((code for code in codes if code in table), None)
        return None if known is None else self._decision(table[known], f"{what} {known}")

    def _decision(self, category: str, rule: str) -> Decision:
        klass, action = self._outcome[category]
        return Decision(category=category, klass=klass, action=action, rule=rule)
