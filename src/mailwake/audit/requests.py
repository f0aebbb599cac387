"""Which requests are acts: those that change something, and those that show people or hand out data.

One row per route; a test compares them with the routes there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from mailwake.audit.words import RECIPIENT, Action

#: what was asked: the query, the form or object sent, and the parts of the path, the latter before the former
Asked = Mapping[str, str]


class Told(NamedTuple):
    """What a request does, and to what; a recipient by whatever address was given."""

    action: Action
    kind: str
    name: str


#: None: asked like that it is no act after all
Choose = Callable[[Asked], Told | None]


@dataclass(frozen=True)
class Act:
    """One route."""

    method: str
    #: as the route has it
    path: str
    choose: Choose

    def parts(self, method: str, path: str) -> dict[str, str] | None:
        """The named parts of a path; None: it is another route's."""
        found = _pattern(self.path).fullmatch(path) if method == self.method else None
        return None if found is None else found.groupdict()


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _does(action: Action, kind: str, field: str = "") -> Choose:
    return lambda asked: Told(action, kind, asked.get(field, "") if field else "")


def _by_act(kind: str, field: str, acts: Mapping[str, Action]) -> Choose:
    """Where a form says what to do."""
    return lambda asked: Told(acts.get(asked.get("act", ""), Action.REQUEST_MADE), kind, asked.get(field, ""))


def _of_suppressions(asked: Asked) -> Told | None:
    if "incident" in asked:
        return _by_act("incident", "incident", _INCIDENTS)(asked)
    return _by_act(RECIPIENT, "address", _ADDRESSES)(asked)


def _of_unsubscribes(asked: Asked) -> Told:
    for field, action in _UNSUBSCRIBES.items():
        if field in asked:
            return Told(action, "unsubscribe", asked[field])
    return Told(Action.REQUEST_MADE, "unsubscribe", "")


def _of_experiment(asked: Asked) -> Told:
    action = Action.EXPERIMENT_DELETED if asked.get("act") == "delete" else Action.EXPERIMENT_DECIDED
    return Told(action, "experiment", asked.get("name", ""))


def _of_person_or_list(kind: str) -> Choose:
    """A page that shows everybody, or one person where an address is asked for."""

    def choose(asked: Asked) -> Told:
        address = asked.get("address", "")
        return Told(Action.PERSON_READ, RECIPIENT, address) if address else Told(Action.PEOPLE_LISTED, kind, "")

    return choose


def _of_person_or_nobody(asked: Asked) -> Told | None:
    """A page that shows counts, or one person where an address is asked for."""
    address = asked.get("address", "")
    return Told(Action.PERSON_READ, RECIPIENT, address) if address else None


_INCIDENTS = {
    "undo": Action.INCIDENT_UNDONE,
    "apply": Action.INCIDENT_APPLIED,
    "close": Action.INCIDENT_CLOSED,
}
_ADDRESSES = {"add": Action.SUPPRESSION_ADDED, "lift": Action.SUPPRESSION_LIFTED}
_UNSUBSCRIBES = {"restore": Action.UNSUBSCRIBE_RESTORED, "apply": Action.UNSUBSCRIBE_APPLIED}
_GOALS = {"add": Action.GOAL_ADDED, "delete": Action.GOAL_DELETED}
_SEGMENTS = {"add": Action.SEGMENT_ADDED, "delete": Action.SEGMENT_DELETED}
_LINKS = {"replace": Action.LINK_REPLACED, "stop": Action.LINK_STOPPED, "restore": Action.LINK_RESTORED}
_READ, _LISTED, _EXPORT = Action.PERSON_READ, Action.PEOPLE_LISTED, Action.EXPORT_MADE

