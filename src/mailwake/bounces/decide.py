"""What a refusal means for the address: category, class, action.

The words of the server are a fact and stay with the event; this opinion on them is made from a table and may be made
again when the table is better. A 5xx reply is not a dead address: most of them blame the sender.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

from mailwake.bounces.families import Families
from mailwake.bounces.lookup import Lookup, beginnings
from mailwake.bounces.providers import Providers
from mailwake.bounces.words import Words, quote, read_words

#: opens the reason of a failure that happened behind a forward; see `ingest.outcome.FORWARDED`
_FORWARDED = "forwarded; "
#: An ESP calls it hard or soft, and no more.
REPORTED_HARD, REPORTED_SOFT = "reported_hard", "reported_soft"
#: What can only be said of a recipient, so not before one was named.
_OF_RECIPIENTS = frozenset(
    {"bad_mailbox", "inactive_mailbox", "mailbox_full", "recipient_refused", "bad_domain", "too_large"}
)
#: What a server that also says "unknown" may mean instead.
_OF_SENDERS = frozenset({"auth_failure", "reputation_block", "spam_content", "rate_limited", "relay_denied"})
#: RFC 3463 sections 3.2 and 3.3: X.1.1 and its kin say that there is no such mailbox; X.2.1 that there is one
_NO_MAILBOX = frozenset({"1.1", "1.6", "1.10"})
_A_MAILBOX = frozenset({"2.1"})
#: said at RCPT of what is not there, see `_means_unknown`
_UNAVAILABLE = ("mailbox unavailable", "mailbox is unavailable", "account unavailable", "account is unavailable")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to make of a refusal."""

    #: the cause, a word of the table
    category: str
    #: hard, hard_probable, soft, throttle, block, content or none
    klass: str
    #: suppress_now, suppress_after_n or never
    action: str
    #: what decided, stable over versions: ``google.disabled``, ``text.user_unknown``, ``family.gone``, ``status.1.1``,
    #: ``stage.mail``, ``reply.551``, ``forwarded`` or ``nothing``
    rule: str
    #: the words that decided, printable, at most 1,000 bytes
    quoted: str = ""


class _Rule(NamedTuple):
    """One rule on words."""

    id: str
    category: str
    overrules: bool
    words: tuple[str, ...]
    any_of: frozenset[str]
    unless: frozenset[str]


