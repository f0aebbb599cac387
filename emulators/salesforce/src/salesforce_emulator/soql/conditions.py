"""A condition becomes a test of a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from salesforce_emulator.access import Sight
from salesforce_emulator.ids import long_id
from salesforce_emulator.schema import Field

from .grammar import malformed
from .paths import Paths
from .tree import Compare, Condition, Literal, Logic, Path, Query, Span, Within

if TYPE_CHECKING:
    from salesforce_emulator.tables import Record

Test = Callable[["Record"], bool]
#: Answers a query inside a condition with the values it finds.
Ask = Callable[[Query], set[Any]]

_WANTED = {"double": "double", "currency": "double", "percent": "double", "int": "int", "boolean": "boolean",
    "date": "date",
           "datetime": "dateTime"}  # fmt: skip
_KINDS = {"double": {"number"}, "currency": {"number"}, "percent": {"number"}, "int": {"number"},
    "boolean": {"boolean"},
          "date": {"date", "span"}, "datetime": {"datetime", "span"}}  # fmt: skip


class Conditions:
    """Compiles the conditions of one query."""

    def __init__(self, paths: Paths, sight: Sight, query: Query, ask: Ask) -> None:
        self._paths, self._sight, self._query, self._ask = paths, sight, query, ask

    def test(self, condition: Condition) -> Test:
        """A function that says whether a record fulfils it."""
        if isinstance(condition, Logic):
            parts = [self.test(each) for each in condition.parts]
            if condition.operator == "not":
                return lambda record: not parts[0](record)
            every = condition.operator == "and"
            return (
                (lambda record: all(part(record) for part in parts))
                if every
                else (lambda record: any(part(record) for part in parts))
            )
        if isinstance(condition, Within):
            return self._within(condition)
        return self._compare(condition)

    def _field(self, path: Path) -> tuple[Field, Callable[[Record], Any]]:
        field, get, _ = self._paths.resolve(self._sight, path)
        if not field.told["filterable"]:
            raise malformed(
                self._query.text, path.at, f"field '{path.text}' can not be filtered in a query call", "INVALID_FIELD"
            )
        return field, get

    def _value(self, field: Field, literal: Literal) -> Any:
        """The literal as the field's values are compared: text without case, times as text that sorts."""
        if literal.kind == "null":
            return None
        if literal.kind not in _KINDS.get(field.type, {"string"}):
            wanted, quoted = _WANTED.get(field.type, "string"), "should" if field.type not in _WANTED else "should not"
            raise malformed(
                self._query.text,
                literal.at,
                f"value of filter criterion for field '{field.name}' must be of type {wanted} and {quoted} be"
                f" enclosed in quotes",
                "INVALID_FIELD",
            )
        if field.type in ("id", "reference"):
            return self._id(literal)
        if isinstance(literal.value, str):
            return folded(field, literal.value)
        return sortable(literal.value) if isinstance(literal.value, datetime) else literal.value

    def _id(self, literal: Literal) -> str:
        found = long_id(literal.value)
        if found is None:
            raise malformed(
                self._query.text, literal.at, f"invalid ID field: {literal.value}", "INVALID_QUERY_FILTER_OPERATOR"
            )
        return found

    def _compare(self, condition: Compare) -> Test:
        field, get = self._field(condition.path)
        if condition.operator == "like":
            return self._like(field, get, condition)
        value = self._value(field, condition.value)
        if isinstance(value, Span):
            return _in_span(field, get, condition.operator, value)
        if condition.operator in ("=", "!="):
            positive = condition.operator == "="
            return lambda record: (folded(field, get(record)) == value) is positive
        if value is None:
            raise malformed(
                self._query.text, condition.value.at, f"unexpected token: 'null' after {condition.operator}"
            )
        return _ordered(field, get, condition.operator, value)

    def _like(self, field: Field, get: Callable[[Record], Any], condition: Compare) -> Test:
        if condition.value.kind != "string" or field.type in _WANTED or field.type in ("id", "reference"):
            raise malformed(self._query.text, condition.path.at, "invalid operator", "INVALID_QUERY_FILTER_OPERATOR")
        pieces = re.findall(r"\\[%_]|%|_|[^%_\\]+|\\", condition.value.value)
        pattern = "".join(
            {"%": ".*", "_": "."}.get(each) or re.escape(each[1:] if each in ("\\%", "\\_") else each)
            for each in pieces
        )
        matcher = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        return lambda record: matcher.fullmatch(get(record) or "") is not None

    def _within(self, condition: Within) -> Test:
        field, get = self._field(condition.path)
        if isinstance(condition.values, Query):
            wanted = self._ask(condition.values)
        else:
            wanted = {self._value(field, each) for each in condition.values}
        negated = condition.is_negated
        return lambda record: (folded(field, get(record)) in wanted) is not negated

    def candidates(self, condition: Condition | None) -> list[tuple[Field, list[Any]]]:
        """Indexed fields with all the values that a matching record may have in them."""
        if isinstance(condition, Logic) and condition.operator == "and":
            return [found for part in condition.parts for found in self.candidates(part)]
        if not isinstance(condition, Compare | Within) or len(condition.path.names) > 1:
            return []
        field, _ = self._field(condition.path)
        literals: tuple[Literal, ...]
        if not (field.is_indexed or field.name == "Id"):
            return []
        if isinstance(condition, Compare):
            literals = (condition.value,) if condition.operator == "=" else ()
        elif condition.is_negated or isinstance(condition.values, Query):
            literals = ()
        else:
            literals = condition.values
        values = [self._value(field, each) for each in literals]
        return [(field, values)] if values and None not in values else []


def sortable(at: datetime) -> str:
    """A time with its thousandths, which compares with `clock.stamp` as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def folded(field: Field, value: Any) -> Any:
    """Text without case, unless the field minds it; whatever else as it is."""
    if (
        isinstance(value, str)
        and not field.told["caseSensitive"]
        and field.type not in ("id", "reference", "date", "datetime")
    ):
        return value.casefold()
    return value


def _ordered(field: Field, get: Callable[[Record], Any], operator: str, value: Any) -> Test:
    def test(record: Record) -> bool:
        found = folded(field, get(record))
        if found is None:
            return False
        if operator == "<":
            return bool(found < value)
        if operator == ">":
            return bool(found > value)
        return bool(found <= value) if operator == "<=" else bool(found >= value)

    return test


def _in_span(field: Field, get: Callable[[Record], Any], operator: str, span: Span) -> Test:
    start, end = (
        (span.start.date().isoformat(), span.end.date().isoformat())
        if field.type == "date"
        else (sortable(span.start), sortable(span.end))
    )

    def test(record: Record) -> bool:
        found = get(record)
        if found is None:
            return operator == "!="
        inside = start <= found < end
        if operator in ("=", "!="):
            return inside is (operator == "=")
        return bool({"<": found < start, "<=": found < end, ">": found >= end, ">=": found >= start}[operator])

    return test
