"""`mailwake workflow`: rules that do something when a person did: checked, tried, explained, switched.

While a dashboard runs it owns the event store's file and runs the rules, so its API is asked.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import closing
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli import fail
from mailwake.cli.acting import audited, audited_act, moment, who
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.cli.workflow.opening import asked, stores_of
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput, Unavailable
from mailwake.rules.guards import REASONS
from mailwake.serving import address as running
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.workflows import open_workflows
from mailwake.store.workflows.switches import ALL
from mailwake.workflows import answers
from mailwake.workflows.answers import Asked, RulesAnswer, TrialAnswer, WhyAnswer
from mailwake.workflows.desk import rules_of
from mailwake.workflows.mailing import runner
from mailwake.workflows.opening import opened_desk
from mailwake.workflows.turns import Turns

command = typer.Typer(
    help="Rules that do something when a person did (docs/howto/workflows.md).\n\n"
    "Example: mailwake workflow test pricing --days 30",
    no_args_is_help=True,
)

RuleArgument = Annotated[str, typer.Argument(help="Name of a rule: of its file, without .toml.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")]


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List all rules with what they did.

    Example: mailwake workflow list
    """
    body = asked(load(config), "/api/workflows", lambda desk: answers.everything(desk, Asked()))
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=RulesAnswer)
    if not found.is_on:
        print("no rule does anything: they are all switched off; `mailwake workflow on all`")
    for each in found.rules:
        counts = _counts(each.entered, each.deferred, each.refused, each.reversed)
        stands = "on" if each.is_on else f"off: {visible(each.why_off)}"
        print(f"{each.name}: {each.trigger} → {', '.join(each.actions)} · {stands} · {counts}")
    for bad in found.bad:
        print(f"{bad.file}: {visible(bad.problem)}")
    if not found.rules and not found.bad:
        print(f"there are none yet; put one into {found.folder} (docs/howto/workflows.md has six)")


@command.command("check")
def check(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Read all rules and say what is wrong with them.

    Example: mailwake workflow check
    """
    found = rules_of(load(config))
    for file, problem in found.bad.items():
        print(f"{file}: {problem}")
    for name, rule in found.good.items():
        print(f"{name}: {rule.trigger.value} → {', '.join(rule.actions)}, version {rule.version}")
    if found.bad:
        fail(f"{len(found.bad)} of the files in the folder of rules cannot be used", code=1)
    if not found.good:
        print("there are no rules")


@command.command("test")
def try_out(
    rule: RuleArgument,
    *,
    days: Annotated[int, typer.Option(help="Days back from now, 1 to 90.")] = 30,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Say for whom a rule would have acted in the last days; does nothing.

    Example: mailwake workflow test pricing --days 30
    """
    path = f"/api/workflows/{quote(rule, safe='')}/test?days={days}"
    body = asked(load(config), path, lambda desk: answers.tried(desk, rule, days=days, now=moment()))
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=TrialAnswer)
    for each in found.entered:
        when = "" if each.at is None else f"{each.at:%Y-%m-%d %H:%M}"
        more = f" · {visible(each.link)}" if each.link else ""
        chance = "" if each.p_human is None else f" · {each.p_human:.0%} a person"
        print(f"{when}  {visible(each.address or 'no longer known')}{more}{chance}")
    print(f"{found.rule}: would have acted {len(found.entered):,} times in {found.days} days, and did nothing now")
    for why, count in sorted(found.refused.items()):
        print(f"  {count:,} kept back: {REASONS.get(why, why)}")
    for why, count in sorted(found.unfit.items()):
        print(f"  {count:,} clicks and notices never looked at: {REASONS.get(why, why)}")
    if found.busiest:
        print(f"  at most {found.busiest:,} for one owner on one day")


@command.command("why")
def why(
    address: Annotated[str, typer.Argument(help="Of the person.")],
    rule: Annotated[str, typer.Argument(help="Name of a rule; without it, all of them.")] = "",
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Say what rules made of the last thirty days of one person, and why.

    Example: mailwake workflow why ada@example.com pricing
    """
    path = f"/api/workflows/why?{urlencode({'address': address, 'rule': rule})}"
    body = asked(load(config), path, lambda desk: answers.explained(desk, address, rule, now=moment()))
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=WhyAnswer)
    for each in found.answers:
        when = "" if each.at is None else f"{each.at:%Y-%m-%d %H:%M}"
        chance = "" if each.p_human is None else f" ({each.p_human:.0%} a person)"
        more = f" {visible(each.link)}" if each.link else ""
        did = "".join(f"; {kind} {visible(state)}" for kind, state in each.actions.items())
        print(f"{when}  {each.rule}: {each.what}{more}{chance}: {each.decision or 'nothing'}, {each.because}{did}")
    if not found.answers:
        print("nothing that a rule is about happened in the last thirty days")


@command.command("on")
def switch_on(
    rule: Annotated[str, typer.Argument(help="Name of a rule, or all.")], *, config: ConfigOption = DEFAULT_FILE
) -> None:
    """Let a rule act, from now on; what happened while it was off is not made up for.

    Example: mailwake workflow on pricing
    """
    _switch(config, rule, is_on=True)
    print("on, for what happens from now on")


@command.command("off")
def switch_off(
    rule: Annotated[str, typer.Argument(help="Name of a rule, or all.")], *, config: ConfigOption = DEFAULT_FILE
) -> None:
    """Stop a rule, or all of them, at once; also what it has begun waits.

    Example: mailwake workflow off all
    """
    _switch(config, rule, is_on=False)
    print("off")


@command.command("run")
def run(
    *,
    once: Annotated[bool, typer.Option("--once", help="One turn; a dashboard takes one every minute.")] = False,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Take one turn where no dashboard runs, as `mailwake serve` does every minute.

    Example: mailwake workflow run --once
    """
    if not once:
        raise BadInput("say --once; `mailwake serve` takes turns by itself")
    settings = load(config)
    configure(settings.logging, "command")
    if running.read(settings.data_folder) is not None:
        raise Unavailable("the dashboard that runs takes turns by itself, one a minute")
    with (
        stores_of(settings) as stores,
        opened_desk(settings, stores) as desk,
        audited(stores.state, Action.WORKFLOW_RUN, Thing("workflow")),
    ):
        done = Turns(desk, run=runner(config, threading.Event())).turn(now=moment())
    told = {name: getattr(done, name) for name in ("entered", "deferred", "refused", "reversed")}
    if as_json:
        print(json.dumps(told))
    else:
        print(_counts(done.entered, done.deferred, done.refused, done.reversed))


def _switch(config: str, rule: str, *, is_on: bool) -> None:

    settings = load(config)
    configure(settings.logging, "command")
    name = ALL if rule == "all" else rule
    of = Thing("workflow", rule)
    with (
        audited_act(config, Action.WORKFLOW_SWITCHED, of, after={"on": is_on}),
        closing(open_workflows(settings.data_folder / "state.sqlite")) as store,
    ):
        known = rules_of(settings)
        if name != ALL and name not in known.good and name not in store.rule_states():
            raise BadInput(f"there is no rule {rule[:64]!r}; there are: {', '.join(known.good) or 'none yet'}")
        store.switch(name, is_on=is_on, why=f"switched by {who()}", now=moment())


def _counts(entered: int, deferred: int, refused: int, taken_back: int) -> str:
    return f"{entered:,} entered, {deferred:,} wait, {refused:,} refused, {taken_back:,} taken back"
