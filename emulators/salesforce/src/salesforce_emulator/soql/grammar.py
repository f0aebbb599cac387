"""Text becomes a tree: a tokenizer and one function per rule.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, TypeVar

from salesforce_emulator.clock import read_datetime
from salesforce_emulator.refusals import NotEmulated, Refused

from .spans import LITERALS, span_of
from .tree import Aggregate, Compare, Condition, Literal, Logic, Order, Path, Query, Span, Within

_TOKENS = re.compile(
    r"(?P<space>\s+)|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),:])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b", "f": "\f",
    "F": "\f",
            '"': '"', "'": "'", "\\": "\\", "_": "\\_", "%": "\\%"}  # fmt: skip
_FUNCTIONS = {"count", "count_distinct", "sum", "min", "max", "avg"}
#: Words of the language that are real but not understood here.
_BEYOND = {"typeof", "having", "with", "using", "for", "fields", "tolabel", "format", "convertcurrency", "includes",
    "excludes",
           "calendar_month", "calendar_year", "day_only", "hour_in_day", "grouping", "rollup", "cube", "distance",
           "geolocation",
           "convertTimezone", "update", "all", "data"}  # fmt: skip
_T = TypeVar("_T")
_WORDS = {
    "select",
    "from",
    "where",
    "and",
    "or",
    "not",
    "order",
    "group",
    "limit",
    "offset",
    "by",
    "in",
    "like",
    "asc",
    "desc",
    "nulls",
}


class Token(NamedTuple):
    """A piece of the text."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """Names without case; anything else as it stands."""
        return self.text.lower() if self.kind == "name" else self.text


def malformed(text: str, at: int, message: str, code: str = "MALFORMED_QUERY") -> Refused:
    """An error with the place it was found at, as the org shows it.

    Source: TestCountSObjects.test_count_sobjects__errors, the one recording of such a message.
    """
    before = text[:at]
    row, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    start, end = max(0, at - 30), at + 30
    shown = text[start:end].replace("\n", " ")
    caret = " " * (at - start) + "^"
    return Refused(code, f"\n{shown.rstrip()}\n{caret}\nERROR at Row:{row}:Column:{column}\n{message}")


def parse(text: str, now: datetime) -> Query:
    """A query as a tree.

    Args:
        text: the query.
        now: what date literals are counted from.

    Raises:
        Refused: MALFORMED_QUERY.
        NotEmulated: syntax that the org knows and this does not.
    """
    reader = _Reader(text, now)
    query = reader.query()
    reader.expect_end()
    return query


class _Reader:
    def __init__(self, text: str, now: datetime) -> None:
        self.text, self.now = text, now
        self.tokens = list(self._split())
        self.place = 0

    def _split(self) -> list[Token]:
        found, at = [], 0
        while at < len(self.text):
            matched = _TOKENS.match(self.text, at)
            if matched is None:
                if self.text[at] == "*":
                    raise malformed(self.text, at, "unexpected token: '*'")
                raise malformed(self.text, at, f"line 1:{at} no viable alternative at character '{self.text[at]}'")
            if matched.lastgroup != "space":
                found.append(Token(matched.lastgroup or "", matched[0], at))
            at = matched.end()
        return [*found, Token("end", "<EOF>", len(self.text))]

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def unexpected(self, token: Token) -> Exception:
        if token.word in _BEYOND:
            return NotEmulated(f"SOQL: {token.text.upper()}")
        return malformed(self.text, token.at, f"unexpected token: '{token.text}'")

    def skip(self, *words: str) -> bool:
        """Take these words if they come next."""
        if [each.word for each in self.tokens[self.place : self.place + len(words)]] == list(words):
            self.place += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.skip(word):
                raise self.unexpected(self.next)

    def expect_end(self) -> None:
        if self.next.kind != "end":
            raise self.unexpected(self.next)

    def query(self) -> Query:
        self.expect("select")
        items, is_count = self.items()
        self.expect("from")
        source = self.name()
        query = Query(self.text, source.text, source.at, items, is_count=is_count)
        if self.next.kind == "name" and self.next.word not in _WORDS | _BEYOND:
            raise NotEmulated("SOQL: alias of an object")
        if self.skip("where"):
            query.where = self.condition()
        if self.skip("group", "by"):
            query.groups = self.listed(self.path)
        if self.skip("order", "by"):
            query.orders = self.listed(self.order)
        if self.skip("limit"):
            query.limit = self.whole()
        if self.skip("offset"):
            query.offset = self.whole()
            if query.offset > 2000:
                raise Refused("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return query

    def items(self) -> tuple[list[Path | Aggregate | Query], bool]:
        if [each.word for each in self.tokens[self.place : self.place + 3]] == ["count", "(", ")"]:
            self.place += 3
            return [], True
        return self.listed(self.item), False

    def listed(self, one: Callable[[], _T]) -> list[_T]:
        found = [one()]
        while self.skip(","):
            found.append(one())
        return found

    def item(self) -> Path | Aggregate | Query:
        if self.skip("("):
            query = self.query()
            self.expect(")")
            return query
        following = self.tokens[self.place + 1] if self.next.kind == "name" else self.next
        if following.text == "(":
            return self.aggregate()
        path = self.path()
        if self.next.kind == "name" and self.next.word not in _WORDS | _BEYOND:
            if any(each.word == "group" for each in self.tokens):
                raise NotEmulated("SOQL: alias of a field")
            raise self.unexpected(self.next)
        return path

    def aggregate(self) -> Aggregate:
        name = self.take()
        if name.word not in _FUNCTIONS:
            raise NotEmulated(f"SOQL: function {name.text}") if name.word in _BEYOND else self.unexpected(name)
        self.expect("(")
        path = self.path()
        self.expect(")")
        alias = self.take().text if self.next.kind == "name" and self.next.word not in _WORDS | _BEYOND else None
        return Aggregate(name.word, path, alias)

    def name(self) -> Token:
        token = self.take()
        if token.kind != "name" or token.word in _WORDS:
            raise self.unexpected(token)
        return token

    def path(self) -> Path:
        token = self.name()
        if token.word in _BEYOND:
            raise self.unexpected(token)
        if self.next.text == "(":
            raise NotEmulated(f"SOQL: function {token.text}")
        names = tuple(token.text.split("."))
        if not all(names):
            raise self.unexpected(token)
        if len(names) > 6:
            raise Refused("MALFORMED_QUERY", "SOQL relationships may not exceed 5 levels")
        return Path(names, token.at)

    def order(self) -> Order:
        path = self.path()
        is_descending = self.skip("desc")
        if not is_descending:
            self.skip("asc")
        nulls_last = self.skip("nulls", "last")
        if not nulls_last and not self.skip("nulls", "first") and self.next.word == "nulls":
            raise self.unexpected(self.next)
        return Order(path, is_descending, nulls_last)

    def whole(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected(token)
        return int(token.text)

    def condition(self) -> Condition:
        """One kind of AND or OR at a level: the org wants parentheses where they meet."""
        parts = [self.one_condition()]
        operator = self.next.word if self.next.word in ("and", "or") else None
        while operator and self.skip(operator):
            parts.append(self.one_condition())
        if self.next.word in ("and", "or"):
            raise self.unexpected(self.next)
        return Logic(operator, tuple(parts)) if operator else parts[0]

    def one_condition(self) -> Condition:
        if self.skip("not"):
            return Logic("not", (self.one_condition(),))
        if self.skip("("):
            inner = self.condition()
            self.expect(")")
            return inner
        path = self.path()
        if self.next.word == "in" or (self.next.word == "not" and self.tokens[self.place + 1].word == "in"):
            return self.within(path)
        token = self.take()
        if token.word not in ("=", "!=", "<>", "<", ">", "<=", ">=", "like"):
            raise self.unexpected(token)
        operator = "!=" if token.text == "<>" else token.word
        return Compare(path, operator, self.literal())

    def within(self, path: Path) -> Within:
        is_negated = self.skip("not")
        self.expect("in", "(")
        values: tuple[Literal, ...] | Query
        values = self.query() if self.next.word == "select" else tuple(self.listed(self.literal))
        self.expect(")")
        return Within(path, is_negated, values)

    def literal(self) -> Literal:
        token = self.take()
        if token.kind == "string":
            return Literal("string", self.unescaped(token), token.at)
        if token.kind == "number":
            return Literal("number", float(token.text), token.at)
        if token.kind == "datetime":
            return Literal("datetime", read_datetime(token.text), token.at)
        if token.kind == "date":
            start = datetime.combine(date.fromisoformat(token.text), time(), UTC)
            return Literal("date", Span(start, start + timedelta(days=1)), token.at)
        if token.word in ("true", "false"):
            return Literal("boolean", token.word == "true", token.at)
        if token.word == "null":
            return Literal("null", None, token.at)
        if token.word in LITERALS or token.word.endswith(("_days", "_weeks", "_months", "_quarters", "_years")):
            count = self.whole() if self.skip(":") else None
            return Literal("span", span_of(token.word, count, self.now), token.at)
        raise self.unexpected(token)

    def unescaped(self, token: Token) -> str:
        inner = token.text[1:-1]

        def one(matched: re.Match[str]) -> str:
            if matched[1] not in _ESCAPES:
                raise malformed(
                    self.text,
                    token.at,
                    f"Invalid string literal '{inner}'. Illegal character sequence '\\{matched[1]}' in string literal.",
                )
            return _ESCAPES[matched[1]]

        return re.sub(r"\\(.)", one, inner, flags=re.DOTALL)
