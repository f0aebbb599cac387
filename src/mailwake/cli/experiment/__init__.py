"""`mailwake experiment`: letters tried against each other: planned, made, sent, looked at, decided.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, state_of, who
from mailwake.cli.experiment.sending import send
from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.errors import BadInput
from mailwake.experiments import answers, deciding, design, reading
from mailwake.experiments.answers import AllAnswer, ExperimentAnswer, PlanAnswer
from mailwake.experiments.design import Design, Variant
from mailwake.experiments.lists import forget_list
from mailwake.experiments.planning import Asked
from mailwake.merge.source import Source, parse_source
from mailwake.printing import experiments as printing
from mailwake.settings import DEFAULT_FILE, Settings, load

command = typer.Typer(
    help="Try letters against each other, and look as often as you like (docs/explain/experiments.md).\n\n"
    "Example: mailwake experiment status Subjects",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="Name of an experiment.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")]
MetricOption = Annotated[str, typer.Option(help="What decides: clicks or opens by people, or conversions.")]
GoalOption = Annotated[str, typer.Option(help="With conversions: name of the goal that counts.")]
TestedOption = Annotated[str, typer.Option(help="Percent of the audience that is tested; the rest gets the winner.")]


@command.command("plan")
def plan(  # noqa: PLR0913 - a command has as many parameters as options
    *,
    people: Annotated[int, typer.Option(min=0, help="How many are on the list.")] = 0,
    metric: MetricOption = "clicks",
    goal: GoalOption = "",
    baseline: Annotated[str, typer.Option(help="Usual rate in percent; without it, that of the mail so far.")] = "",
    lift: Annotated[str, typer.Option(help="Smallest rise worth having, in percent of the usual rate.")] = "20",
    variants: Annotated[int, typer.Option(help="How many letters.")] = 2,
    tested: TestedOption = "100",
    per_day: Annotated[int, typer.Option(min=0, help="Copies a day, for mail that goes out bit by bit.")] = 0,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Tell how many people it takes to find a rise worth having, and what a list can find.

    Example: mailwake experiment plan --people 20000 --baseline 2 --lift 25
    """
    asked = Asked(
        metric=reading.metric_in(metric),
        goal=goal,
        baseline=reading.percent_in(baseline, "--baseline") if baseline else None,
        lift=reading.percent_in(lift, "--lift"),
        variants=variants,
        people=people or None,
        share=reading.percent_in(tested, "--tested"),
        per_day=per_day or None,
    )
    body = _plan(load(config), asked)
    if as_json:
        sys.stdout.write(body.decode())
        return
    print("\n".join(printing.plan_lines(msgspec.json.decode(body, type=PlanAnswer))))


