"""What an experiment is told before it begins. Nothing of it changes afterwards, or the numbers would not hold."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from mailwake.earnings import keeper as goals
from mailwake.errors import BadInput
from mailwake.events import SECOND, Handle, Micros, TemplateId
from mailwake.experiments.assignment import assigned
from mailwake.insight.metrics import Metric, metrics
from mailwake.store.state import Campaign, Experiment, StateStore

MAX_NAME_CHARS = 100
MOST_VARIANTS = 8
SALT_BYTES = 16
DAY_SECONDS = 86_400
#: Verdicts of the first minutes are provisional, and scanners come first: nothing is decided before. Judgement.
EARLIEST_SECONDS = 3_600
#: decides by copies that led to a goal
CONVERSIONS = "conversion_rate__delivered_trackable"
#: What may decide, with the rate that is expected where nobody says one.
METRICS = {
    "human_click_rate__delivered_trackable": 0.02,
    "human_open_rate__delivered_trackable": 0.3,
    CONVERSIONS: 0.005,
}
#: roles of links that a measure may be confined to
ROLES = ("cta", "text", "image", "footer", "legal", "social")


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One of the letters."""

    name: str
    #: above 0; the share of the tested that gets it is its weight among all weights
    weight: float = 1.0
    #: how its file was called
    file: str = "letter.html"
    #: what wins over the file: subject, from, reply-to, stream
    given: dict[str, str] = {}


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """Variants, measure and rule."""

    variants: tuple[Variant, ...]
    #: id in the registry
    metric: str = "human_click_rate__delivered_trackable"
    #: of the links that count; empty: all
    role: str = ""
    #: name of the goal that `CONVERSIONS` counts; empty for all other metrics
    goal: str = ""
    #: of the audience that is tested, above 0 to 1; the rest waits for the winner
    share: float = 1.0
    #: rate that is expected, between 0 and 1; the interval is narrowest there
    baseline: float = 0.02
    #: how many copies the expectation weighs in the second reading; no part of the rule
    prior_weight: float = 1.0
    #: after the first copy; then an experiment that cannot say does what `otherwise` says
    deadline_seconds: int = 3 * DAY_SECONDS
    #: name of the variant that is sent at the deadline if none has won; empty: wait on
    otherwise: str = ""
    #: how often a winner is false at most
    alpha: float = 0.05
    #: what the other variants have that the first has not; results of the same words are pooled
    about: str = ""

    @property
    def measure(self) -> Metric:
        """The deciding metric."""
        return metrics()[self.metric]

    def number(self, name: str) -> int:
        """The number of a variant.

        Raises:
            BadInput: there is none of this name.
        """
        names = [each.name for each in self.variants]
        if name not in names:
            raise BadInput(f"there is no variant {name!r}; there are {', '.join(names)}")
        return names.index(name)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What the first mailing had."""

    #: of the copies of each variant that are compared
    templates: tuple[TemplateId, ...]
    #: of the copies that the rest gets if the variant wins: sent later, to others, and compared with nothing
    rest: tuple[TemplateId, ...]
    #: people of the list that were to be tested
    planned: int
    at: Micros
    #: messages a second that were allowed, which the rest is mailed at too; 0: as fast as it goes
    rate: float = 0.0


class NoSuchExperiment(BadInput):
    """There is no experiment of this name."""


def design_of(experiment: Experiment) -> Design:
    """What it was told."""
    return msgspec.convert(experiment.design, Design)


def sent_of(experiment: Experiment) -> Sent | None:
    """What its first mailing had; None: there was none."""
    return msgspec.convert(experiment.sent, Sent) if experiment.sent else None


def variant_of(experiment: Experiment, design: Design, handle: Handle) -> int | None:
    """Which letter somebody gets; None: they wait."""
    weights = [each.weight for each in design.variants]
    return assigned(experiment.salt, handle, weights=weights, share=design.share)


def put(
    state: StateStore, name: str, design: Design, *, campaign: Campaign, letters: Sequence[bytes], now: Micros, by: str
) -> Experiment:
    """Make an experiment.

    Raises:
        BadInput: the name is taken or none, the design cannot be, or there is no such goal.
    """
    called = name.strip()
    if not (1 <= len(called) <= MAX_NAME_CHARS and called.isprintable() and "/" not in called and called.strip(".")):
        raise BadInput(f"an experiment needs a name of 1 to {MAX_NAME_CHARS} characters, without /")
    check(design)
    if design.goal:
        goals.find(state, design.goal)
    told: dict[str, Any] = msgspec.to_builtins(design)
    salt = secrets.token_bytes(SALT_BYTES)
    made = state.put_experiment(called, campaign.id, salt=salt, design=told, letters=letters, now=now, by=by)
    if made is None:
        raise BadInput(f"there is an experiment {called!r} already; take another name")
    return made


def check(design: Design) -> None:
    """Refuse what cannot be.

    Raises:
        BadInput: it says what to write instead.
    """
    names = [each.name for each in design.variants]
    if not 2 <= len(names) <= MOST_VARIANTS:
        raise BadInput(f"an experiment has 2 to {MOST_VARIANTS} variants; give as many letters or subjects")
    if len(set(names)) < len(names):
        raise BadInput("two variants have the same name; give each a name of its own")
    if any(not (1 <= len(each) <= MAX_NAME_CHARS and each.isprintable()) for each in names):
        raise BadInput(f"a variant needs a name of 1 to {MAX_NAME_CHARS} characters")
    if any(not 0 < each.weight <= 1_000 for each in design.variants):
        raise BadInput("a weight is above 0, such as 50,50 or 90,10")
    _check_measure(design)
    if not 0 < design.share <= 1:
        raise BadInput("the share that is tested is above 0 % to 100 %")
    if not EARLIEST_SECONDS <= design.deadline_seconds <= 366 * DAY_SECONDS:
        raise BadInput("the deadline is between an hour and a year after the first copy, such as 4h or 3d")
    if design.otherwise:
        design.number(design.otherwise)
    if len(design.about) > MAX_NAME_CHARS or not (design.about or "-").isprintable():
        raise BadInput(f"what the experiment is about has at most {MAX_NAME_CHARS} characters")


def _check_measure(design: Design) -> None:
    if design.metric not in METRICS:
        raise BadInput(f"{design.metric!r} decides no experiment; {', '.join(METRICS)} can")
    if bool(design.goal) != (design.metric == CONVERSIONS):
        raise BadInput("conversions decide by one goal: name it with --goal; clicks and opens have none")
    if design.role and design.role not in ROLES:
        raise BadInput(f"there is no role {design.role!r} of links that count; there are {', '.join(ROLES)}")
    if design.role and not design.metric.startswith("human_click"):
        raise BadInput("a role of links confines clicks; opens and conversions have none")
    if not 0 < design.baseline < 1 or not 0 < design.alpha <= 0.5:
        raise BadInput("the expected rate is above 0 % and below 100 %, and the error above 0 and 0.5 at most")


def find(state: StateStore, name: str) -> Experiment:
    """The experiment of this name.

    Raises:
        NoSuchExperiment: there is none.
    """
    found = state.experiment(name)
    if found is None:
        names = ", ".join(repr(each.name) for each in state.experiments()[:10])
        _no_such(name, names)
    return found


def delete(state: StateStore, name: str) -> Experiment:
    """Forget a draft with its letters; gives what it was. Its campaign stays, as empty as it is.

    Raises:
        NoSuchExperiment: there is none.
        BadInput: it is no draft any more.
    """
    found = find(state, name)
    if not state.delete_draft(found.id):
        raise BadInput(f"experiment {found.name!r} was sent, and what came of it stays; drafts alone can be deleted")
    return found


def _no_such(name: str, names: str) -> NoReturn:
    there = f"there are {names}" if names else "there are none yet; `mailwake experiment create` makes one"
    raise NoSuchExperiment(f"there is no experiment {name!r}; {there}")


def started(design: Design, first_at: Micros, now: Micros) -> tuple[bool, bool]:
    """Whether it may be decided yet, and whether its deadline has passed."""
    age = (now - first_at) / SECOND
    return age >= EARLIEST_SECONDS, age >= design.deadline_seconds
