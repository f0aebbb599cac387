"""Many rows as one bulk job, whose id is kept before anything is uploaded.

Who comes back after a crash asks what became of that job. One that got all its rows is waited for, so that it is not
still at work beside the next; one that did not is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailwake.salesforce.bulk import Bulk
from mailwake.salesforce.faults import CallRefused, SalesforceAway
from mailwake.salesforce.records import RowResult
from mailwake.store.crm import CrmStore


def send_as_job(bulk: Bulk, store: CrmStore, of: tuple[str, str], rows: Sequence[dict[str, Any]]) -> list[RowResult]:
    """Write rows as a job and wait for it.

    Args:
        bulk: where to.
        store: where the job's id is kept meanwhile.
        of: the object and the field that its rows are told apart by.
        rows: each with that field.
    """
    name, by = of
    finish_former(bulk, store)
    job = bulk.open(name, "update") if by == "Id" else bulk.open(name, "upsert", key=by)
    store.put_bulk_job(job.id)
    bulk.upload(job.id, rows)
    ended = bulk.wait(job.id)
    if ended.state != "JobComplete":
        store.put_bulk_job(None)
        problem = f"bulk job {job.id} ended as {ended.state}: {ended.message}"
        raise SalesforceAway(f"bulk_{ended.state.lower()}", problem)
    found = bulk.results(job.id, rows, by)
    store.put_bulk_job(None)
    return found


def finish_former(bulk: Bulk, store: CrmStore) -> None:
    """Wait for the job that somebody before us left behind, if there is one."""
    job = store.bulk_job()
    if job is None:
        return
    try:
        found = bulk.look(job)
        if found.state == "Open":
            bulk.abort(job)
        elif bulk.wait(job).state in ("UploadComplete", "InProgress"):
            raise SalesforceAway("bulk_running", f"bulk job {job} is still at work")
    except CallRefused as fault:
        if fault.status != 404:
            raise
    store.put_bulk_job(None)
