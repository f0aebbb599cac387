"""Many rows as one job: Bulk API 2.0, for 2,000 rows and more.

A job is named before anything is uploaded, so that whoever dies in between asks what became of it and never makes a
second one. Source: Bulk API 2.0 Developer Guide,
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.salesforce import soql
from mailwake.salesforce.faults import CallRefused, RowFault, SalesforceAway
from mailwake.salesforce.records import Row, RowResult
from mailwake.salesforce.wire import Wire

#: rows from which a job costs fewer calls than collections do
WORTH_IT = 2_000
#: of a job's file: 150 MB in base64 are about 100 MB as they are
MOST_BYTES = 90_000_000
_NULL = "#N/A"
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Where a job stands."""

    id: str
    #: Open UploadComplete InProgress JobComplete Failed Aborted
    state: str
    processed: int
    failed: int
    message: str = ""


class Bulk:
    """Jobs that write.

    Args:
        wire: signed in.
        sleep: waits so many seconds.
    """

    def __init__(self, wire: Wire, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wire = wire
        self._sleep = sleep

    def open(self, of: str, operation: str, *, key: str | None = None) -> Job:
        """A new job without rows.

        Args:
            of: the object.
            operation: insert, update, upsert or delete.
            key: external id, of an upsert.
        """
        told = {"object": soql.name(of), "operation": operation, "contentType": "CSV", "lineEnding": "LF"}
        return _job(
            self._wire.call("POST", "jobs/ingest", told=told | ({"externalIdFieldName": key} if key else {})).json()
        )

    def upload(self, job: str, rows: Sequence[Row]) -> None:
        """Give a job all of its rows, and let it begin; once for each job."""
        content = as_csv(rows)
        if len(content) > MOST_BYTES:
            raise SalesforceAway("too_large", f"{len(content)} bytes are more than a job takes")
        self._wire.call("PUT", f"jobs/ingest/{job}/batches", content=content, headers={"Content-Type": "text/csv"})
        self._wire.call("PATCH", f"jobs/ingest/{job}", told={"state": "UploadComplete"})

    def look(self, job: str) -> Job:
        """Where a job stands."""
        return _job(self._wire.call("GET", f"jobs/ingest/{job}").json())

    def wait(self, job: str, *, seconds: float = 1_800.0) -> Job:
        """Where a job stands when it has ended, or after so long."""
        waited, pause = 0.0, 1.0
        while (found := self.look(job)).state not in ENDED and waited < seconds:
            self._sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, 30.0)
        return found

    def abort(self, job: str) -> None:
        """Let a job do no more; one that has ended stays as it is."""
        try:
            self._wire.call("PATCH", f"jobs/ingest/{job}", told={"state": "Aborted"})
        except CallRefused:
            return

    def results(self, job: str, rows: Sequence[Row], key: str) -> list[RowResult]:
        """What became of each row of a job that has ended, in the order of the rows.

        Args:
            job: its id.
            rows: as they were uploaded.
            key: the field by which rows are told apart.
        """
        done = {
            told[key]: RowResult(id=told["sf__Id"] or None, is_created=told["sf__Created"] == "true")
            for told in self._table(job, "successfulResults")
        }
        failed = {
            told[key]: RowResult(id=told["sf__Id"] or None, faults=(_fault(told["sf__Error"]),))
            for told in self._table(job, "failedResults")
        }
        found = failed | done
        left = RowResult(id=None, faults=(RowFault(code="PROCESSING_HALTED", message="the job ended before it"),))
        return [found.get(str(row[key]), left) for row in rows]

    def _table(self, job: str, which: str) -> Iterator[dict[str, str]]:
        body = self._wire.call("GET", f"jobs/ingest/{job}/{which}/", headers={"Accept": "text/csv"}).body
        yield from csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""))


def as_csv(rows: Sequence[Row]) -> bytes:
    """Rows as a job takes them; an empty cell would mean *no change*, so null is written out."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None or value == "":
        return _NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fault(text: str) -> RowFault:
    """``CODE:words:fields --`` as a job's results have it."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    named = tuple(name.strip() for name in fields.removesuffix("--").split(",") if name.strip(" -"))
    return RowFault(code=code.strip()[:100] or "UNKNOWN_EXCEPTION", message=(message or rest)[:1_000], fields=named)


def _job(told: Mapping[str, Any]) -> Job:
    return Job(
        id=told["id"],
        state=told["state"],
        processed=int(told.get("numberRecordsProcessed") or 0),
        failed=int(told.get("numberRecordsFailed") or 0),
        message=str(told.get("errorMessage") or "")[:1_000],
    )
