"""Experiments: the page with its planner and library, one page for each, and the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.boards import experiments_view
from mailwake.errors import BadInput
from mailwake.experiments import answers, deciding, reading
from mailwake.experiments.design import delete, design_of, find
from mailwake.experiments.planning import Asked
from mailwake.framing.rendering import as_json, render
from mailwake.serving.forms import by_of, form_of, json_of
from mailwake.web.api import guarded, now_of, stores_of

PATH = "/experiments"
_MOST = 10**9

router = guarded()

Text = Annotated[str, Query(max_length=100)]
Form = Annotated[Mapping[str, str], Depends(form_of)]
Members = Annotated[Mapping[str, str], Depends(json_of)]


def asked_of(
    *,
    people: Text = "",
    metric: Text = "clicks",
    goal: Text = "",
    baseline: Text = "",
    lift: Text = "20",
    variants: Text = "2",
    tested: Text = "100",
    per_day: Text = "",
) -> Mapping[str, str]:
    """The planner's fields as they were typed."""
    given = (people, metric, goal, baseline, lift, variants, tested, per_day)
    return dict(zip(experiments_view.FIELDS, given, strict=True))


Typed = Annotated[Mapping[str, str], Depends(asked_of)]


@router.get(PATH, include_in_schema=False)
def experiments(request: Request, typed: Typed) -> Response:
    """All experiments, what they taught, and what the next one takes."""
    stores = stores_of(request)
    plan, fault = None, None
    if any(name in request.query_params for name in experiments_view.FIELDS):
        try:
            plan = answers.planned(stores, _understood(typed))
        except BadInput as found:
            fault = found
    known = stores.state.goals()
    everything = answers.everything(stores)
    values = experiments_view.values(everything, plan, fault, asked=typed, goals=known, zone=stores.zone)
    return render(request, "experiments.html", here="experiments", **values)


@router.get("/experiments/{name}", include_in_schema=False)
def experiment(request: Request, name: str) -> Response:
    """One experiment."""
    stores = stores_of(request)
    values = experiments_view.one(answers.one(stores, name), stores.zone)
    return render(request, "experiment.html", here="experiments", **values)


@router.post("/experiments/{name}", include_in_schema=False)
def change(request: Request, name: str, form: Form) -> Response:
    """Decide by hand, and show the page again; or forget a draft, and show the others."""
    if form.get("act") == "delete":
        if form.get("sure") != "yes":
            raise BadInput("tick that you are sure; what is deleted does not come back")
        delete(stores_of(request).state, name)
        return RedirectResponse(PATH, status_code=303)
    _decide(request, name, form)
    return RedirectResponse(request.url.path, status_code=303)


@router.get("/api/experiments")
def list_experiments(request: Request) -> Response:
    """All experiments as they stand, newest first, and what those on one question taught together."""
    return as_json(answers.everything(stores_of(request)))


@router.get("/api/experiments/{name}")
def one_experiment(request: Request, name: str) -> Response:
    """One experiment as it stands."""
    return as_json(answers.one(stores_of(request), name))


@router.post("/api/experiments/{name}/decide")
def decide_experiment(request: Request, name: str, given: Members) -> Response:
    """Decide by hand, for good: `variant` and `why`, and optionally `by`."""
    _decide(request, name, given)
    return one_experiment(request, name)


@router.post("/api/experiments/delete")
def delete_experiment(request: Request, given: Members) -> Response:
    """Forget an experiment that was not sent yet: `name`."""
    delete(stores_of(request).state, given.get("name", ""))
    return as_json({"deleted": 1})


@router.get("/api/experiment-plan")
def plan_experiment(request: Request, typed: Typed) -> Response:
    """How many copies find a rise worth having. Percents are numbers such as 2.5."""
    return as_json(answers.planned(stores_of(request), _understood(typed)))


def _understood(typed: Mapping[str, str]) -> Asked:
    people, per_day = (_number(typed[name], name.replace("_", " ")) for name in ("people", "per_day"))
    return Asked(
        metric=reading.metric_in(typed["metric"]),
        goal=typed["goal"],
        baseline=reading.percent_in(typed["baseline"], "the usual rate") if typed["baseline"] else None,
        lift=reading.percent_in(typed["lift"], "the smallest rise"),
        variants=_number(typed["variants"], "variants") or 2,
        people=people,
        share=reading.percent_in(typed["tested"], "the tested part"),
        per_day=per_day,
    )


def _number(text: str, what: str) -> int | None:
    """None: nothing, or 0."""
    plain = text.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 12 and int(plain) <= _MOST):
        raise BadInput(f"{what} {text[:40]!r}: write a whole number")
    return int(plain) or None


def _decide(request: Request, name: str, given: Mapping[str, str]) -> None:
    state = stores_of(request).state
    found = find(state, name)
    number = design_of(found).number(given.get("variant", ""))
    deciding.decide(state, found, number, now=now_of(request), by=by_of(request, given), why=given.get("why", ""))
