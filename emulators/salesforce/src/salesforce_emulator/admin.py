"""`/__emu/*`: what a test orders and inspects. No product code may ever call it.

Every order is JSON by POST to its own path; an order that cannot be understood is a 400, never passed over.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from . import derived, listviews, people, rules, snapshot, written
from .access import PermissionSet
from .calls import Answer
from .clock import read_datetime, stamp
from .ids import long_id
from .mutations import MUTATIONS
from .org import App, Org, Settings
from .refusals import Refused
from .soql import parse

Order = Callable[[Org, dict[str, Any]], Any]


def answer(org: Org, method: str, path: str, *, params: dict[str, str], body: bytes) -> Answer:
    """The answer to an order or a question."""
    name = path.removeprefix("/__emu/").rstrip("/")
    try:
        if method == "GET" and name == "snapshot":
            told = snapshot.taken(
                org, with_stamps=params.get("stamps") != "false", with_deleted=params.get("deleted") == "true"
            )
            return Answer(200, snapshot.canonical(told))
        if method == "GET" and name in _QUESTIONS:
            return Answer(body=_QUESTIONS[name](org))
        if method == "POST" and name in _ORDERS:
            return Answer(body=_ORDERS[name](org, json.loads(body or b"{}")) or {})
    except Refused as refused:
        return Answer(refused.status, refused.as_call())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Answer(400, {"error": f"{type(error).__name__}: {error}"})
    return Answer(
        404, {"error": f"no such order: {method} {name}", "orders": sorted(_ORDERS), "questions": sorted(_QUESTIONS)}
    )


def _app(org: Org, told: dict[str, Any]) -> None:
    """Register an app, or change one: a certificate of null revokes it."""
    given = told | {"approved": set(told.get("approved", ()))}
    org.apps[told["client_id"]] = App(**given)


def _user(org: Org, told: dict[str, Any]) -> dict[str, str]:
    """Add a user, or change one: `is_active`, and permission sets that it gets."""
    user = org.users.get(told["username"]) or org.add_user(
        told["username"], told.get("name", told["username"].split("@")[0]), is_admin=told.get("is_admin", False)
    )
    user.is_active = told.get("is_active", user.is_active)
    sobject = org.sobject("User")
    org.store.put(sobject, user.id, org.store.table(sobject).records[user.id] | {"IsActive": user.is_active})
    org.store.settle()
    if "permission_sets" in told:
        org.access.assigned[user.id] = set(told["permission_sets"])
    org.access.changed()
    return {"id": user.id}


def _access(org: Org, told: dict[str, Any]) -> None:
    """Hide, show or write-protect `Object.Field` for a user; forbid whole objects; switch features of the org."""
    unknown = set(told) - {"user", "hide", "show", "readonly", "forbid", "features"}
    if unknown:
        raise ValueError(f"unknown words: {unknown}")
    org.access.features |= told.get("features", {})
    if "user" in told:
        user = org.users[told["user"]]
        for word, held in (
            ("hide", user.hidden),
            ("show", user.shown),
            ("readonly", user.readonly),
            ("forbid", user.forbidden),
        ):
            held |= {each.lower() for each in told.get(word, ())}
        user.hidden -= user.shown & {each.lower() for each in told.get("show", ())}
    org.access.changed()


def _schema(org: Org, told: dict[str, Any]) -> dict[str, str]:
    """Add an object or fields to one, visible to all, in the form of `written.py`."""
    sobject = org.schema.get(told["object"])
    if sobject is None:
        made = written.blank_object(
            told["object"], told.get("prefix") or org.schema.custom_prefix(), told.get("label", told["object"])
        )
        made["fields"] = written.system_fields() + [
            written.read_field(line)
            for line in ("OwnerId; reference; CUDV; User; rel=Owner", "Name; string; CUNMV; 80")
        ]
        sobject = org.schema.add_object(made, is_open=True)
    for line in told.get("fields", ()):
        sobject.add(written.read_field(line), is_open=True)
    org.schema.generation += 1
    org.store.refresh([sobject])
    for field in sobject.fields.values():
        for record in org.store.table(sobject).records.values():
            record.setdefault(field.name, False if field.type == "boolean" else field.told["defaultValue"])
    return {"object": sobject.name, "prefix": sobject.prefix}


def _permission_set(org: Org, told: dict[str, Any]) -> dict[str, str]:
    """Make a permission set as a deployment would."""
    made = PermissionSet(told["name"], {k.lower(): v for k, v in told.get("fields", {}).items()})
    made.objects = {k.lower(): set(v) for k, v in told.get("objects", {}).items()}
    org.access.permission_sets[made.name] = made
    org.access.changed()
    record_id = org.insert("PermissionSet", {"Name": made.name, "Label": made.name})
    org.store.settle()
    return {"id": record_id}


def _records(org: Org, told: dict[str, Any]) -> dict[str, list[str]]:
    """Put records in past all rules; people have the name that a save would give them."""
    for each in told["records"]:
        derived.put_name(told["object"], each)
    ids = [org.insert(told["object"], each) for each in told["records"]]
    org.store.settle()
    return {"ids": ids}


def _change_as_user(org: Org, told: dict[str, Any]) -> None:
    """Change a record as somebody in the browser does: past field-level security, with a new modification stamp."""
    sobject = org.schema.of_id(told["id"])
    record = org.record(long_id(told["id"]))
    if sobject is None or record is None:
        raise KeyError(told["id"])
    stamps = {"SystemModstamp": org.now(), "LastModifiedDate": org.now(), "LastModifiedById": org.admin.id}
    org.store.put(sobject, record["Id"], record | told["values"] | stamps)
    org.store.settle()


def _clock(org: Org, told: dict[str, Any]) -> dict[str, str]:
    """Freeze at a time, thaw, advance by seconds, or follow the machine again."""
    if "freeze" in told:
        org.clock.freeze(read_datetime(told["freeze"]) if told["freeze"] else None)
    if told.get("thaw"):
        org.clock.thaw()
    if told.get("follow"):
        org.clock.follow()
    org.clock.advance(told.get("advance", 0))
    return {"now": stamp(org.clock.now())}


def _settings(org: Org, told: dict[str, Any]) -> dict[str, Any]:
    """Change settings of the running org."""
    known = {each.name for each in fields(Settings)} - {"has_person_accounts"}
    if set(told) - known:
        raise ValueError(f"unknown settings: {sorted(set(told) - known)}")
    if unknown := set(told.get("mutations", ())) - set(MUTATIONS):
        raise ValueError(f"unknown mutations: {unknown}")
    for name, value in told.items():
        setattr(org.settings, name, value)
    return asdict(org.settings)


def _usage(org: Org, told: dict[str, Any]) -> dict[str, int]:
    """Count requests that others made."""
    org.usage.add(told["add"])
    return {"used": org.usage.used()}


def _fault(org: Org, told: dict[str, Any]) -> None:
    org.faults.add(told)


def _rule(org: Org, told: dict[str, Any]) -> None:
    org.rules.append(rules.checked(told))


def _duplicate_rule(org: Org, told: dict[str, Any]) -> None:
    if told["action"] not in ("block", "alert"):
        raise ValueError("action is block or alert")
    org.duplicate_rules.append(told)


def _clear(org: Org, told: dict[str, Any]) -> None:
    """Forget what was ordered: faults, rules, duplicate rules, unknown requests, kept requests."""
    for name in told.get("what", ("faults", "rules", "duplicate_rules", "unknown", "requests")):
        held: dict[str, list[Any] | deque[Any]] = {
            "faults": org.faults.orders,
            "rules": org.rules,
            "duplicate_rules": org.duplicate_rules,
            "unknown": org.unknown,
            "requests": org.requests,
        }
        held[name].clear()


def _lock(org: Org, told: dict[str, Any]) -> None:
    """Another transaction holds rows for a while; or how long the org waits for locks."""
    org.locks.wait_seconds = told.get("wait_seconds", org.locks.wait_seconds)
    org.locks.hold_outside([long_id(each) or each for each in told.get("ids", ())], told.get("seconds", 60.0))


def _sessions(org: Org, told: dict[str, Any]) -> None:
    """End all sessions."""
    org.sessions.clear()


def _list_view(org: Org, told: dict[str, Any]) -> dict[str, str]:
    """Put a list view in: its object, its name, and the query behind it."""
    view = listviews.checked({**told, "id": org.numbering.next("00B")}, parse(told["query"], org.clock.now()))
    org.list_views.append(view)
    return {"id": view["id"]}


def _convert(org: Org, told: dict[str, Any]) -> dict[str, str]:
    return people.convert_lead(org, told["lead"], contact_id=told.get("contact"), account_id=told.get("account"))


def _merge(org: Org, told: dict[str, Any]) -> None:
    people.merge(org, told["winner"], told["losers"], override=told.get("override"))


def _undelete(org: Org, told: dict[str, Any]) -> None:
    people.undelete(org, told["id"])


def _empty_bin(org: Org, told: dict[str, Any]) -> None:
    """What is in the recycle bin is gone for good, as it is after fifteen days."""
    for table in org.store.tables.values():
        for gone in [each["Id"] for each in table.records.values() if each["IsDeleted"]]:
            table.put(gone, None)


_ORDERS: dict[str, Order] = {
    "app": _app, "user": _user, "access": _access, "schema": _schema, "permission_set": _permission_set,
    "records": _records, "change": _change_as_user, "clock": _clock, "settings": _settings, "usage": _usage,
    "fault": _fault, "rule": _rule, "duplicate_rule": _duplicate_rule, "clear": _clear, "lock": _lock,
    "sessions": _sessions, "list_view": _list_view, "convert": _convert, "merge": _merge, "undelete": _undelete,
    "empty_bin": _empty_bin,
}  # fmt: skip

_QUESTIONS: dict[str, Callable[[Org], Any]] = {
    "unknown": lambda org: list(org.unknown),
    "requests": lambda org: list(org.requests),
    "events": lambda org: list(org.events),
    "clock": lambda org: {"now": stamp(org.clock.now())},
    "org": lambda org: {
        "id": org.id,
        "users": {name: each.id for name, each in org.users.items()},
        "used": org.usage.used(),
    },
    "permission_sets": lambda org: {name: org.access.as_row(name) for name in org.access.permission_sets},
    "jobs": lambda org: [each.shown(is_whole=True) for each in org.jobs.values()],
    "mutations": lambda org: MUTATIONS,
}
