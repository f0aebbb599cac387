"""Takes out of the org what we put there about one person: fields emptied, rows of copies deleted, tasks made nameless.

Their record itself is the org's, and whoever keeps it has to erase it. That they want no mail stays in it, for that is
what they asked for; that they are in a campaign of the org is the org's too. It works from ids alone, so that it can be
tried again when the address is long gone here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailwake.crm.fields import OPT_OUT_SOURCE, PEOPLE, ROW, STAMPS, SUMS, TASK, named
from mailwake.salesforce import soql
from mailwake.salesforce.faults import Cure
from mailwake.salesforce.records import Org, RowResult

#: what a task of ours says when nobody may be told any more
NAMELESS = "Erased at the request of the person"


@dataclass(kw_only=True)
class Forgotten:
    """What came of it."""

    #: Contacts, Leads and person accounts with fields of ours emptied
    people: int = 0
    #: rows of single copies that were deleted
    rows: int = 0
    #: tasks of ours that name nobody any more
    tasks: int = 0
    #: records that the org did not let us change: object, id, why
    refused: list[tuple[str, str, str]] = field(default_factory=list)


def forget(org: Org, places: Mapping[str, Any]) -> Forgotten:
    """Take out of the org what we put there.

    Args:
        org: where.
        places: as `RightsStore.org_places` tells them: ``people`` and ``rows``.
    """
    done = Forgotten()
    ids = {kind: [str(each) for of, each in places["people"] if of == kind] for kind in PEOPLE}
    for kind, theirs in ids.items():
        done.people += _empty(org, kind, theirs, done)
    rows = {str(record) for of, _, record in places["rows"] if of == ROW and record}
    done.rows = _delete(org, rows | _rows_of(org, ids), done)
    done.tasks = _make_nameless(org, [str(record) for of, _, record in places["rows"] if of == TASK and record], done)
    return done


def _empty(org: Org, kind: str, ids: Sequence[str], done: Forgotten) -> int:
    shape = org.shape(kind) if ids else None
    if shape is None:
        return 0
    own = [named(each, kind) for each in (*SUMS, *STAMPS, OPT_OUT_SOURCE)]
    fields = [each for each in own if each in shape.fields and shape.fields[each].is_updateable]
    current = org.read(kind, ids, ["Id", *fields])
    changes = []
    for record, held in current.items():
        full = [each for each in fields if held.get(each) not in (None, "", False)]
        if full:
            bare = {each: False if shape.fields[each].type == "boolean" else None for each in full}
            changes.append({"Id": record, **bare})
    return _count(kind, changes, org.change(kind, changes), done)


def _rows_of(org: Org, ids: Mapping[str, Sequence[str]]) -> set[str]:
    """Rows of copies that point at their records, those too that we forgot to have made."""
    if org.shape(ROW) is None:
        return set()
    found: set[str] = set()
    for name, theirs in (("Contact__c", ids["Contact"]), ("Lead__c", ids["Lead"])):
        for part in soql.each_in(name, theirs):
            found.update(row["Id"] for row in org.query(soql.select(["Id"], ROW, part)))
    return found


def _delete(org: Org, records: Iterable[str], done: Forgotten) -> int:
    wanted = sorted(records)
    return _count(ROW, [{"Id": each} for each in wanted], org.delete(wanted), done)


def _make_nameless(org: Org, records: Sequence[str], done: Forgotten) -> int:
    there = org.read(TASK, records, ["Id"]) if records else {}
    changes = [{"Id": each, "Subject": NAMELESS, "Description": None, "WhoId": None} for each in there]
    return _count(TASK, changes, org.change(TASK, changes), done)


def _count(of: str, rows: Sequence[Mapping[str, Any]], results: Sequence[RowResult], done: Forgotten) -> int:
    good = 0
    for row, result in zip(rows, results, strict=True):
        if result.faults and result.faults[0].cure is not Cure.MOVED:
            done.refused.append((of, str(row["Id"]), f"{result.faults[0].code}: {result.faults[0].message}"))
        else:
            good += 1
    return good
