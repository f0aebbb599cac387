"""Takes back what rested on a verdict that was withdrawn: the task is closed with a note, fields get their values of
before, a member its status; a webhook says so. What people changed since stays as they left it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mailwake.crm.fields import MEMBER, TASK, TASK_KEY, same
from mailwake.events import Micros
from mailwake.rules.rule import Rule
from mailwake.rules.signals import DAY, is_persons
from mailwake.store.crm import Fields, Lane, Wish
from mailwake.store.events import EventStore
from mailwake.store.workflows import Decision, RuleEntry, WorkflowStore
from mailwake.workflows.acting import Means, put_digest, tell

#: verdicts of events longer ago are not looked at again
LOOK_BACK = 30 * DAY
_GROUP = 500
NOTE = "Withdrawn: what this rests on was taken for a machine's click since. Closed by Mailwake."
_DEFAULT_LEAST = 0.8


def withdrawn(store: WorkflowStore, events: EventStore, rules: Mapping[str, Rule], *, now: Micros) -> list[RuleEntry]:
    """Entries of the last time whose event does not count as a person's any more."""
    resting = store.resting(since=Micros(now - LOOK_BACK))
    verdicts = _verdicts(events, {each.rests_on for each in resting if each.rests_on is not None})
    found = []
    for each in resting:
        verdict = verdicts.get(each.rests_on or 0)
        least = rules[each.rule].p_human if each.rule in rules else _DEFAULT_LEAST
        if verdict is not None and not is_persons(*verdict, least=least):
            found.append(each)
    return found


def _verdicts(events: EventStore, ids: Iterable[int]) -> dict[int, tuple[float | None, str | None]]:
    wanted = sorted(ids)
    found: dict[int, tuple[float | None, str | None]] = {}
    for start in range(0, len(wanted), _GROUP):
        part = ",".join(map(str, wanted[start : start + _GROUP]))
        found |= {row["id"]: (row["p_human"], row["klass"]) for row in events.ask("rule_verdicts", events=part)}
    return found


def begin(store: WorkflowStore, entries: Sequence[RuleEntry]) -> None:
    """Write down that these are to be taken back, before anything is."""
    for each in entries:
        if each.decision is Decision.DEFERRED:
            store.change_entry(each.id, decision=Decision.REFUSED, why="withdrawn", actions={}, is_open=False)
            continue
        actions = {kind: {**told, "state": _turned(told["state"])} for kind, told in each.actions.items()}
        is_open = any(told["state"] == "waiting_back" for told in actions.values())
        change: dict[str, Any] = {"decision": Decision.REVERSED, "actions": actions, "is_open": is_open, "next_at": 0}
        store.change_entry(each.id, **change)


def _turned(state: str) -> str:
    """What was begun may have been done."""
    return {"done": "waiting_back", "waiting": "waiting_back"}.get(state, state)


def take_back(means: Means, entry: RuleEntry, *, now: Micros) -> None:
    """Take back what is still to be taken back of an entry."""
    actions = {kind: dict(told) for kind, told in entry.actions.items()}
    for kind, told in actions.items():
        if told["state"] != "waiting_back" or told.get("not_before", 0) > now:
            continue
        actions[kind] = {**told, **_UNDO.get(kind, _stays)(means, entry, told, now)}
        means.save(entry, actions)
    times = [each.get("not_before", 0) for each in actions.values() if each["state"] == "waiting_back"]
    means.save(entry, actions, next_at=min(times, default=0))


def _task(means: Means, entry: RuleEntry, told: Mapping[str, Any], now: Micros) -> Mapping[str, Any]:
    if "digest" in told and entry.owner is not None:
        put_digest(means, entry.owner, entry.day, now=now)
        return {"state": "undone"}
    if "key" not in told:
        return {"state": "dropped"}
    before = str((_wished(means, TASK, told["key"]) or {}).get("Description", ""))
    text = before if before.startswith(NOTE) else f"{NOTE}\n\n{before}".strip()
    fields = {"Status": "Completed", "Description": text}
    means.wish(Wish(object=TASK, key=told["key"], key_field=TASK_KEY, fields=fields, lane=Lane.HOT), now)
    return {"state": "undone"}


def _field(means: Means, entry: RuleEntry, told: Mapping[str, Any], now: Micros) -> Mapping[str, Any]:
    if "record" not in told:
        return {"state": "dropped"}
    name, record = told["name"], means.crm.people_of([told["record"]]).get(told["record"])
    stands = record.held.get(name) if record is not None else None
    if not same(told["value"], stands) and not same(told["before"], stands):
        return {"state": "kept", "why": "somebody changed it since"}
    means.wish(
        Wish(
            object=told["object"], key=told["record"], fields={name: told["before"]}, lane=Lane.HOT,
            handle=entry.handle,
        ),
        now,
    )  # fmt: skip
    return {"state": "undone"}


def _member(means: Means, entry: RuleEntry, told: Mapping[str, Any], now: Micros) -> Mapping[str, Any]:
    if "key" not in told:
        return {"state": "dropped"}
    member = means.crm.members_of([told["person"]], told["campaign"]).get(told["person"])
    if member is not None and member.status not in (told["status"], told["before"]):
        return {"state": "kept", "why": "somebody changed it since"}
    back = told["before"] or means.ladder.sent
    means.wish(
        Wish(
            object=MEMBER, key=told["key"], key_field=told["by"], fields={"Status": back}, lane=Lane.HOT,
            parent=told["campaign"], handle=entry.handle,
        ),
        now,
    )  # fmt: skip
    return {"state": "undone"}


def _webhook(means: Means, entry: RuleEntry, told: Mapping[str, Any], now: Micros) -> Mapping[str, Any]:
    endpoint = means.endpoints().get(str(told.get("endpoint", "")))
    if endpoint is None or not told.get("begun"):
        return {"state": "dropped"}
    found = tell(means, endpoint, entry, now, kind="workflow.withdrawn", tries=int(told.get("back_tries", 0)))
    return {**found, "back_tries": found.get("tries", 0)}


def _stays(means: Means, entry: RuleEntry, told: Mapping[str, Any], now: Micros) -> Mapping[str, Any]:  # noqa: ARG001 - as the others
    """A platform event that was published and a mail that was sent cannot be taken back."""
    return {"state": "kept", "why": "it cannot be taken back"}


def _wished(means: Means, of: str, key: str) -> Fields | None:
    """What a record was given last or is still to be given."""
    written = means.crm.written([(of, key)]).get((of, key))
    waiting = next((each.fields for each in means.crm.waiting(objects=[of]) if each.key == key), None)
    return None if written is None and waiting is None else {**(written.fields if written else {}), **(waiting or {})}


_Undo = Callable[[Means, RuleEntry, Mapping[str, Any], Micros], Mapping[str, Any]]
_UNDO: Mapping[str, _Undo] = {"task": _task, "field": _field, "campaign_member": _member, "webhook": _webhook}