CHANGES = (
    Act("POST", "/suppressions", _of_suppressions),
    Act("POST", "/api/suppressions", _does(Action.SUPPRESSION_ADDED, RECIPIENT, "address")),
    Act("POST", "/api/suppressions/lift", _does(Action.SUPPRESSION_LIFTED, RECIPIENT, "address")),
    Act("POST", "/unsubscribes", _of_unsubscribes),
    Act("POST", "/goals", _by_act("goal", "name", _GOALS)),
    Act("POST", "/api/goals", _does(Action.GOAL_ADDED, "goal", "name")),
    Act("POST", "/api/goals/delete", _does(Action.GOAL_DELETED, "goal", "name")),
    Act("POST", "/experiments/{name}", _of_experiment),
    Act("POST", "/api/experiments/delete", _does(Action.EXPERIMENT_DELETED, "experiment", "name")),
    Act("POST", "/api/experiments/{name}/decide", _does(Action.EXPERIMENT_DECIDED, "experiment", "name")),
    Act("POST", "/segments", _by_act("segment", "name", _SEGMENTS)),
    Act("POST", "/api/segments", _does(Action.SEGMENT_ADDED, "segment", "name")),
    Act("POST", "/api/segments/delete", _does(Action.SEGMENT_DELETED, "segment", "name")),
    Act("POST", "/links", _by_act("link", "href", _LINKS)),
    Act("POST", "/api/links", _by_act("link", "href", _LINKS)),
    Act("PUT", "/api/consent/{address}", _does(Action.CONSENT_SET, RECIPIENT, "address")),
    Act("POST", "/api/consent", _does(Action.CONSENTS_IMPORTED, "consents")),
    Act("POST", "/api/score/use", _does(Action.SCORE_CHOSEN, "model", "name")),
    Act("POST", "/api/privacy/retention", _does(Action.OUTDATED_REMOVED, "retention")),
    Act("POST", "/api/preflight", _does(Action.REQUEST_MADE, "preflight")),
    Act("POST", "/preflight", _does(Action.REQUEST_MADE, "preflight")),
    Act("POST", "/api/hygiene", _does(_LISTED, "hygiene")),
    Act("POST", "/zone", lambda _: None),  # of a browser alone
    # These two change nothing, but what they answer names people.
    Act("POST", "/api/score/movers", _does(_LISTED, "scores")),
    Act("POST", "/api/score/learn", _does(_LISTED, "scores")),
)
READS = (
    Act("GET", "/people", _does(_LISTED, "people")),
    Act("GET", "/person", _of_person_or_nobody),
    Act("GET", "/api/person", _does(_READ, RECIPIENT, "address")),
    Act("GET", "/api/person/hour", _does(_READ, RECIPIENT, "address")),
    Act("GET", "/campaigns/{campaign}/deliveries/{delivery}", _does(_READ, "delivery", "delivery")),
    Act("GET", "/api/campaigns/{campaign}/deliveries/{delivery}", _does(_READ, "delivery", "delivery")),
    Act("GET", "/api/suppressions/{address}", _does(_READ, RECIPIENT, "address")),
    Act("GET", "/api/workflows/why", _does(_READ, RECIPIENT, "address")),
    Act("GET", "/consent", _of_person_or_nobody),
    Act("GET", "/consent/proof", _does(_EXPORT, RECIPIENT, "address")),
    Act("GET", "/api/consent/{address}", _does(_READ, RECIPIENT, "address")),
    Act("GET", "/api/consent/{address}/proof", _does(_EXPORT, RECIPIENT, "address")),
    Act("GET", "/api/hygiene", _does(_LISTED, "hygiene")),
    Act("GET", "/suppressions", _of_person_or_list("suppressions")),
    Act("GET", "/api/suppressions", _does(_LISTED, "suppressions")),
    Act("GET", "/unsubscribes", _does(_LISTED, "unsubscribes")),
    Act("GET", "/workflows", _of_person_or_list("workflows")),
    Act("GET", "/api/workflows", _of_person_or_list("workflows")),
    Act("GET", "/api/workflows/{rule}/test", _does(_LISTED, "workflow", "rule")),
    Act("GET", "/campaigns/{campaign}/people", _does(_LISTED, "campaign", "campaign")),
    Act("GET", "/api/campaigns/{campaign}/people", _does(_LISTED, "campaign", "campaign")),
    Act("GET", "/campaigns/{campaign}/links/{number}/people", _does(_LISTED, "campaign", "campaign")),
    Act("GET", "/api/campaigns/{campaign}/links/{number}/people", _does(_LISTED, "campaign", "campaign")),
    Act("GET", "/api/campaigns/{campaign}/events", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/campaigns/{campaign}/people.csv", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/campaigns/{campaign}/links/{number}/people.csv", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/segments/{name}", _does(_LISTED, "segment", "name")),
    Act("GET", "/segments/{name}/people.csv", _does(_EXPORT, "segment", "name")),
    Act("GET", "/api/segments/{name}/people", _does(_LISTED, "segment", "name")),
    Act("GET", "/api/segments/{name}/handles", _does(_LISTED, "segment", "name")),
    Act("GET", "/segments/{name}/salesforce.csv", _does(_EXPORT, "segment", "name")),
    Act("GET", "/campaigns/{campaign}/salesforce.csv", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/campaigns/{campaign}/links/{number}/salesforce.csv", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/api/query/handles", _does(_LISTED, "query")),
    Act("GET", "/query/people", _does(_LISTED, "query")),
    Act("GET", "/query/people.csv", _does(_EXPORT, "query")),
    Act("GET", "/query/salesforce.csv", _does(_EXPORT, "query")),
    Act("GET", "/calls", _does(_LISTED, "calls")),
    Act("GET", "/api/calls", _does(_LISTED, "calls")),
    Act("GET", "/calls.csv", _does(_EXPORT, "calls")),
    Act("GET", "/api/export/{table}", _does(_EXPORT, "table", "table")),
    Act("GET", "/api/pack", _does(_EXPORT, "campaign", "campaign")),
    Act("GET", "/api/snapshot", _does(_EXPORT, "installation")),
    Act("GET", "/api/audit.jsonl", _does(Action.AUDIT_EXPORTED, "audit")),
)


def act_of(method: str, path: str) -> tuple[Choose, dict[str, str]] | None:
    """What a request is, and the named parts of its path; None: it is no act.

    What may change something and stands in no row is an act all the same.
    """
    wanted = "GET" if method == "HEAD" else method
    for act in CHANGES + READS:
        if (parts := act.parts(wanted, path)) is not None:
            return act.choose, parts
    if wanted in ("GET", "OPTIONS"):
        return None
    # no more of the path than says what it is about: the rest may name a person
    return _does(Action.REQUEST_MADE, "path", "path"), {"path": "/".join(path.split("/")[:3])}
