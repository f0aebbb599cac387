"""The API's description of itself: made of the types that answers are made of, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mailwake.apidoc import shapes
from mailwake.atlas.answers import Atlas
from mailwake.audit.answers import AuditAnswer
from mailwake.audit.checking import Checked
from mailwake.comparing.changes import Changes
from mailwake.comparing.compare import Comparison
from mailwake.comparing.pace import CampaignPace
from mailwake.comparing.timing import Timing
from mailwake.consents.proof import ConsentProof
from mailwake.consents.standing import ConsentAnswer
from mailwake.consents.telling import Contacts, Told
from mailwake.deliverability.answers import Deliverability, OfCampaign
from mailwake.deliverability.returned import Returned
from mailwake.earnings.answers import CampaignConversions, GoalReport
from mailwake.experiments.answers import AllAnswer, ExperimentAnswer, PlanAnswer
from mailwake.exports.events import EventsPage
from mailwake.exports.formats import FORMATS
from mailwake.hygiene.answers import Hygiene
from mailwake.hygiene.inactive import Inactive
from mailwake.insight.answers import CampaignReport, Overview, PeoplePage
from mailwake.insight.click_map import ClickMap
from mailwake.insight.dialects import Definitions
from mailwake.insight.reconcile import Reconciliation
from mailwake.native.report import NativeReport
from mailwake.people.delivery import DeliveryCard
from mailwake.people.on_link import Followers
from mailwake.postmaster.answers import Postmaster
from mailwake.preflight.asking import BOXES, TEXTS
from mailwake.preflight.telling import Answer as PreflightAnswer
from mailwake.pushing.standing import Standing
from mailwake.retention.plan import Plan
from mailwake.scoring.calls import Calls
from mailwake.scoring.force import Used
from mailwake.scoring.learning import Learned
from mailwake.scoring.movers import Movers
from mailwake.segments.answers import QueryAnswer, SegmentAnswer, SunsetAnswer
from mailwake.watchdog.answers import LinkAnswer, LinksAnswer
from mailwake.workflows.answers import RulesAnswer, TrialAnswer, WhyAnswer

_CAMPAIGN = "/api/campaigns/{campaign}"
#: route to the type of its answer
ANSWERS: Mapping[str, Any] = {
    "get /health": shapes.HealthAnswer,
    "get /api/status": shapes.StatusAnswer,
    "get /api/campaigns": Overview,
    f"get {_CAMPAIGN}": CampaignReport,
    f"get {_CAMPAIGN}/reconcile": Reconciliation,
    f"get {_CAMPAIGN}/definitions": Definitions,
    f"get {_CAMPAIGN}/pace": CampaignPace,
    f"get {_CAMPAIGN}/people": PeoplePage,
    f"get {_CAMPAIGN}/events": EventsPage,
    f"get {_CAMPAIGN}/deliveries/{{delivery}}": DeliveryCard,
    f"get {_CAMPAIGN}/timing": Timing,
    f"get {_CAMPAIGN}/bounces": Returned,
    f"get {_CAMPAIGN}/map": ClickMap,
    "get /api/person": shapes.ScoredPerson,
    "get /api/calls": Calls,
    "post /api/score/movers": Movers,
    "post /api/score/learn": Learned,
    "post /api/score/use": Used,
    "get /api/compare": Comparison,
    "get /api/timing": Timing,
    "get /api/bounces": Returned,
    "get /api/domains": Atlas,
    "get /api/suppressions": shapes.SuppressionsPage,
    "post /api/suppressions": shapes.Added,
    "post /api/suppressions/lift": shapes.LiftedAnswer,
    "post /api/hygiene": Hygiene,
    "get /api/suppressions/{address}": shapes.AddressAnswer,
    "get /api/consent/{address}": ConsentAnswer,
    "put /api/consent/{address}": shapes.ConsentWritten,
    "get /api/consent/{address}/proof": ConsentProof,
    "post /api/consent": shapes.ConsentsWritten,
    "get /api/incidents": shapes.Incidents,
    "get /api/segments": shapes.SegmentsAnswer,
    "post /api/segments": SegmentAnswer,
    "post /api/segments/delete": shapes.Deleted,
    "get /api/segments/{name}": SegmentAnswer,
    "get /api/segments/{name}/people": shapes.SegmentPeople,
    "get /api/segments/{name}/handles": shapes.Handles,
    "get /api/query": QueryAnswer,
    "get /api/query/handles": shapes.Handles,
    "get /api/query/next": shapes.Suggestions,
    "get /api/sunset": SunsetAnswer,
    "get /api/experiments": AllAnswer,
    "get /api/experiments/{name}": ExperimentAnswer,
    "post /api/experiments/{name}/decide": ExperimentAnswer,
    "post /api/experiments/delete": shapes.Deleted,
    "get /api/experiment-plan": PlanAnswer,
    "get /api/notifications": shapes.NotificationsAnswer,
    "get /api/goals": shapes.GoalsAnswer,
    "post /api/goals": GoalReport,
    "post /api/goals/delete": shapes.Deleted,
    "get /api/goals/{name}": GoalReport,
    f"get {_CAMPAIGN}/conversions": CampaignConversions,
    "get /api/changes": Changes,
    "get /api/person/hour": shapes.HourAnswer,
    "get /api/deliverability": Deliverability,
    "get /api/postmaster": Postmaster,
    "post /api/preflight": PreflightAnswer,
    "get /api/salesforce": Standing,
    "get /api/salesforce/reconcile": NativeReport,
    "get /api/links": LinksAnswer,
    "get /api/link": LinkAnswer,
    "post /api/links": LinkAnswer,
    "get /api/workflows": RulesAnswer,
    "get /api/workflows/why": WhyAnswer,
    "get /api/audit": AuditAnswer,
    "get /api/audit/check": Checked,
    "get /api/workflows/{rule}/test": TrialAnswer,
    f"get {_CAMPAIGN}/deliverability": OfCampaign,
    f"get {_CAMPAIGN}/links/{{number}}/people": Followers,
    "get /api/privacy/retention": Plan,
    "post /api/privacy/retention": Plan,
    "get /api/hygiene": Inactive,
}
#: route to the members of the object that it takes; the first so many of them have to be there
BODIES: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "post /api/suppressions": (2, ("address", "why", "reason", "stream", "campaign", "by")),
    "post /api/hygiene": (1, ("people", "stream")),
    "post /api/suppressions/lift": (2, ("address", "why", "reason", "by")),
    "post /api/segments": (2, ("name", "query", "kind", "by")),
    "post /api/segments/delete": (1, ("name",)),
    "post /api/experiments/{name}/decide": (2, ("variant", "why", "by")),
    "post /api/experiments/delete": (1, ("name",)),
    "post /api/goals": (1, ("name", "window_days", "value", "currency", "by")),
    "post /api/goals/delete": (1, ("name",)),
    "post /api/preflight": (0, ("message", "base64", *BOXES, *TEXTS)),
    "post /api/score/movers": (0, ("model", "name")),
    "post /api/score/learn": (1, ("leads",)),
    "post /api/score/use": (1, ("name",)),
}
#: route to the type of the object that it takes, where that is more than texts
TYPED_BODIES: Mapping[str, Any] = {"put /api/consent/{address}": Told, "post /api/consent": Contacts}
#: route to media types, where the answer is a file
FILES: Mapping[str, tuple[str, ...]] = {
    "get /api/export/{table}": tuple(FORMATS.values()),
    "get /api/audit.jsonl": ("application/jsonl",),
    "get /api/pack": ("application/zip",),
    "get /api/snapshot": ("application/vnd.duckdb",),
}
_REFUSALS = {"400": "The question cannot be", "404": "It is not there", "503": "A store is away, or busy"}
_TEMPLATE = "#/components/schemas/{name}"
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


def describe(app: FastAPI) -> None:
    """Let an app answer `/api/openapi.json` with what is true."""

    def told() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = told  # type: ignore[method-assign]  # FastAPI's own documented way


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version="1", routes=app.routes)
    types = (*ANSWERS.values(), *TYPED_BODIES.values(), shapes.Fault)
    shown, components = msgspec.json.schema_components(types, ref_template=_TEMPLATE)
    of_route = dict(zip(ANSWERS, shown, strict=False))
    taken = dict(zip(TYPED_BODIES, shown[len(ANSWERS) :], strict=False))
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            route = f"{method} {path}"
            operation["responses"] = _responses(route, of_route, shown[-1])
            if route in BODIES:
                operation["requestBody"] = _body(*BODIES[route])
            elif route in taken:
                operation["requestBody"] = _json_of(taken[route])
    found["components"] = {"schemas": components}
    return found


def _responses(route: str, of_route: Mapping[str, Any], fault: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    content: dict[str, Any] = {name.partition(";")[0]: {"schema": {}} for name in FILES.get(route, ())}
    refused: dict[str, Any] = {
        status: {"description": said, "content": {"application/json": {"schema": fault}}}
        for status, said in _REFUSALS.items()
    }
    refused["503"]["content"] |= _TEXT  # too many ask at once
    guarded: dict[str, Any] = {"421": {"description": "This is not the host name of the dashboard", "content": _TEXT}}
    if route.startswith(("post", "put")):
        guarded |= {"403": {"description": "The request says not that it came from here", "content": _TEXT}}
    return {
        "200": {
            "description": "The answer",
            "content": content or {"application/json": {"schema": of_route[route]}},
        },
        **refused,
        **guarded,
    }


def _body(needed: int, names: tuple[str, ...]) -> dict[str, Any]:
    members = {name: {"type": "string"} for name in names}
    shape = {"type": "object", "properties": members, "required": list(names[:needed]), "additionalProperties": False}
    return _json_of(shape)


def _json_of(shape: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    return {"required": True, "content": {"application/json": {"schema": shape}}}