@command.command("create")
def create(  # noqa: PLR0913 - a command has as many parameters as options
    name: Annotated[str, typer.Argument(help="Not taken yet, 1 to 100 characters.")],
    letters: Annotated[list[Path], typer.Argument(help="An .html or .eml file for each variant, or one for all.")],
    *,
    subject: Annotated[list[str] | None, typer.Option(help="Subject; once for all, or once for each variant.")] = None,
    sender: Annotated[list[str] | None, typer.Option("--from", help="Sender, in the same way.")] = None,
    reply_to: Annotated[str, typer.Option(help="Where answers go.")] = "",
    variant: Annotated[list[str] | None, typer.Option(help="Name of each variant; else A, B, ….")] = None,
    weights: Annotated[str, typer.Option(help="How the tested are split, such as 90,10; else evenly.")] = "",
    tested: TestedOption = "100",
    metric: MetricOption = "clicks",
    goal: GoalOption = "",
    role: Annotated[str, typer.Option(help="Only clicks on links of this role, such as cta.")] = "",
    deadline: Annotated[str, typer.Option(help="How long to wait for a winner, such as 4h or 3d.")] = "3d",
    otherwise: Annotated[str, typer.Option(help="Variant to send at the deadline if none won; else wait.")] = "",
    about: Annotated[str, typer.Option(help="What the second has and the first has not; such results pool.")] = "",
    baseline: Annotated[str, typer.Option(help="Usual rate in percent; without it, that of the mail so far.")] = "",
    campaign: Annotated[str, typer.Option(help="Name of the campaign; else that of the experiment.")] = "",
    by: Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")] = "",
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Make an experiment; nothing is sent yet.

    Example: mailwake experiment create Subjects spring.html --subject "Spring" --subject "Is it spring?" --tested 20
    """
    settings = load(config)
    files = _for_each(letters, subject, sender, variant)
    names = variant or [chr(ord("A") + number) for number in range(len(files))]
    given = [
        {key: value for key, value in (("subject", s), ("from", f), ("reply-to", reply_to)) if value}
        for s, f in zip(_spread(subject, len(files), "--subject"), _spread(sender, len(files), "--from"), strict=True)
    ]
    if len(names) != len(files):
        raise BadInput(f"--variant is given {len(names)} times, but there are {len(files)} variants")
    raw = [_read(path) for path in files]
    sources = [parse_source(*each) for each in zip(raw, files, given, strict=True)]
    made = Design(
        variants=tuple(
            Variant(name=each, weight=weight, file=path.name, given=more)
            for each, weight, path, more in zip(
                names, reading.weights_in(weights, len(files)), files, given, strict=True
            )
        ),
        metric=reading.metric_in(metric),
        role=role,
        goal=goal,
        share=reading.percent_in(tested, "--tested"),
        deadline_seconds=reading.seconds_in(deadline, "--deadline"),
        otherwise=otherwise,
        about=about.strip(),
    )
    design.check(made)  # before anybody is asked
    made = _expecting(settings, made, baseline)
    _keep(name, made, raw=raw, sources=sources, campaign=campaign or name, by=by or who(), config=config)


command.command("send")(send)


@command.command("status")
def status(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show one experiment as it stands.

    Example: mailwake experiment status Subjects
    """
    path = f"/api/experiments/{quote(name, safe='')}"
    body = answer_of(load(config), path, lambda stores: answers.to_json(answers.one(stores, name)))
    if as_json:
        sys.stdout.write(body.decode())
        return
    print("\n".join(printing.status_lines(msgspec.json.decode(body, type=ExperimentAnswer))))


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List all experiments, and what they taught together.

    Example: mailwake experiment list
    """
    body = answer_of(load(config), "/api/experiments", lambda stores: answers.to_json(answers.everything(stores)))
    if as_json:
        sys.stdout.write(body.decode())
        return
    print("\n".join(printing.list_lines(msgspec.json.decode(body, type=AllAnswer))))


@command.command("decide")
def decide(
    name: NameArgument,
    variant: Annotated[str, typer.Argument(help="The variant that whoever waits gets.")],
    *,
    why: Annotated[str, typer.Option(help="In one line; it stands in the library for good.")],
    by: Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")] = "",
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Decide by hand, for good.

    Example: mailwake experiment decide Subjects B --why "the offer ends tonight"
    """
    told = {"variant": variant}
    with (
        state_of(config) as state,
        audited(state, Action.EXPERIMENT_DECIDED, Thing("experiment", name), by=by, after=told),
    ):
        found = design.find(state, name)
        number = design.design_of(found).number(variant)
        deciding.decide(state, found, number, now=moment(), by=by or who(), why=why)
    print(f"decided: {variant}; `mailwake experiment send` mails the rest, and so does a running dashboard by itself")


@command.command("delete")
def delete(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Forget an experiment that was not sent yet, with its letters.

    Example: mailwake experiment delete Subjects
    """
    with state_of(config) as state, audited(state, Action.EXPERIMENT_DELETED, Thing("experiment", name)):
        found = design.delete(state, name)
    forget_list(load(config).data_folder, found)
    print("deleted")


def _plan(settings: Settings, asked: Asked) -> bytes:
    told = {
        "metric": asked.metric,
        "goal": asked.goal,
        "baseline": "" if asked.baseline is None else f"{asked.baseline * 100:.6f}",
        "lift": f"{asked.lift * 100:.6f}",
        "variants": asked.variants,
        "people": asked.people or 0,
        "tested": f"{asked.share * 100:.6f}",
        "per_day": asked.per_day or 0,
    }
    path = f"/api/experiment-plan?{urlencode(told)}"
    return answer_of(settings, path, lambda stores: answers.to_json(answers.planned(stores, asked)))


def _expecting(settings: Settings, made: Design, baseline: str) -> Design:
    """With the usual rate as it was given, or as it is in the mail so far."""
    if baseline:
        return msgspec.structs.replace(made, baseline=reading.percent_in(baseline, "--baseline"))
    told = msgspec.json.decode(_plan(settings, Asked(metric=made.metric, goal=made.goal, lift=1e-3)), type=PlanAnswer)
    return msgspec.structs.replace(made, baseline=told.baseline, prior_weight=told.prior_weight)


def _for_each(letters: Sequence[Path], *lists: Sequence[str] | None) -> list[Path]:
    """The file of each variant; a single one stands for as many as there are subjects, senders or names."""
    most = max(len(letters), *(len(each or ()) for each in lists))
    if len(letters) not in (1, most):
        raise BadInput(f"there are {len(letters)} letters for {most} variants; give one for all, or one for each")
    return list(letters) * most if len(letters) == 1 else list(letters)


def _spread(texts: Sequence[str] | None, count: int, option: str) -> list[str]:
    if not texts:
        return [""] * count
    if len(texts) not in (1, count):
        raise BadInput(f"{option} is given {len(texts)} times for {count} variants; give it once, or once for each")
    return list(texts) * count if len(texts) == 1 else list(texts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise BadInput(f"{path}: {fault.strerror}") from None


def _keep(
    name: str,
    made: Design,
    *,
    raw: Sequence[bytes],
    sources: Sequence[Source],
    campaign: str,
    by: str,
    config: str,
) -> None:
    streams = {each.stream or "marketing" for each in sources}
    if len(streams) > 1:
        raise BadInput(f"the letters are of the streams {', '.join(sorted(streams))}; an experiment has one")
    with state_of(config) as state, audited(state, Action.EXPERIMENT_ADDED, Thing("experiment", name)):
        where = state.campaign(campaign, stream=streams.pop(), now=moment())
        kept = design.put(state, name, made, campaign=where, letters=raw, now=moment(), by=by)
    forget_list(load(config).data_folder, kept)  # of one that was deleted and had the same number
    words = ", ".join(each.name for each in made.variants)
    print(f"{kept.name}: {words} · {100 * made.share:.0f} % are tested · `mailwake experiment send` mails it")
