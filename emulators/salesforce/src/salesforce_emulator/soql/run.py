"""Runs a query: which records, in which order, and how each is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_emulator.access import Sight, User
from salesforce_emulator.refusals import NotEmulated, Refused
from salesforce_emulator.schema import Field

from .conditions import Conditions, folded
from .grammar import malformed
from .paths import Paths
from .tree import Aggregate, Path, Query

if TYPE_CHECKING:
    from salesforce_emulator.org import Org
    from salesforce_emulator.tables import Record

Maker = Callable[[tuple[Any, ...], list["Record"]], Any]
Show = Callable[["Record"], dict[str, Any]]


@dataclass
class Result:
    """What a query found: how many, what each row is made from, and how to show it."""

    total: int
    rows: list[Any]
    show: Show
    #: Column paths in the order asked for, with their fields; None for an aggregate's result.
    columns: list[tuple[str, Field | None]]
    query: Query
    sight: Sight


class Runner:
    """Runs queries for one user."""

    def __init__(self, org: Org, user: User, *, root: str, with_deleted: bool = False) -> None:
        self._org, self._user, self._root, self._with_deleted = org, user, root, with_deleted

    def run(self, query: Query) -> Result:
        """The result of a whole query."""
        paths = Paths(self._org, self._user, query)
        sight = paths.source()
        records = self._records(query, paths, sight)
        if query.is_count:
            return Result(len(self._cut(query, records)), [], lambda record: {}, [("count()", None)], query, sight)
        if query.is_aggregate:
            return self._grouped(query, paths, sight, records)
        show, columns = self._shown(query, paths, sight)
        rows = self._cut(query, self._sorted(query, paths, sight, records))
        return Result(len(rows), rows, show, columns, query, sight)

    def _cut(self, query: Query, rows: list[Any]) -> list[Any]:
        end = None if query.limit is None else query.offset + query.limit
        return rows[query.offset : end]

    def _records(self, query: Query, paths: Paths, sight: Sight) -> list[Record]:
        table = self._org.store.table(sight.sobject)
        every = Conditions(paths, sight, query, self._ask)
        test = every.test(query.where) if query.where else None
        found: list[Record]
        candidates = every.candidates(query.where) if query.where else []
        if candidates:
            field, values = min(candidates, key=lambda each: len(each[1]))
            if field.name == "Id":
                ids = [value for value in values if value in table.records]
            else:
                ids = [each for value in values for each in table.found(field, value, deleted=True)]
            found = [table.records[each] for each in sorted(set(ids))]
        else:
            found = list(table.records.values())
        if not self._with_deleted and not self._org.is_mutated("deleted_shown"):
            found = [each for each in found if not each["IsDeleted"]]
        return [each for each in found if test(each)] if test else found

    def _ask(self, query: Query) -> set[Any]:
        """The values of a query in a condition: one field, no nulls."""
        if len(query.items) != 1 or not isinstance(query.items[0], Path):
            raise malformed(query.text, query.source_at, "A semi join sub-select must select exactly one field")
        paths = Paths(self._org, self._user, query)
        sight = paths.source()
        field, get, _ = paths.resolve(sight, query.items[0])
        return {folded(field, get(each)) for each in self._records(query, paths, sight)} - {None}

    def _sorted(self, query: Query, paths: Paths, sight: Sight, records: list[Record]) -> list[Record]:
        for order in reversed(query.orders):
            field, get, _ = paths.resolve(sight, order.path)
            if not field.told["sortable"]:
                raise malformed(
                    query.text, order.path.at, f"field '{order.path.text}' can not be sorted in a query call"
                )
            empty = [each for each in records if get(each) is None]
            full = [each for each in records if get(each) is not None]

            def key(record: Record, field: Field = field, get: Callable[[Record], Any] = get) -> Any:
                return folded(field, get(record))

            full.sort(key=key, reverse=order.is_descending)
            records = full + empty if order.nulls_last else empty + full
        return records

    def _shown(self, query: Query, paths: Paths, sight: Sight) -> tuple[Show, list[tuple[str, Field | None]]]:
        """How a record is shown: parents nest, children come as results of their own."""
        flat: list[tuple[str, Callable[[Record], Any]]] = []
        nested: dict[str, list[Path]] = {}
        columns: list[tuple[str, Field | None]] = []
        children: list[tuple[str, Callable[[Record], Any]]] = []
        order: list[str] = []
        for item in query.items:
            if isinstance(item, Query):
                name, get = self._children(item, sight)
                children.append((name, get))
                order.append(name)
                continue
            if not isinstance(item, Path):
                raise NotEmulated("SOQL: an aggregate beside fields that are not grouped")
            field, get, canonical = paths.resolve(sight, item)
            if any(name == ".".join(canonical) for name, _ in columns):
                raise malformed(query.text, item.at, f"duplicate field selected: {item.text}")
            columns.append((".".join(canonical), field))
            if len(canonical) == 1:
                flat.append((canonical[0], get))
                order.append(canonical[0])
            else:
                nested.setdefault(canonical[0], []).append(Path(canonical[1:], item.at))
                order.extend([canonical[0]] if canonical[0] not in order else [])
        getters = (
            dict(flat)
            | dict(children)
            | {name: self._parent(paths, sight, name, inner) for name, inner in nested.items()}
        )
        parts = [(name, getters[name]) for name in order]
        return self._row(sight.sobject.name, parts), columns

    def _row(self, name: str, parts: list[tuple[str, Callable[[Record], Any]]]) -> Show:
        prefix = f"{self._root}/sobjects/{name}/"

        def show(record: Record) -> dict[str, Any]:
            row: dict[str, Any] = {"attributes": {"type": name, "url": prefix + record["Id"]}}
            for key, get in parts:
                row[key] = get(record)
            return row

        return show

    def _parent(self, paths: Paths, sight: Sight, name: str, inner: list[Path]) -> Callable[[Record], Any]:
        relation = self._org.schema.relationship(sight.sobject, name)
        if relation is None:
            raise Refused("INVALID_FIELD", f"Didn't understand relationship '{name}' in field path.")
        targets = relation.told["referenceTo"]
        shows = {}
        for target in targets:
            other = self._org.access.sight(self._user, target)
            if other is None:
                continue
            if len(targets) > 1:
                known = [(path.names[0], self._by_name(paths, relation, path)) for path in inner]
                shows[target] = self._row(other.sobject.name, known)
            else:
                shows[target] = self._shown(Query("", target, 0, list(inner)), paths, other)[0]

        def get(record: Record) -> Any:
            parent = self._org.record(record.get(relation.name))
            kind = self._org.schema.prefixes.get(parent["Id"][:3]) if parent else None
            return shows[kind](parent) if parent and kind in shows else None

        return get

    def _by_name(self, paths: Paths, relation: Field, path: Path) -> Callable[[Record], Any]:
        return paths.beyond(relation, path)[1]

    def _children(self, inner: Query, sight: Sight) -> tuple[str, Callable[[Record], Any]]:
        found = self._org.schema.children(sight.sobject, inner.source)
        if found is None or self._org.access.sight(self._user, found[0].name) is None:
            raise malformed(
                inner.text,
                inner.source_at,
                f"Didn't understand relationship '{inner.source}' in FROM part of query call. If you are attempting"
                f" to use a custom relationship, be"
                " sure to append the '__r' after the custom relationship name. Please reference your WSDL or the"
                " describe call for the appropriate names.",
                "INVALID_TYPE",
            )
        child, field = found
        name, inner.source = inner.source, child.name
        paths = Paths(self._org, self._user, inner)
        below = paths.source()
        show, _ = self._shown(inner, paths, below)
        test = Conditions(paths, below, inner, self._ask).test(inner.where) if inner.where else None
        table = self._org.store.table(child)

        def get(record: Record) -> Any:
            rows = [table.records[each] for each in table.found(field, record["Id"], deleted=self._with_deleted)]
            rows = self._cut(
                inner, self._sorted(inner, paths, below, [each for each in rows if test is None or test(each)])
            )
            return {"totalSize": len(rows), "done": True, "records": [show(each) for each in rows]} if rows else None

        return self._child_name(sight, child, field, name), get

    def _child_name(self, sight: Sight, child: Any, field: Field, asked: str) -> str:
        if field.child_name:
            return field.child_name
        for each in sight.sobject.told["childRelationships"]:
            if each["childSObject"] == child.name and each["field"] == field.name:
                return str(each["relationshipName"])
        return asked

    def _grouped(self, query: Query, paths: Paths, sight: Sight, records: list[Record]) -> Result:
        groups = [paths.resolve(sight, each) for each in query.groups]
        keys = {path.text.lower(): place for place, path in enumerate(query.groups)}
        together: dict[tuple[Any, ...], list[Record]] = {} if groups else {(): records}
        shown: dict[tuple[Any, ...], tuple[Any, ...]] = {(): ()}
        for record in records if groups else ():
            values = tuple(get(record) for _, get, _ in groups)
            key = tuple(folded(field, value) for (field, _, _), value in zip(groups, values, strict=True))
            together.setdefault(key, []).append(record)
            shown.setdefault(key, values)
        makers, columns = self._aggregates(query, paths, sight, keys)
        rows = [
            {"attributes": {"type": "AggregateResult"}} | {name: make(shown[key], members) for name, make in makers}
            for key, members in together.items()
        ]
        for order in reversed(query.orders):
            last = order.path.names[-1]
            rows.sort(key=lambda row: (row.get(last) is not None, row.get(last)), reverse=order.is_descending)
        rows = self._cut(query, rows)
        return Result(len(rows), rows, lambda row: row, columns, query, sight)

    def _aggregates(
        self, query: Query, paths: Paths, sight: Sight, keys: dict[str, int]
    ) -> tuple[list[tuple[str, Maker]], list[tuple[str, Field | None]]]:
        makers: list[tuple[str, Maker]] = []
        columns: list[tuple[str, Field | None]] = []
        unnamed = 0
        for item in query.items:
            if isinstance(item, Path):
                if item.text.lower() not in keys:
                    raise malformed(query.text, item.at, f"Field must be grouped or aggregated: {item.text}")
                place = keys[item.text.lower()]
                field, _, canonical = paths.resolve(sight, item)
                makers.append((canonical[-1], _nth(place)))
                columns.append((".".join(canonical), field))
            elif isinstance(item, Aggregate):
                name = item.alias or f"expr{unnamed}"
                unnamed += item.alias is None
                get = paths.resolve(sight, item.path)[1] if item.path else None
                makers.append((name, _function(item.function, get)))
                columns.append((name, None))
            else:
                raise NotEmulated("SOQL: children of groups")
        return makers, columns


def _nth(place: int) -> Maker:
    return lambda values, members: values[place]


def _function(function: str, get: Callable[[Record], Any] | None) -> Maker:
    return lambda values, members: _aggregate(function, get, members)


def _aggregate(function: str, get: Callable[[Record], Any] | None, members: list[Record]) -> Any:
    values = [value for each in members if get and (value := get(each)) is not None]
    if function == "count":
        return len(values) if get else len(members)
    if function == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if function in ("avg", "sum"):
        return sum(values) / (len(values) if function == "avg" else 1)
    return min(values) if function == "min" else max(values)
