"""What the org allows and what is left of it.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-limits.html
"""

from __future__ import annotations

from .calls import Answer, Call, route

#: Kilobytes of a record; what is not named takes 2. Source: https://help.salesforce.com/articleView?id=000193871
KILOBYTES = {"CampaignMember": 1, "Campaign": 8, "EmailMessage": 4}
_FREE = {
    "User",
    "Profile",
    "Group",
    "Organization",
    "RecordType",
    "PermissionSet",
    "PermissionSetAssignment",
    "CampaignMemberStatus",
}


def storage_kilobytes(call: Call) -> int:
    """What the records take."""
    tables = call.org.store.tables.items()
    return sum(KILOBYTES.get(name, 2) * sum(1 for _ in table.live()) for name, table in tables if name not in _FREE)


def _limits(call: Call) -> Answer:
    settings, used = call.org.settings, call.org.usage.used()
    most_kilobytes = 10 * 1024 * 1024 if settings.max_records is None else settings.max_records * 2
    batches = sum(job.batch_count for job in call.org.jobs.values())
    allowances = {
        "DailyApiRequests": (settings.daily_requests, settings.daily_requests - used),
        "DailyBulkApiBatches": (15_000, 15_000 - batches),
        "DailyBulkV2QueryJobs": (10_000, 10_000),
        "DailyBulkV2QueryFileStorageMB": (976_562, 976_562),
        "DataStorageMB": (most_kilobytes // 1024, max(0, (most_kilobytes - storage_kilobytes(call)) // 1024)),
        "FileStorageMB": (10_240, 10_240),
        "HourlyPublishedPlatformEvents": (250_000, 250_000 - len(call.org.events)),
        "DailyStandardVolumePlatformEvents": (25_000, 25_000),
        "DailyDeliveredPlatformEvents": (50_000, 50_000),
        "SingleEmail": (5_000, 5_000),
        "MassEmail": (5_000, 5_000),
    }
    return Answer(body={name: {"Max": most, "Remaining": left} for name, (most, left) in allowances.items()})


def _record_count(call: Call) -> Answer:
    """How many records there are, roughly: the org counts now and then, and leaves out what it never counted."""
    names = [each for each in call.params.get("sObjects", "").split(",") if each] or list(call.org.store.tables)
    counted = []
    for name in names:
        sight = call.org.access.sight(call.user, name)
        table = call.org.store.tables.get(sight.sobject.name) if sight else None
        if table and (count := sum(1 for _ in table.live())):
            counted.append({"count": count, "name": table.sobject.name})
    return Answer(body={"sObjects": counted})


def _resources(call: Call) -> Answer:
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "metadata", "consent")
    return Answer(
        body={name: f"{call.root}/{name}" for name in names}
        | {"identity": f"{call.base}/id/{call.org.id}/{call.user.id}"}
    )


ROUTES = [
    route("GET", "/", _resources),
    route("GET", "/limits", _limits),
    route("GET", "/limits/recordCount", _record_count, "sObjects"),
]