class Bounces:
    """The table, ready to be asked.

    Args:
        table: as in ``rules.toml``.
        providers: as in ``providers.toml``.

    Raises:
        KeyError: a rule names a category that has no class and action.
    """

    def __init__(self, table: Mapping[str, Any], providers: Mapping[str, Any] | None = None) -> None:
        self._outcome = {name: (entry["class"], entry["action"]) for name, entry in table["category"].items()}
        self._status = {code: name for name, codes in table["status"].items() for code in codes}
        self._reply = {code: name for name, codes in table["reply"].items() for code in codes}
        self._vague = {code: name for name, codes in table["vague_status"].items() for code in codes}
        self._text = [_rule(entry) for entry in table["text"]]
        #: of each word, the rules that it may make, by their place in the order
        self._rules_of: dict[str, list[int]] = {}
        for place, rule in enumerate(self._text):
            for word in rule.any_of:
                self._rules_of.setdefault(word, []).append(place)
        stages = table.get("stage", {})
        self._stages = [(name, frozenset(entry["words"])) for name, entry in stages.items()]
        self._default = {name: entry["default"] for name, entry in stages.items() if "default" in entry}
        self._providers = Providers(providers or {})
        self._families = Families(table.get("subjects", ()), table.get("family", ()))
        self._plain = Lookup(word for rule in self._text for word in (*rule.words, *rule.unless))
        self._whole = Lookup([word for _, words in self._stages for word in words] + [*self._providers.marks()])
        for name in (
            *self._status.values(), *self._vague.values(), *self._reply.values(), *self._default.values(),
            *(rule.category for rule in self._text), *self._providers.categories(), *self._families.categories(),
        ):  # fmt: skip
            self._outcome[name]

    @classmethod
    def load(cls) -> Bounces:
        """The tables of the package."""
        folder = files("mailwake.bounces")
        rules, providers = (
            tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
            for name in ("rules.toml", "providers.toml")
        )
        return cls(rules, providers)

    def decide(self, reason: str, *, server: str | None = None, stage: str | None = None) -> Decision:
        """The decision on the words of a refusal.

        Args:
            reason: reply code, enhanced status and text, whichever of them there are, in any order.
            server: host name of the server that refused, where the words do not name it.
            stage: ``connect``, ``mail``, ``rcpt`` or ``data``: the command it refused at, where the words do not tell.
        """
        if reason.lower().startswith(_FORWARDED):
            return self._decision("forwarded", "forwarded", quote(reason))
        words = read_words(reason, server=server)
        starts = beginnings(words.whole)
        marks = self._whole.said_in(words.whole, starts)
        stage = stage or self._stage(marks)
        known = self._providers.find(words, marks, stage)
        if known is not None:
            return self._decision(known.category, known.id, quote(reason, known.word))
        said = self._told_by(self._plain.said_in(words.plain, starts))
        return (
            self._by_stage(said, stage, reason)
            or self._by_words(words, said, stage, reason)
            or self._by_family(words, starts, stage, reason)
            or self._by_code(self._status, words.codes, "status", reason)
            or self._by_links(words, reason)
            or self._by_family(words, starts, stage, reason, overruling=False)
            or self._by_words(words, said, stage, reason, overruling=False)
            or self._by_code(self._vague, words.codes, "status", reason)
            or self._by_code(self._reply, words.replies, "reply", reason)
            or self._decision("unknown", "nothing", quote(reason))
        )

    def reported(self, cause: str, reason: str) -> Decision:
        """The decision on what an ESP reports: its own category first, the words of the other server second.

        An ESP that only calls an address dead has mostly looked at the first digit, so words that blame something else
        win. An ESP that says it is not dead is believed, whatever the words.

        Args:
            cause: a category of the table, `REPORTED_HARD`, `REPORTED_SOFT`, or empty.
            reason: as for `decide`; may be empty.
        """
        if cause in self._outcome:
            return self._decision(cause, f"esp.{cause}", quote(reason))
        said = self.decide(reason)
        if cause == REPORTED_HARD and said.category == "unknown":
            return self._decision("bad_mailbox", "esp.hard", quote(reason))
        if cause == REPORTED_SOFT and said.action == "suppress_now":
            return self._decision("unknown", "esp.soft", quote(reason))
        return said

    def _told_by(self, said: frozenset[str]) -> list[tuple[_Rule, str]]:
        """The rules that what was said makes, in order, each with the first of its words."""
        places = sorted({place for word in said for place in self._rules_of.get(word, ())})
        made = ((rule, _matching(rule, said)) for rule in map(self._text.__getitem__, places))
        return [(rule, word) for rule, word in made if word is not None]

    def _stage(self, marks: frozenset[str]) -> str | None:
        """The first command that the words tell of."""
        return next((name for name, words in self._stages if not words.isdisjoint(marks)), None)

    def _by_stage(self, said: list[tuple[_Rule, str]], stage: str | None, reason: str) -> Decision | None:
        """What was refused before a recipient was named."""
        default = self._default.get(stage or "")
        if default is None:
            return None
        for rule, word in said:
            if rule.category == "too_large" and stage == "mail":  # RFC 1870: the size stands in MAIL FROM
                return self._decision(rule.category, f"text.{rule.id}", quote(reason, word))
            if rule.category not in _OF_RECIPIENTS and (rule.overrules or rule.category in ("network", "policy")):
                if rule.category == "spam_content" or (rule.category == "policy" and stage == "connect"):
                    break
                return self._decision(rule.category, f"text.{rule.id}", quote(reason, word))
        return self._decision(default, f"stage.{stage}", quote(reason))

    def _by_words(
        self, words: Words, said: list[tuple[_Rule, str]], stage: str | None, reason: str, *, overruling: bool = True
    ) -> Decision | None:
        for rule, word in said:
            if rule.overrules is not overruling or (rule.category == "bad_mailbox" and _blames_another(said)):
                continue
            category = rule.category
            if category == "bad_mailbox" and _is_contradicted(words, stage):
                category = "recipient_refused"
            elif rule.id == "mailbox_refuses" and _means_unknown(words, stage):
                category = "bad_mailbox"
            return self._decision(category, f"text.{rule.id}", quote(reason, word))
        return None

    def _by_family(
        self, words: Words, starts: frozenset[str], stage: str | None, reason: str, *, overruling: bool = True
    ) -> Decision | None:
        """What is said of the mailbox or its owner in words that no rule lists."""
        told = self._families.find(words.plain, starts, overruling=overruling)
        if told is None:
            return None
        doubted = told.category == "bad_mailbox" and _is_contradicted(words, stage)
        return self._decision(
            "recipient_refused" if doubted else told.category, f"family.{told.id}", quote(reason, told.word)
        )

    def _by_links(self, words: Words, reason: str) -> Decision | None:
        """What the links say where nothing else spoke: help pages are named after the trouble."""
        for rule, word in self._told_by(self._plain.said_in(words.links)) if words.links else ():
            if rule.overrules and rule.category != "bad_mailbox":
                return self._decision(rule.category, f"text.{rule.id}", quote(reason, word))
        return None

    def _by_code(self, table: Mapping[str, str], codes: Iterable[str], what: str, reason: str) -> Decision | None:
        known = next((code for code in codes if code in table), None)
        return None if known is None else self._decision(table[known], f"{what}.{known}", quote(reason, known))

    def _decision(self, category: str, rule: str, quoted: str) -> Decision:
        klass, action = self._outcome[category]
        return Decision(category=category, klass=klass, action=action, rule=rule, quoted=quoted)


