"""Records, read and written in groups; each row has its own outcome.

Sources: REST API Developer Guide, "Use sObject Collections",
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm;
"Query", https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from mailwake.salesforce import soql
from mailwake.salesforce.describe import ObjectShape, shape_of
from mailwake.salesforce.faults import CallRefused, RowFault, SalesforceAway, faults_in
from mailwake.salesforce.limits import Allowance, allowances
from mailwake.salesforce.wire import Wire

#: rows of one collection call
GROUP = 200
#: rows that one call gives back
READ_GROUP = 2_000
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one row."""

    id: str | None
    is_created: bool = False
    #: none: it was written
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A record that is gone."""

    id: str
    deleted_at: datetime


class Org:
    """The records of an org.

    Args:
        wire: signed in.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def objects(self) -> frozenset[str]:
        """Names of the objects that this user knows of."""
        told = self.wire.call("GET", "sobjects/").json()
        return frozenset(row["name"] for row in told["sobjects"])

    def shape(self, of: str) -> ObjectShape | None:
        """What this user may see and write of an object; None: it knows of no such object."""
        try:
            return shape_of(self.wire.call("GET", f"sobjects/{soql.name(of)}/describe").json())
        except CallRefused as fault:
            if fault.status == 404:
                return None
            raise

    def limits(self) -> dict[str, Allowance]:
        """What is left of every allowance, by name."""
        return allowances(self.wire.call("GET", "limits").json())

    def query(self, text: str, *, deleted_too: bool = False) -> Iterator[dict[str, Any]]:
        """The rows of a query, page by page; nested records stay nested, without ``attributes``."""
        path = f"{'queryAll' if deleted_too else 'query'}/?q={quote(text, safe='')}"
        while True:
            told = self.wire.call("GET", path).json()
            if not isinstance(told, dict) or not isinstance(told.get("records"), list):
                raise SalesforceAway("cut_short", "an answer to a query without records")
            for row in told["records"]:
                yield _plain(row)
            if told.get("done", True):
                return
            path = _next_page(told)

    def read(self, of: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Some fields of some records, by id; records that are gone are left out."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), READ_GROUP):
            told = {"ids": list(ids[start : start + READ_GROUP]), "fields": list(fields)}
            rows = self.wire.call("POST", f"composite/sobjects/{soql.name(of)}", told=told).json()
            found |= {row["Id"]: _plain(row) for row in rows or () if row}
        return found

    def create(self, of: str, rows: Sequence[Row]) -> list[RowResult]:
        """New records, in groups, one result per row in their order."""
        return self._in_groups("POST", "composite/sobjects", of, rows)

    def change(self, of: str, rows: Sequence[Row]) -> list[RowResult]:
        """Change records; each row has its ``Id``."""
        return self._in_groups("PATCH", "composite/sobjects", of, rows)

    def put(self, of: str, key: str, rows: Sequence[Row]) -> list[RowResult]:
        """Create or change by an external id that each row has."""
        return self._in_groups("PATCH", f"composite/sobjects/{soql.name(of)}/{soql.name(key)}", of, rows)

    def delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Delete records, by id."""
        found: list[RowResult] = []
        for start in range(0, len(ids), GROUP):
            group = ids[start : start + GROUP]
            told = self.wire.call("DELETE", f"composite/sobjects?ids={','.join(group)}&allOrNone=false").json()
            found += _results(told, len(group))
        return found

    def deleted(self, of: str, since: datetime, until: datetime) -> tuple[list[Deleted], datetime]:
        """What was deleted between two times at most 30 days apart, and up to when the org is sure of it."""
        start, end = (each.astimezone(UTC).isoformat(timespec="seconds") for each in (since, until))
        path = f"sobjects/{soql.name(of)}/deleted/?start={quote(start)}&end={quote(end)}"
        told = self.wire.call("GET", path).json()
        rows = [Deleted(id=row["id"], deleted_at=as_time(row["deletedDate"])) for row in told["deletedRecords"]]
        return rows, as_time(told["latestDateCovered"])

    def _in_groups(self, method: str, path: str, of: str, rows: Sequence[Row]) -> list[RowResult]:
        found: list[RowResult] = []
        for start in range(0, len(rows), GROUP):
            group = rows[start : start + GROUP]
            told = {"allOrNone": False, "records": [{"attributes": {"type": of}, **row} for row in group]}
            found += _results(self.wire.call(method, path, told=told).json(), len(group))
        return found


def _results(told: object, count: int) -> list[RowResult]:
    if not isinstance(told, list) or len(told) != count or not all(isinstance(row, dict) for row in told):
        raise SalesforceAway("cut_short", f"an answer to {count} rows that does not speak of each")
    return [_result(row) for row in told]


def _result(told: Row) -> RowResult:
    faults = () if told.get("success") is True else faults_in(told.get("errors"))
    if told.get("success") is not True and not faults:
        faults = (RowFault(code="UNKNOWN_EXCEPTION", message="refused without a reason"),)
    return RowResult(id=told.get("id"), is_created=told.get("created") is True, faults=faults)


def _next_page(told: Mapping[str, Any]) -> str:
    path = told.get("nextRecordsUrl")
    if not isinstance(path, str) or not path.startswith("/services/data/"):
        raise SalesforceAway("cut_short", "a query with more rows, and no way to them")
    return path


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: _plain(value) if isinstance(value, dict) else value for name, value in row.items() if name != "attributes"
    }


def as_time(text: str) -> datetime:
    """A time as Salesforce writes it: 2026-11-26T09:30:00.000+0000."""
    return datetime.fromisoformat(text.replace("+0000", "+00:00"))


def as_micros(text: str | None) -> int | None:
    """The same in microseconds since 1970."""
    if text is None:
        return None
    apart = as_time(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds
