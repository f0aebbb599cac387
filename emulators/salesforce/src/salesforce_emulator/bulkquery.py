"""Bulk API 2.0 queries: a job that runs a query, and its result in pages of CSV.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import sheets
from .bulk import head
from .calls import Answer, Call, route
from .refusals import Refused, malformed_json, not_found
from .soql import Query, parse
from .soql.run import Result, Runner


@dataclass
class QueryJob:
    """One query job; a batch of its own for each that was made, as the allowance counts."""

    id: str
    told: dict[str, Any]
    query: Query
    state: str = "UploadComplete"
    polls: int = 0
    result: Result | None = None
    batch_count: int = 0

    def shown(self, *, is_whole: bool) -> dict[str, Any]:
        """The job as its resource tells it."""
        told = self.told | {"id": self.id, "state": self.state}
        if is_whole:
            count = self.result.total if self.result else 0
            told |= {"jobType": "V2Query", "numberRecordsProcessed": count, "retries": 0, "totalProcessingTime": count}
        return told


def _create(call: Call) -> Answer:
    given = call.json_object()
    strange = set(given) - {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
    if strange or given.get("operation") not in ("query", "queryAll"):
        raise malformed_json(f'Unrecognized field "{", ".join(sorted(strange)) or "operation"}"')
    query = parse(given.get("query", ""), call.org.clock.now())
    if query.is_aggregate or query.is_count or query.offset or any(isinstance(each, Query) for each in query.items):
        raise Refused("API_ERROR", "GROUP BY, OFFSET, aggregates and nested queries are not supported in Bulk queries")
    job_id = call.org.numbering.next("750")
    told = head(call, "query", job_id, given | {"object": query.source})
    Runner(call.org, call.user, root=call.root).run(query)
    call.org.jobs[job_id] = QueryJob(job_id, told, query)
    return Answer(body=call.org.jobs[job_id].shown(is_whole=False))


def _job(call: Call) -> QueryJob:
    found = call.org.jobs.get(call.groups[0])
    if not isinstance(found, QueryJob):
        raise not_found()
    return found


def _show(call: Call) -> Answer:
    job = _job(call)
    if job.state in ("UploadComplete", "InProgress"):
        job.polls += 1
        job.state = "InProgress"
        if job.polls > call.org.settings.bulk_polls:
            runner = Runner(call.org, call.user, root=call.root, with_deleted=job.told["operation"] == "queryAll")
            job.result, job.state = runner.run(job.query), "JobComplete"
    return Answer(body=job.shown(is_whole=True))


def _results(call: Call) -> Answer:
    job = _job(call)
    if job.result is None:
        raise Refused("INVALIDJOBSTATE", f"The job is {job.state}; results are there when it is JobComplete")
    start, most = int(call.params.get("locator") or 0), int(call.params.get("maxRecords") or 50_000)
    rows = job.result.rows[start : start + most]
    names = [name for name, _ in job.result.columns]
    shown = (job.result.show(each) for each in rows)
    content = sheets.write(
        names,
        ([_value(row, name) for name in names] for row in shown),
        delimiter=job.told["columnDelimiter"],
        ending=job.told["lineEnding"],
    )
    more = str(start + most) if start + most < len(job.result.rows) else "null"
    headers = {"Sforce-Locator": more, "Sforce-NumberOfRecords": str(len(rows))}
    return Answer(200, content, headers, "text/csv;charset=UTF-8")


def _value(row: dict[str, Any], path: str) -> str:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return sheets.cell(value)


def _abort(call: Call) -> Answer:
    job = _job(call)
    if job.state in ("JobComplete", "Aborted") or call.json_object().get("state") != "Aborted":
        raise Refused("INVALIDJOBSTATE", f"Invalid job state: {job.state}")
    job.state = "Aborted"
    return Answer(body=job.shown(is_whole=False))


def _remove(call: Call) -> Answer:
    job = _job(call)
    if job.state not in ("JobComplete", "Aborted", "Failed"):
        raise Refused("INVALIDJOBSTATE", f"A job can be deleted when it has ended; it is {job.state}")
    del call.org.jobs[job.id]
    return Answer(204)


ROUTES = [
    route("POST", "/jobs/query", _create),
    route("GET", "/jobs/query/{}", _show),
    route("PATCH", "/jobs/query/{}", _abort),
    route("DELETE", "/jobs/query/{}", _remove),
    route("GET", "/jobs/query/{}/results", _results, "locator", "maxRecords"),
]
