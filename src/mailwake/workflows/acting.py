"""Does what a rule decided, one action after the other, each so that doing it twice is doing it once.

Records of the org are wished for under keys made of rule, person and event; what has to be known to take something back
is written down before it is done. Whoever dies in between does the same again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.crm.fields import HOT_SIGNAL, HOT_SIGNAL_KEY, MEMBER, MEMBER_KEY, TASK, TASK_KEY, when
from mailwake.crm.links import Names
from mailwake.crm.membership import Ladder
from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros
from mailwake.notifying import posting
from mailwake.notifying.courier import WAITS
from mailwake.notifying.endpoints import Endpoint
from mailwake.notifying.posting import Answer
from mailwake.rules import wording
from mailwake.rules.people import Person
from mailwake.rules.rule import Rule
from mailwake.store.crm import CrmPerson, CrmStore, Lane, Wish
from mailwake.store.state import StateStore
from mailwake.store.workflows import RuleEntry, WorkflowStore
from mailwake.workflows.telling import body_of, headers_of

RULE_FIELD = "Engagement_Rule__c"


@dataclass(frozen=True, kw_only=True)
class Means:
    """What actions are done with."""

    state: StateStore
    crm: CrmStore
    store: WorkflowStore
    names: Names
    ladder: Ladder
    zone: ZoneInfo
    #: by name; their secrets are read when something is told, for a page shows nothing of them
    endpoints: Callable[[], Mapping[str, Endpoint]] = field(default=dict)
    post: Callable[..., Answer] = posting.post
    #: 0-1
    chance: Callable[[], float] = random.random

    def save(self, entry: RuleEntry, actions: Mapping[str, Any], *, next_at: int = 0) -> None:
        """Write down how far the actions of an entry got."""
        self.store.change_entry(entry.id, actions=dict(actions), is_open=waits(actions), next_at=next_at)

    def wish(self, wish: Wish, now: Micros) -> None:
        """Keep what a record of the org is to have."""
        self.crm.wish([wish], now=now)

    def is_new_digest(self, owner: str, day: str) -> bool:  # noqa: ARG002 - see `gathering`
        """Whether an owner's digest of a day has to be made anew."""
        return True


