"""Bulk API 2.0: jobs that take a CSV file and give files back.

Sources: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm and
https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import sheets
from .access import Sight
from .batches import keyed
from .calls import Answer, Call, route
from .refusals import Refused, malformed_json, no_such_column, not_found
from .tables import Record
from .transactions import Row, save_all

MOST_BYTES = 150_000_000
CHUNK_ROWS = 200
_OPERATIONS = {"insert": "create", "update": "edit", "upsert": "edit", "delete": "delete", "hardDelete": "delete"}
_DONE = ("JobComplete", "Failed", "Aborted")


@dataclass
class Job:
    """One ingest job."""

    id: str
    told: dict[str, Any]
    state: str = "Open"
    content: bytes | None = None
    polls: int = 0
    header: list[str] = field(default_factory=list)
    succeeded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    error: str | None = None
    batch_count: int = 0

    def shown(self, *, is_whole: bool) -> dict[str, Any]:
        """The job as its resource tells it."""
        told = self.told | {"id": self.id, "state": self.state}
        if is_whole:
            count = len(self.succeeded) + len(self.failed)
            told |= {"jobType": "V2Ingest", "retries": 0, "totalProcessingTime": count,
                "apiActiveProcessingTime": count,
                     "apexProcessingTime": 0, "numberRecordsProcessed": count,
                     "numberRecordsFailed": len(self.failed)}  # fmt: skip
            if self.error:
                told["errorMessage"] = self.error
        return told


def head(call: Call, kind: str, job_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """What every job tells about itself."""
    delimiter, ending = given.get("columnDelimiter", "COMMA"), given.get("lineEnding", "LF")
    if delimiter not in sheets.DELIMITERS or ending not in sheets.ENDINGS or given.get("contentType", "CSV") != "CSV":
        raise Refused("INVALIDJOB", "columnDelimiter, lineEnding or contentType is none of those known")
    told: dict[str, Any] = {"operation": given["operation"], "object": given.get("object"),
        "createdById": call.user.id, "createdDate": call.org.now(),
            "systemModstamp": call.org.now(), "concurrencyMode": "Parallel", "contentType": "CSV",
            "apiVersion": float(call.version),
            "lineEnding": ending, "columnDelimiter": delimiter}  # fmt: skip
    if kind == "ingest":
        told["contentUrl"] = f"services/data/v{call.version}/jobs/ingest/{job_id}/batches"
    return told


def _create(call: Call) -> Answer:
    given = call.json_object()
    strange = set(given) - {
        "object",
        "operation",
        "externalIdFieldName",
        "contentType",
        "lineEnding",
        "columnDelimiter",
        "assignmentRuleId",
    }
    if strange:
        raise malformed_json(f'Unrecognized field "{", ".join(sorted(strange))}"')
    if given.get("operation") not in _OPERATIONS:
        raise Refused("INVALIDJOB", f"Operation '{given.get('operation')}' is not supported")
    sight = call.org.access.sight(call.user, str(given.get("object")))
    if sight is None:
        raise Refused("INVALIDJOB", f"Unable to find object: {given.get('object')}")
    if (given["operation"] == "upsert") != ("externalIdFieldName" in given):
        raise Refused(
            "INVALIDJOB",
            "External ID was "
            + ("blank" if given["operation"] == "upsert" else "given")
            + f" for {sight.sobject.name}. An External ID must be specified for upsert.",
        )
    job_id = call.org.numbering.next("750")
    told = head(call, "ingest", job_id, given)
    if "externalIdFieldName" in given:
        told["externalIdFieldName"] = given["externalIdFieldName"]
    call.org.jobs[job_id] = Job(job_id, told)
    return Answer(body=call.org.jobs[job_id].shown(is_whole=False))


def _job(call: Call) -> Job:
    found = call.org.jobs.get(call.groups[0])
    if not isinstance(found, Job):
        raise not_found()
    return found


def _upload(call: Call) -> Answer:
    job = _job(call)
    if job.state != "Open" or job.content is not None:
        raise Refused("INVALIDJOBSTATE", f"Job data can be uploaded once, while the job is Open; it is {job.state}")
    if len(call.body) > MOST_BYTES:
        raise Refused("REQUEST_ENTITY_TOO_LARGE", "the file exceeds 150 MB", status=413)
    job.content = call.body
    return Answer(201)


def _set_state(call: Call) -> Answer:
    job, wanted = _job(call), call.json_object().get("state")
    if wanted == "UploadComplete" and job.state == "Open" and job.content is not None:
        job.state = "UploadComplete"
    elif wanted == "Aborted" and job.state not in _DONE:
        job.state = "Aborted"
        _leave_unprocessed(job)
    else:
        raise Refused("INVALIDJOBSTATE", f"Invalid job state: {job.state} cannot become {wanted}")
    return Answer(body=job.shown(is_whole=False))


def _leave_unprocessed(job: Job) -> None:
    if job.content is not None:
        try:
            job.header, job.unprocessed = sheets.read(
                job.content, delimiter=job.told["columnDelimiter"], ending=job.told["lineEnding"]
            )
        except sheets.BadSheet as bad:
            job.error = str(bad)


def _show(call: Call) -> Answer:
    job = _job(call)
    if job.state in ("UploadComplete", "InProgress"):
        job.polls += 1
        job.state = "InProgress"
        if job.polls > call.org.settings.bulk_polls:
            run(call, job)
    return Answer(body=job.shown(is_whole=True))


def _all(call: Call) -> Answer:
    jobs = [each for each in call.org.jobs.values() if isinstance(each, Job)]
    return Answer(body={"done": True, "records": [each.shown(is_whole=False) for each in jobs], "nextRecordsUrl": None})


def _remove(call: Call) -> Answer:
    job = _job(call)
    if job.state not in _DONE:
        raise Refused("INVALIDJOBSTATE", f"A job can be deleted when it has ended; it is {job.state}")
    del call.org.jobs[job.id]
    return Answer(204)


def _result(call: Call, header: list[str], rows: list[list[str]]) -> Answer:
    job = _job(call)
    content = sheets.write(
        header + job.header, rows, delimiter=job.told["columnDelimiter"], ending=job.told["lineEnding"]
    )
    return Answer(200, content, content_type="text/csv;charset=UTF-8")


def _succeeded(call: Call) -> Answer:
    return _result(call, ["sf__Id", "sf__Created"], _job(call).succeeded)


def _failed(call: Call) -> Answer:
    return _result(call, ["sf__Id", "sf__Error"], _job(call).failed)


def _unprocessed(call: Call) -> Answer:
    return _result(call, [], _job(call).unprocessed)


def run(call: Call, job: Job) -> None:
    """Do what a job asks for. Batches of 10,000 rows go in parallel, each in transactions of 200."""
    try:
        job.header, lines = sheets.read(
            job.content or b"", delimiter=job.told["columnDelimiter"], ending=job.told["lineEnding"]
        )
        sight = call.saver.sight(job.told["object"])
        _refuse_header(call, job, sight)
    except sheets.BadSheet as bad:
        job.state, job.error = "Failed", str(bad)
        _leave_unprocessed(job)
        return
    size = call.org.settings.bulk_batch_rows
    batches = [lines[start : start + size] for start in range(0, len(lines), size)]
    job.batch_count = len(batches)
    for start in range(0, size, CHUNK_ROWS):
        held: set[str] = set()
        for batch in batches:
            chunk = batch[start : start + CHUNK_ROWS]
            if chunk:
                _run_chunk(call, job, sight, chunk, held=held)
    job.state = "JobComplete"


def _refuse_header(call: Call, job: Job, sight: Sight) -> None:
    """A column that is no field fails the job; so does a missing key."""
    for name in job.header:
        stem = name.partition(".")[0]
        if stem.lower() not in sight.readable and not (
            "." in name and call.org.schema.relationship(sight.sobject, stem)
        ):
            raise sheets.BadSheet(f"InvalidBatch : Field name not found : {name}")
    operation = job.told["operation"]
    needed = "Id" if operation in ("update", "delete", "hardDelete") else job.told.get("externalIdFieldName")
    if needed and needed.lower() not in [each.lower() for each in job.header]:
        raise sheets.BadSheet(f"InvalidBatch : Field name not found : {needed}")


def _run_chunk(call: Call, job: Job, sight: Sight, lines: list[list[str]], *, held: set[str]) -> None:
    """One transaction of a batch. `held` is what other batches lock at the same time."""
    rows = _rows(call, job, sight, [sheets.values(job.header, line) for line in lines])
    if call.org.settings.bulk_chunk_seconds > call.org.locks.wait_seconds:
        _collide(call, rows, held)
    save_all(call, rows, all_or_none=False)
    call.org.locks.let_go(call)
    call.org.store.settle()
    for row, line in zip(rows, lines, strict=True):
        if row.refused:
            known = row.before["Id"] if row.before else ""
            fields = ",".join(row.refused.fields or [])
            job.failed.append([known, f"{row.refused.code}:{row.refused.message}:{fields} --", *line])
        else:
            job.succeeded.append([str(row.id), "true" if row.is_created else "false", *line])


def _collide(call: Call, rows: list[Row], held: set[str]) -> None:
    """Rows whose parents another batch holds for longer than the org waits for a lock."""
    mine: set[str] = set()
    for row in rows:
        if row.refused or row.sight is None:
            continue
        wanted = call.saver.to_lock(row.sight.sobject, row.before or row.given, row.given)
        if wanted & held:
            row.refused = Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", fields=[])
        mine |= wanted
    held |= mine


def _rows(call: Call, job: Job, sight: Sight, told: list[dict[str, Any]]) -> list[Row]:
    operation = job.told["operation"]
    if operation == "insert":
        return [Row(sight, None, each, from_text=True) for each in told]
    if operation == "upsert":
        key = sight.readable.get(job.told["externalIdFieldName"].lower())
        if key is None:
            raise no_such_column(job.told["externalIdFieldName"], sight.sobject.name)
        return keyed(call, sight, key, told, from_text=True)
    return [_by_id(call, sight, each, is_deletion=operation in ("delete", "hardDelete")) for each in told]


def _by_id(call: Call, sight: Sight, told: dict[str, Any], *, is_deletion: bool) -> Row:
    name = next((key for key in told if key.lower() == "id"), "Id")
    row = Row(sight, None, {k: v for k, v in told.items() if k != name}, is_deletion=is_deletion, from_text=True)
    try:
        before: Record = call.saver.existing(sight, told.get(name))
        row.before = before
    except Refused as refused:
        row.refused = refused
    return row


ROUTES = [
    route("POST", "/jobs/ingest", _create),
    route("GET", "/jobs/ingest", _all),
    route("GET", "/jobs/ingest/{}", _show),
    route("PATCH", "/jobs/ingest/{}", _set_state),
    route("DELETE", "/jobs/ingest/{}", _remove),
    route("PUT", "/jobs/ingest/{}/batches", _upload),
    route("GET", "/jobs/ingest/{}/successfulResults", _succeeded),
    route("GET", "/jobs/ingest/{}/failedResults", _failed),
    route("GET", "/jobs/ingest/{}/unprocessedrecords", _unprocessed),
]
