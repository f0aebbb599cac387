"""What a push would do, before a byte is written: records and fields, calls and kilobytes, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.closings.reading import CALLS as CALLS_OF_GOAL
from mailwake.crm.fields import (
    MEMBER,
    OPT_OUT_SOURCE,
    PEOPLE,
    ROW,
    ROW_FIELDS,
    ROW_KEY,
    STAMPS,
    SUMS,
    TASK,
    differing,
    named,
)
from mailwake.pushing.sending import JOB_ROWS, Shapes
from mailwake.salesforce.bulk import WORTH_IT
from mailwake.salesforce.limits import Allowance
from mailwake.salesforce.records import GROUP, READ_GROUP
from mailwake.store.crm import CrmStore, Wish

#: kilobytes that one record takes of the org's data storage. Source: Salesforce, "Salesforce record size overview",
#: https://help.salesforce.com/s/articleView?id=000383664
KILOBYTES = {ROW: 2.0, MEMBER: 1.0, TASK: 2.0}
#: calls of a bulk job: made, given its rows, closed, looked at (about ten times), two tables of results
_CALLS_OF_JOB = 15
#: questions of one reading: three kinds of people and who of them is gone, individuals, users, members
_CALLS_OF_READING = 9
_SAMPLES = 20
_DAYS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One record and what would stand in it."""

    object: str
    key: str
    is_new: bool
    #: field to what stands there and what is wished
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectPlan:
    """What would happen to one object."""

    object: str
    new: int
    changed: int
    calls: int
    #: field to how many records get another value
    fields: Mapping[str, int]
    kilobytes: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a push would do."""

    objects: tuple[ObjectPlan, ...]
    samples: tuple[Change, ...]
    #: of this push
    calls: int
    #: of 30 days with as much as in the last 30, reading included
    calls_per_month: int
    #: new records of 30 days
    kilobytes_per_month: float
    limits: Mapping[str, Allowance]
    #: what is missing in the org, and what to do about it
    missing: tuple[str, ...]
    dead: int


def plan(
    store: CrmStore, shapes: Shapes, limits: Mapping[str, Allowance], *, poll_minutes: float, goals: int = 0
) -> Plan:
    """What waits, compared with what the org holds; asks the org nothing but shapes and limits.

    Args:
        store: what waits.
        shapes: what may be seen and written.
        limits: of the org.
        poll_minutes: how often it is read.
        goals: that its records reach.
    """
    waiting = store.waiting()
    by_object: dict[str, list[Wish]] = {}
    for wish in waiting:
        by_object.setdefault(wish.object, []).append(wish)
    changes = {of: _changes(store, of, wishes) for of, wishes in by_object.items()}
    objects = tuple(_object_plan(of, rows) for of, rows in sorted(changes.items()))
    calls = sum(each.calls for each in objects)
    readings = round(_DAYS * 1_440 / poll_minutes) * (_CALLS_OF_READING + goals * CALLS_OF_GOAL)
    counts = store.counts()
    return Plan(
        objects=objects,
        samples=tuple(row for rows in changes.values() for row in rows[:_SAMPLES])[:_SAMPLES],
        calls=calls,
        calls_per_month=readings + _DAYS * calls_of(sum(store.count_people().values())),
        kilobytes_per_month=sum(each.kilobytes for each in objects),
        limits=limits,
        missing=tuple(missing(shapes)),
        dead=sum(count for (_, _, state), count in counts.items() if state == "dead"),
    )


def calls_of(rows: int, *, is_keyed: bool = False) -> int:
    """Calls that so many rows of one object take; keyed ones are looked up before."""
    look = (rows + READ_GROUP - 1) // READ_GROUP if is_keyed else 0
    if rows >= WORTH_IT:
        return look * 6 + (rows + JOB_ROWS - 1) // JOB_ROWS * _CALLS_OF_JOB
    groups = (rows + GROUP - 1) // GROUP
    return groups * (2 if is_keyed else 1)


def _changes(store: CrmStore, of: str, wishes: Sequence[Wish]) -> list[Change]:
    people = store.people_of(each.key for each in wishes) if of in PEOPLE else {}
    written = store.written((of, each.key) for each in wishes)
    found = []
    for wish in wishes:
        held: Mapping[str, Any] = people[wish.key].held if wish.key in people else {}
        told = written.get((of, wish.key))
        held = {**(told.fields if told else {}), **held}
        is_new = wish.key_field != "Id" and told is None
        fields = {name: (held.get(name), value) for name, value in differing(wish.fields, held).items()}
        if fields or is_new:
            found.append(Change(object=of, key=wish.key, is_new=is_new, fields=fields))
    return found


def _object_plan(of: str, rows: Sequence[Change]) -> ObjectPlan:
    new = sum(row.is_new for row in rows)
    fields = Counter(name for row in rows for name in row.fields)
    return ObjectPlan(
        object=of,
        new=new,
        changed=len(rows) - new,
        calls=calls_of(len(rows), is_keyed=of not in PEOPLE),
        fields=dict(fields.most_common()),
        kilobytes=new * KILOBYTES.get(of, 0.0),
    )


def missing(shapes: Shapes) -> list[str]:
    """What the package or a permission would bring, in words."""
    told = []
    for kind in ("Contact", "Lead"):
        told += _missing_fields(shapes, kind, (*SUMS, *STAMPS, OPT_OUT_SOURCE, "HasOptedOutOfEmail"))
    account = shapes("Account")
    if account is not None and "IsPersonAccount" in account.fields:
        told += _missing_fields(shapes, "Account", [named(name, "Account") for name in SUMS])
    told += _missing_fields(shapes, ROW, (ROW_KEY, *ROW_FIELDS))
    return told


def _missing_fields(shapes: Shapes, of: str, names: Sequence[str]) -> list[str]:
    shape = shapes(of)
    if shape is None:
        return [f"{of}: there is no such object for this user; deploy the package and assign Engagement_Integration"]
    gone = [name for name in names if name not in shape.fields]
    closed = [name for name in names if name in shape.fields and not shape.fields[name].is_updateable]
    closed = [name for name in closed if not shape.fields[name].is_createable]
    words = []
    if gone:
        words.append(f"{of}: hidden or not there: {', '.join(gone)}; assign Engagement_Integration to the user")
    if closed:
        words.append(f"{of}: may not be written: {', '.join(closed)}; give the user edit access")
    return words
