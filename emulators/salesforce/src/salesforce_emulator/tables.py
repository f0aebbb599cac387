"""The records in memory: a table per object, indices over what is looked up, a journal that takes writes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from .schema import Field, SObject

Record = dict[str, Any]


def index_value(field: Field, value: Any) -> Any:
    """A value as its index holds it: text without case, unless the field minds it."""
    if isinstance(value, str) and field.type != "reference" and not field.told["caseSensitive"]:
        return value.casefold()
    return value


class Table:
    """The records of one object, deleted ones among them, in the order they were made."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        self.records: dict[str, Record] = {}
        self._indices: dict[str, dict[Any, dict[str, None]]] = {}
        self._fields: list[Field] = []
        self.refresh()

    def refresh(self) -> None:
        """Take the object's present fields; index what is new."""
        known = set(self._indices)
        self._fields = self.sobject.indexed
        for field in self._fields:
            if field.name not in known:
                index = self._indices[field.name] = defaultdict(dict)
                for record_id, record in self.records.items():
                    if (value := record.get(field.name)) is not None:
                        index[index_value(field, value)][record_id] = None

    def put(self, record_id: str, record: Record | None) -> Record | None:
        """Set or remove a record whole; what was there before."""
        before = self.records.get(record_id)
        for field in self._fields:
            old = before.get(field.name) if before else None
            new = record.get(field.name) if record else None
            if old != new:
                self._reindex(field, record_id, old, new)
        if record is None:
            del self.records[record_id]
        else:
            self.records[record_id] = record
        return before

    def _reindex(self, field: Field, record_id: str, old: Any, new: Any) -> None:
        index = self._indices[field.name]
        if old is not None:
            key = index_value(field, old)
            index[key].pop(record_id, None)
            if not index[key]:
                del index[key]
        if new is not None:
            index[index_value(field, new)][record_id] = None

    def found(self, field: Field, value: Any, *, deleted: bool = False) -> list[str]:
        """The ids that hold a value, of an indexed field, oldest first."""
        ids = self._indices[field.name].get(index_value(field, value), {}) if value is not None else {}
        return [each for each in ids if deleted or not self.records[each]["IsDeleted"]]

    def has_index(self, field: Field) -> bool:
        """Whether `found` may be asked."""
        return field.name in self._indices

    def live(self) -> Iterator[Record]:
        """All records that nobody deleted."""
        return (record for record in self.records.values() if not record["IsDeleted"])


class Store:
    """All tables, and the journal of what the present call changed."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self._journal: list[tuple[str, str, Record | None]] = []

    def table(self, sobject: SObject) -> Table:
        """The table of an object."""
        if sobject.name not in self.tables:
            self.tables[sobject.name] = Table(sobject)
        return self.tables[sobject.name]

    def refresh(self, sobjects: Iterable[SObject]) -> None:
        """After the schema changed."""
        for each in sobjects:
            self.table(each).refresh()

    def put(self, sobject: SObject, record_id: str, record: Record | None) -> None:
        """Write a record whole, so that it can be taken back."""
        before = self.table(sobject).put(record_id, record)
        self._journal.append((sobject.name, record_id, before))

    def mark(self) -> int:
        """A place in the journal to go back to."""
        return len(self._journal)

    def written_since(self, mark: int) -> list[tuple[str, str, Record | None]]:
        """Object, id and the record before, of each write since a mark."""
        return self._journal[mark:]

    def back_to(self, mark: int) -> None:
        """Take back every write since a mark. Ids given meanwhile stay given."""
        while len(self._journal) > mark:
            name, record_id, before = self._journal.pop()
            self.tables[name].put(record_id, before)

    def settle(self) -> None:
        """Nothing before this can be taken back."""
        self._journal.clear()

    def count(self) -> int:
        """Records that take room: all that are not deleted."""
        return sum(1 for table in self.tables.values() for _ in table.live())