def waits(actions: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether something is still to be done."""
    return any(str(each["state"]).startswith("waiting") for each in actions.values())


def act(means: Means, rule: Rule | None, entry: RuleEntry, person: Person, *, now: Micros) -> None:
    """Do what is still to be done for an entry.

    Args:
        means: what it is done with.
        rule: as it is now; None: its file is gone, and nothing more is done for it.
        entry: that was entered.
        person: whom it is about.
        now: the time.
    """
    actions = {kind: dict(told) for kind, told in entry.actions.items()}
    for kind, told in actions.items():
        is_mailed = kind == "letter" and rule is not None and rule.mail  # see `mailing`
        if told["state"] != "waiting" or is_mailed or told.get("not_before", 0) > now:
            continue
        if rule is None or getattr(rule, kind, None) is None:
            actions[kind] = {**told, "state": "dropped", "why": "the rule is gone, or does not do it any more"}
            continue

        def keep(change: Mapping[str, Any], kind: str = kind, told: Mapping[str, Any] = told) -> None:
            actions[kind] = {**told, **change}
            means.save(entry, actions)

        found = _DO[kind](_Doing(means, rule, entry, person, now, keep))
        actions[kind] = {**actions[kind], **found}
        if kind == "webhook":  # it has left
            means.save(entry, actions)
    times = [each.get("not_before", 0) for each in actions.values() if each["state"] == "waiting"]
    next_at = min(times, default=0)
    means.save(entry, actions, next_at=next_at)


@dataclass(frozen=True, slots=True)
class _Doing:
    means: Means
    rule: Rule
    entry: RuleEntry
    person: Person
    now: Micros
    #: writes down what has to be known to take it back, before it is done
    keep: Callable[[Mapping[str, Any]], None]

    @property
    def told(self) -> Mapping[str, Any]:
        """What was written down before."""
        found: Mapping[str, Any] = self.entry.actions
        return found

    def key(self, record: str) -> str:
        """The name of what is made for a record."""
        return self.means.names.task(self.rule.name, record, self.entry.event)


def _task(doing: _Doing) -> Mapping[str, Any]:
    rule, entry, person = doing.rule, doing.entry, doing.person
    if person.record is None or person.owner is None or rule.task is None:
        return _skipped("the person is not in the org any more, or nobody owns their record")
    if entry.why == "owner_full":
        doing.keep({"digest": entry.day})
        if doing.means.is_new_digest(person.owner, entry.day):
            put_digest(doing.means, person.owner, entry.day, now=doing.now)
        return {"state": "done", "digest": entry.day}
    told = wording.told_of(rule, entry.facts, name=person.record.name, zone=person.zone)
    key = doing.key(person.record.id)
    fields = {
        "Subject": wording.filled(rule.task.subject, told),
        "Description": wording.description(rule, entry.facts, name=person.record.name, zone=person.zone),
        "OwnerId": person.owner,
        "WhoId": _contact_of(person.record),
        "ActivityDate": _later(entry.day, rule.task.due_days),
        "Status": "Not Started",
        "Priority": rule.task.priority,
        RULE_FIELD: rule.name,
    }
    wish = Wish(
        object=TASK, key=key, key_field=TASK_KEY, fields=fields, lane=Lane.HOT, parent=person.record.id,
        handle=entry.handle,
    )  # fmt: skip
    doing.keep({"key": key})
    doing.means.wish(wish, doing.now)
    return {"state": "done", "key": key}


def put_digest(means: Means, owner: str, day: str, *, now: Micros) -> None:
    """One task for all that was too much for an owner that day; the same one grows."""
    key = means.names.task("digest", owner, day)
    entries = means.store.digest(owner, day)
    handles = {each.handle for each in entries}
    keys = means.crm.keys_of(handles)
    at = means.crm.people_at(keys.values())
    lines = []
    for each in entries:
        records = at.get(keys.get(each.handle, ""), [])
        name = wording.one_line(records[0].name) if records else "somebody who is not in the org any more"
        link = wording.one_line(str(each.facts.get("label") or ""))
        gone = "withdrawn: " if each.decision.value == "reversed" else ""
        lines.append(f"{gone}{name}: {each.rule}" + (f", {link}" if link else ""))
    fields = {
        "Subject": f"{len(lines)} more people to look at today",
        "Description": wording.digest(lines),
        "OwnerId": owner,
        "ActivityDate": day,
        "Status": "Not Started",
        "Priority": "Normal",
        RULE_FIELD: "digest",
    }
    means.wish(Wish(object=TASK, key=key, key_field=TASK_KEY, fields=fields, lane=Lane.HOT), now)


def _field(doing: _Doing) -> Mapping[str, Any]:
    record, told = doing.person.record, doing.rule.field
    if record is None or told is None:
        return _skipped("the person is not in the org any more")
    of, _, name = told.name.partition(".")
    if of != record.kind:
        return _skipped(f"the person is a {record.kind}, the field is of a {of}")
    if name not in record.held:
        return _skipped(f"{told.name} was not read from the org yet, so that nobody could take it back")
    before = doing.told["field"].get("before", record.held[name])
    known = {"record": record.id, "object": of, "name": name, "value": told.value, "before": before}
    doing.keep(known)
    wish = Wish(
        object=of, key=record.id, fields={name: told.value}, lane=Lane.HOT, parent=record.account or "",
        handle=doing.entry.handle,
    )  # fmt: skip
    doing.means.wish(wish, doing.now)
    return {"state": "done", **known}


def _campaign_member(doing: _Doing) -> Mapping[str, Any]:
    record, told = doing.person.record, doing.rule.campaign_member
    if record is None or told is None:
        return _skipped("the person is not in the org any more")
    who = _contact_of(record)
    if who is None:
        return _skipped("nobody knows the contact of this person account")
    key = doing.means.names.member(told.campaign, who)
    member = doing.means.crm.members_of([who], told.campaign).get(who)
    before = doing.told["campaign_member"].get("before", member.status if member else "")
    if before and not _goes_forward(doing.means.ladder, before, told.status):
        return _skipped(f"the status is {before} already; it only goes forward")
    known = {"campaign": told.campaign, "person": who, "status": told.status, "before": before}
    if member is None:
        fields = {"Status": told.status, "CampaignId": told.campaign}
        fields |= {"LeadId" if record.kind == "Lead" else "ContactId": who}
        place, by = key, MEMBER_KEY
    else:
        fields = {"Status": told.status, MEMBER_KEY: key}
        place, by = member.id, "Id"
    known |= {"key": place, "by": by}
    doing.keep(known)
    wish = Wish(
        object=MEMBER, key=place, key_field=by, fields=fields, lane=Lane.HOT, parent=told.campaign,
        handle=doing.entry.handle,
    )  # fmt: skip
    doing.means.wish(wish, doing.now)
    return {"state": "done", **known}


def _platform_event(doing: _Doing) -> Mapping[str, Any]:
    record, told, facts = doing.person.record, doing.rule.platform_event, doing.entry.facts
    if record is None or told is None:
        return _skipped("the person is not in the org any more")
    key = doing.key(record.id)
    fields = {
        "Person_Id__c": record.id,
        "Person_Type__c": record.kind,
        "Signal__c": told.signal or doing.rule.name,
        "Message_Key__c": doing.means.names.copy(facts["delivery"]) if facts.get("delivery") else None,
        "Link_Label__c": wording.one_line(str(facts["label"]))[:255] if facts.get("label") else None,
        "Score__c": facts.get("score"),
        "Occurred_At__c": when(doing.entry.at),
    }
    wish = Wish(
        object=HOT_SIGNAL, key=key, key_field=HOT_SIGNAL_KEY, fields=fields, lane=Lane.HOT, handle=doing.entry.handle
    )
    doing.means.wish(wish, doing.now)
    return {"state": "done", "key": key}


def _webhook(doing: _Doing) -> Mapping[str, Any]:
    told = doing.rule.webhook
    endpoint = doing.means.endpoints().get(told.endpoint) if told else None
    if endpoint is None:
        return _skipped("there is no such [notify.NAME] any more")
    before = doing.told["webhook"]
    doing.keep({"endpoint": endpoint.name, "begun": True})
    return tell(doing.means, endpoint, doing.entry, doing.now, kind="workflow.entered", tries=before.get("tries", 0))


def tell(
    means: Means, endpoint: Endpoint, entry: RuleEntry, now: Micros, *, kind: str, tries: int
) -> Mapping[str, Any]:
    """Tell an endpoint once; what it does not take is tried again for three days, as other webhooks are."""
    address = means.state.addresses([entry.handle]).get(entry.handle)
    message, body = body_of(entry, address, kind=kind)
    waits = "waiting" if kind == "workflow.entered" else "waiting_back"
    try:
        answer = means.post(
            endpoint.url, headers_of(message, body, endpoint, now), body, allow_private=endpoint.allow_private
        )
        why, after = f"it answered {answer.status}", answer.retry_after
    except Unavailable as fault:
        answer, why, after = None, str(fault), None
    if answer is not None and answer.is_taken:
        return {"state": "done" if waits == "waiting" else "undone", "endpoint": endpoint.name, "id": message}
    if tries >= len(WAITS):
        return {"state": "failed", "endpoint": endpoint.name, "why": why, "tries": tries + 1}
    wait = max(WAITS[tries], after or 0) * (0.8 + 0.4 * means.chance())
    return {
        "state": waits,
        "endpoint": endpoint.name,
        "why": why,
        "tries": tries + 1,
        "not_before": now + round(wait * SECOND),
    }


def _goes_forward(ladder: Ladder, current: str, wanted: str) -> bool:
    """Statuses that are none of the ladder's are other people's, and stay; wanted ones come last."""
    steps = ladder.steps
    if current == wanted:
        return True
    return current in steps and (wanted not in steps or steps.index(wanted) > steps.index(current))


def _contact_of(record: CrmPerson) -> str | None:
    """Whom tasks and members point at: of a person account, the contact behind it."""
    return record.account if record.kind == "Account" else record.id


def _skipped(why: str) -> Mapping[str, Any]:
    return {"state": "skipped", "why": why}


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


_DO: Mapping[str, Callable[[_Doing], Mapping[str, Any]]] = {
    "task": _task, "field": _field, "campaign_member": _campaign_member, "platform_event": _platform_event,
    "webhook": _webhook,
}  # fmt: skip
