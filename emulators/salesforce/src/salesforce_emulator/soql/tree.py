"""A query taken apart. Positions are offsets into its text, for the messages of errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Path:
    """A field, by way of parents: `Account.Owner.Name`."""

    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """As it was written."""
        return ".".join(self.names)


@dataclass(frozen=True)
class Aggregate:
    """`COUNT(Id) n`: a function of a group."""

    function: str
    path: Path | None
    alias: str | None


@dataclass(frozen=True)
class Span:
    """A stretch of time, first moment in, last out: what a date literal or a day means."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Literal:
    """A value in a condition: `kind` is string, number, boolean, null, date, datetime or span."""

    kind: str
    value: Any
    at: int


@dataclass(frozen=True)
class Compare:
    """Field, operator, value."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True)
class Within:
    """`IN` and `NOT IN`, of values or of a query."""

    path: Path
    is_negated: bool
    values: tuple[Literal, ...] | Query


@dataclass(frozen=True)
class Logic:
    """Conditions under AND, OR or NOT."""

    operator: str
    parts: tuple[Condition, ...]


Condition = Compare | Within | Logic


@dataclass(frozen=True)
class Order:
    """One part of ORDER BY."""

    path: Path
    is_descending: bool
    nulls_last: bool


@dataclass
class Query:
    """A whole query."""

    text: str
    source: str
    source_at: int
    items: list[Path | Aggregate | Query] = field(default_factory=list)
    where: Condition | None = None
    groups: list[Path] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    is_count: bool = False

    @property
    def is_aggregate(self) -> bool:
        """Rows are groups, not records."""
        return bool(self.groups) or any(isinstance(each, Aggregate) for each in self.items)
