"""`mailwake goal`: goals, what they came to, and what a campaign earned of one.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
"""

from __future__ import annotations

import sys
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, state_of, who
from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.drawing.terminal import visible
from mailwake.earnings import keeper
from mailwake.earnings.answers import CampaignConversions, EarnedAnswer, GoalAnswer, GoalReport, to_json
from mailwake.earnings.report import campaign_conversions, goal_report, goals, model_named
from mailwake.goals.calls import Who
from mailwake.goals.money import shown
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.printing.earnings import conversions_text
from mailwake.settings import DEFAULT_FILE, load

command = typer.Typer(
    help="Say what counts as a conversion, and see what clicks of people earned (docs/explain/conversions.md).\n\n"
    "Example: mailwake goal add purchase --value 19.99 --currency EUR",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="Name of a goal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")]
ModelOption = Annotated[str, typer.Option("--model", help="Who gets the credit: last, first or linear.")]


class _Goals(msgspec.Struct):
    goals: list[GoalAnswer]


@command.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens; not taken yet.")],
    *,
    window: Annotated[int, typer.Option(help="Days that a click may lie before it.")] = keeper.WINDOW_DAYS,
    value: Annotated[str, typer.Option(help="What one is worth where nobody says, such as 19.99.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217, such as EUR.")] = "",
    by: Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")] = "",
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Make a goal.

    Example: mailwake goal add purchase --value 19.99 --currency EUR
    """
    with state_of(config) as state, audited(state, Action.GOAL_ADDED, Thing("goal", name), by=by):
        made = keeper.add(state, name, window_days=window, value=value, currency=currency, now=moment(), by=by or who())
    worth = "" if made.value is None else f", worth {shown(made.value, made.currency)} where nobody says"
    print(f"{made.name}: a click up to {made.window_days} days before may have led to it{worth}")


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List all goals with what they came to.

    Example: mailwake goal list
    """

    def answer(stores: Stores) -> bytes:
        return to_json({"goals": goals(stores, now=moment())})

    body = answer_of(load(config), "/api/goals", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=_Goals).goals
    for each in found:
        print(f"{visible(each.name)}: {_earned(each.total)} · after a click of a person {_earned(each.clicked)}")
    if not found:
        print("there are none yet; `mailwake goal add` makes one")


@command.command("show")
def show(
    name: NameArgument, *, model: ModelOption = "last", config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False
) -> None:
    """Show one goal, and which campaigns led to it.

    Example: mailwake goal show purchase --model linear
    """
    chosen = model_named(model)

    def answer(stores: Stores) -> bytes:
        return to_json(goal_report(stores, name, chosen, now=moment()))

    body = answer_of(load(config), f"/api/goals/{quote(name, safe='')}?model={chosen}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=GoalReport)
    print(f"{visible(found.goal.name)} · window {found.goal.window_days} days · credit to the {found.model} click")
    print(f"reached {_earned(found.goal.total)} · after a click of a person {_earned(found.goal.clicked)}")
    print(f"without a click, after mail: {_earned(found.goal.unclicked)}")
    for each in found.campaigns:
        print(f"  {visible(each.label)}: {_earned(each.earned)}")


@command.command("report")
def report(
    campaign: Annotated[str, typer.Argument(help="Name or id of a campaign.")],
    *,
    goal: Annotated[str, typer.Option(help="Name of a goal; without it the first.")] = "",
    model: ModelOption = "last",
    segments: Annotated[bool, typer.Option("--segments", help="Add up segments too.")] = False,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Show what a campaign earned of a goal: per link and variant, and against its holdout.

    Example: mailwake goal report "November newsletter" --goal purchase --model linear
    """
    chosen = model_named(model)

    def answer(stores: Stores) -> bytes:
        found = find(stores, campaign)
        told = campaign_conversions(stores, found, goal=goal, model=chosen, with_segments=segments, now=moment())
        return to_json(told)

    query = urlencode({"goal": goal, "model": str(chosen), "segments": str(segments).lower()})
    body = answer_of(load(config), f"/api/campaigns/{quote(campaign, safe='')}/conversions?{query}", answer)
    if as_json:
        sys.stdout.write(body.decode())
    else:
        print(conversions_text(msgspec.json.decode(body, type=CampaignConversions)))


@command.command("reached")
def reached(
    name: NameArgument,
    *,
    id_: Annotated[str, typer.Option("--id", help="Your own name for the fact, such as the order's number.")],
    address: Annotated[str, typer.Option(help="Who reached it.")] = "",
    reference: Annotated[str, typer.Option(help="Or the reference that came with the click.")] = "",
    handle: Annotated[str, typer.Option(help="Or the handle.")] = "",
    value: Annotated[str, typer.Option(help="Such as 19.99; without it, as the goal says.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217; without it, the goal's.")] = "",
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Note by hand that somebody reached a goal; told again under the same id it changes nothing.

    Example: mailwake goal reached purchase --id order-1001 --address ann@example.com --value 19.99
    """
    from mailwake.send.tracker import Tracker

    tracker = Tracker.open(load(config))
    try:
        about = Who(address=address, reference=reference, handle=handle)
        with audited(tracker.state, Action.GOAL_REACHED, Thing("goal", name)):
            tracker.converted(name, id=id_, who=about, value=value, currency=currency)
    finally:
        tracker.state.close()
    print("noted")


@command.command("delete")
def delete(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Forget a goal; what was reached stays, and counts again once a goal of this name is made.

    Example: mailwake goal delete purchase
    """
    with state_of(config) as state, audited(state, Action.GOAL_DELETED, Thing("goal", name)):
        keeper.delete(state, name)
    print("deleted")


def _earned(earned: EarnedAnswer) -> str:
    money = "".join(f" · {shown(each.minor, each.currency)}" for each in earned.money)
    return f"{earned.conversions:,.2f}".removesuffix(".00") + f" by {earned.people:,} people{money}"
