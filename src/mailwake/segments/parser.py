"""Reads a query: recursive descent, one function per rule.

    query      = either
    either     = both { "or" both }
    both       = part { "and" part }
    part       = "not" part | "(" either ")" | state | condition
    state      = "active" | "lapsing" | "dormant"
    condition  = [ "never" ] verb { clause }          each clause at most once, in any order
    clause     = TEXT | "in" "campaign" TEXT | "domain" TEXT | "provider" TEXT | "country" TEXT | "client" TEXT
               | count [ "times" | "days" | "mails" ] | "in" SPAN | "since" DATE | "before" DATE | "as" judged
    count      = ( ">=" | ">" | "<=" | "<" | "=" | "at" "least" | "at" "most" | "exactly" ) NUMBER
    judged     = "human" | "possible" | "machine" | "anybody"

Every look at a token notes what would have been taken there; faults and completion are made from these notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from mailwake.language import say
from mailwake.segments.faults import Unclear, nearest
from mailwake.segments.lexer import Kind, Token, tokens
from mailwake.segments.tree import (
    JUDGED,
    NAMED,
    Both,
    Condition,
    Count,
    Either,
    Engagement,
    Judged,
    Node,
    Not,
    Per,
    Sign,
    Span,
    State,
    Unit,
    Verb,
)

MAX_CONDITIONS, MAX_DEPTH = 20, 8
#: more than this is never counted
MAX_COUNT = 10_000
#: ten years
MAX_HOURS = 10 * 366 * 24
MAX_TEXT_CHARS = 200
_LONG_UNITS = {"hours": Unit.HOURS, "days": Unit.DAYS, "weeks": Unit.WEEKS}
_NEVER = Count(sign=Sign.EXACTLY, number=0)


def parse(query: str) -> Node:
    """The meaning of a query.

    Raises:
        Unclear: it has none; the fault says where and what was expected.
    """
    return Parser(tokens(query)).whole()


@dataclass(slots=True)
class _Clause:
    """A clause as read: which field of `Condition`, what value, where."""

    field: str
    value: Any
    at: Token


class Parser:
    """One reading of one query.

    Args:
        given: its tokens.

    Attributes:
        expected: what would have been taken at the token where the reading stands; words as they are written,
            `Kind` for everything else.
    """

    def __init__(self, given: list[Token]) -> None:
        self._tokens = given
        self._place = 0
        self._conditions = 0
        self.expected: dict[str | Kind, None] = {}

    def whole(self) -> Node:
        """The query up to its end."""
        found = self._either(0)
        if self._now.kind is not Kind.END:
            raise self._fault()
        return found

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _go_on(self) -> Token:
        token = self._now
        self._place += 1
        self.expected = {}
        return token

    def _take(self, *words: str) -> Token | None:
        """The token when it is one of these words, signs or brackets."""
        self.expected.update((str(word), None) for word in words)
        is_word = self._now.kind in {Kind.WORD, Kind.SIGN, Kind.BRACKET} and self._now.text in words
        return self._go_on() if is_word else None

    def _take_kind(self, kind: Kind) -> Token | None:
        self.expected[kind] = None
        return self._go_on() if self._now.kind is kind else None

    def _need(self, *words: str) -> Token:
        found = self._take(*words)
        if found is None:
            raise self._fault()
        return found

    def _need_kind(self, kind: Kind) -> Token:
        found = self._take_kind(kind)
        if found is None:
            raise self._fault()
        return found

    def _fault(self) -> Unclear:
        words = [each for each in self.expected if isinstance(each, str)]
        told = words + [each.value for each in self.expected if isinstance(each, Kind)]
        now = self._now
        problem = (
            say("the query ends too early")
            if now.kind is Kind.END
            else say("%(word)s is not understood here", word=repr(now.text))
        )
        near = nearest(now.text, words) if now.kind is Kind.WORD else ""
        return Unclear(problem, at=now.at, expected=told, nearest=near)

    def _either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _both(self, depth: int) -> Node:
        parts = [self._part(depth)]
        while self._take("and"):
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _part(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unclear(say("brackets and nots go at most %(most)s deep", most=MAX_DEPTH), at=self._now.at)
        if self._take("not"):
            return Not(of=self._part(depth + 1))
        if self._take("("):
            inner = self._either(depth + 1)
            self._need(")")
            return inner
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise Unclear(say("a query has at most %(most)s conditions", most=MAX_CONDITIONS), at=self._now.at)
        state = self._take(*Engagement)
        return State(engagement=Engagement(state.text)) if state else self._condition()

    def _condition(self) -> Condition:
        is_never = self._take("never") is not None
        verb = Verb(self._need(*Verb).text)
        found: dict[str, Any] = {"count": _NEVER} if is_never else {}
        while clause := self._clause(verb, found):
            found[clause.field] = clause.value
        return Condition(verb=verb, **found)

    def _clause(self, verb: Verb, said: Iterable[str]) -> _Clause | None:
        for read in (self._text, self._named, self._count, self._when, self._judged):
            clause = read(verb, said)
            if clause is not None:
                return clause
        return None

    def _text(self, verb: Verb, said: Iterable[str]) -> _Clause | None:
        if verb not in NAMED or "text" in said:
            if self._now.kind is Kind.TEXT:
                raise self._misplaced_text(verb)
            return None
        found = self._take_kind(Kind.TEXT)
        return _Clause("text", self._checked(found), found) if found else None

    def _misplaced_text(self, verb: Verb) -> Unclear:
        why = (
            say('a second text; for the campaign say: in campaign "…"')
            if verb in NAMED
            else say('%(verb)s goes without a text of its own; for the campaign say: in campaign "…"', verb=verb.value)
        )
        return Unclear(why, at=self._now.at)

    def _named(self, verb: Verb, said: Iterable[str]) -> _Clause | None:
        fields = ("domain", "provider", "country", "client") if verb in JUDGED else ("domain", "provider")
        found = self._take(*(field for field in fields if field not in said))
        if found is None:
            return None
        text = self._checked(self._need_kind(Kind.TEXT))
        if found.text == "country" and not (len(text) == 2 and text.isascii() and text.isalpha()):
            raise Unclear(
                say('%(text)s is no country; write two letters such as "DE"', text=repr(text)), at=found.end + 1
            )
        return _Clause(found.text, {"country": text.upper(), "domain": text.lower()}.get(found.text, text), found)

    def _checked(self, token: Token) -> str:
        if not token.text.strip() or len(token.text) > MAX_TEXT_CHARS:
            raise Unclear(say("a text in quotes has 1 to %(most)s characters", most=MAX_TEXT_CHARS), at=token.at)
        return token.text

    def _count(self, _verb: Verb, said: Iterable[str]) -> _Clause | None:
        if "count" in said:
            return None
        found = self._take(*Sign, "at", "exactly")
        if found is None:
            return None
        sign = self._sign(found)
        number = self._need_kind(Kind.NUMBER)
        per = self._take(*Per)
        count = Count(sign=sign, number=int(number.text), per=Per(per.text) if per else Per.TIMES)
        if count.number > MAX_COUNT or (count.high or 0) < 0 or (count.low == 0 and count.high is None):
            said_count = f"{sign} {count.number}"
            raise Unclear(say("%(count)s holds for nobody or for everybody", count=said_count), at=number.at)
        return _Clause("count", _NEVER if count.high == 0 else count, found)

    def _sign(self, found: Token) -> Sign:
        if found.text == "exactly":
            return Sign.EXACTLY
        if found.text == "at":
            return Sign.AT_LEAST if self._need("least", "most").text == "least" else Sign.AT_MOST
        return Sign(found.text)

    def _when(self, _verb: Verb, said: Iterable[str]) -> _Clause | None:
        if not {"campaign", "within"} <= set(said) and (found := self._take("in")):
            return self._inside(found, said)
        found = self._take(*(word for word in ("since", "before") if word not in said))
        return _Clause(found.text, self._day(self._need_kind(Kind.DATE)), found) if found else None

    def _inside(self, found: Token, said: Iterable[str]) -> _Clause:
        if "campaign" not in said and self._take("campaign"):
            return _Clause("campaign", self._checked(self._need_kind(Kind.TEXT)), found)
        if "within" in said:
            raise self._fault()
        return _Clause("within", self._span(), found)

    def _span(self) -> Span:
        at = self._now.at
        short = self._take_kind(Kind.SPAN)
        if short:
            span = Span(amount=int(short.text[:-1]), unit=Unit(short.text[-1]))
        else:
            number = self._need_kind(Kind.NUMBER)
            span = Span(amount=int(number.text), unit=_LONG_UNITS[self._need(*_LONG_UNITS).text])
        if not 1 <= span.hours <= MAX_HOURS:
            raise Unclear(say("a span is an hour at least and ten years at most"), at=at)
        return span

    def _day(self, token: Token) -> date:
        try:
            day = date.fromisoformat(token.text)
        except ValueError:
            raise Unclear(say("there is no day %(text)s", text=token.text), at=token.at) from None
        if not 1971 <= day.year <= 9000:
            raise Unclear(say("%(text)s is too far away", text=token.text), at=token.at)
        return day

    def _judged(self, verb: Verb, said: Iterable[str]) -> _Clause | None:
        if verb not in JUDGED or "judged" in said:
            return None
        found = self._take("as")
        return _Clause("judged", Judged(self._need(*Judged).text), found) if found else None