def _rule(entry: Mapping[str, Any]) -> _Rule:
    words = entry["words"]
    return _Rule(
        entry["id"], entry["category"], entry["overrules"], tuple(words), frozenset(words),
        frozenset(entry.get("unless", ())),
    )  # fmt: skip


def _matching(rule: _Rule, said: frozenset[str]) -> str | None:
    """The first word of the rule that is said, unless one is said that takes it back."""
    if rule.any_of.isdisjoint(said) or not rule.unless.isdisjoint(said):
        return None
    return next(word for word in rule.words if word in said)


def _blames_another(said: list[tuple[_Rule, str]]) -> bool:
    """Whether who sends, or what, is refused in the same breath: then nobody is dead because of it."""
    return any(rule.category in _OF_SENDERS for rule, _ in said)


def _means_unknown(words: Words, stage: str | None) -> bool:
    """Two answers that say "refused" and mean that there is no such mailbox.

    Source: RFC 5321 section 4.2.3, 550 to RCPT (450 means a mailbox that is busy); Outlook.com, which puts 5.5.0 before
    the same words; the recipient table of IronPort, "#5.1.0 Address rejected".
    """
    if any(said in words.plain for said in _UNAVAILABLE):
        is_final = not words.replies or not all(code.startswith("4") for code in words.replies)
        return is_final and (stage == "rcpt" or "5.0" in words.codes)
    return "1.0" in words.codes and "address rejected" in words.plain and stage != "data"


def _is_contradicted(words: Words, stage: str | None) -> bool:
    """Whether something else speaks for the mailbox, so that "unknown" alone must not end it.

    The status says that there is one and nobody tells the stage, or the recipient had been accepted when a filter said
    so. Refused at RCPT, a mailbox that is unknown is unknown.
    """
    if not _NO_MAILBOX.isdisjoint(words.codes):
        return False
    return stage == "data" or (stage != "rcpt" and not _A_MAILBOX.isdisjoint(words.codes))
