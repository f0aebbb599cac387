"""Experiments for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.drawing import figures
from mailwake.drawing.terminal import visible
from mailwake.experiments.answers import AllAnswer, ExperimentAnswer, PlanAnswer, VariantAnswer
from mailwake.experiments.wording import rate_words


def plan_lines(found: PlanAnswer) -> Iterator[str]:
    """What an experiment takes."""
    where = "as expected" if found.prior_weight <= 1 else "as in the mail so far"
    rise = f"from {rate_words(found.baseline)} ({where}) to {rate_words(found.target)}"
    yield f"{rise}, found four times in five, looking at any time:"
    yield f"  {found.each:,} copies of each of {found.variants} variants, {found.total:,} together"
    yield f"  ({found.each_at_one_look:,} of each if you looked once, at the end, and never before)"
    if found.tested is not None and found.mailings is not None:
        times = "once is enough" if found.mailings <= 1 else f"it takes {found.mailings:,} mailings to such a list"
        yield f"  {found.tested:,} of {found.people:,} people are tested: {times}"
        if found.least_difference is None:
            yield "  cannot say: such a list finds no rise at all"
        else:
            yield f"  one mailing finds a rise to {rate_words(found.baseline + found.least_difference)} or more"
    if found.days is not None:
        yield f"  {found.days:,} days at {found.per_day:,} copies a day"


def list_lines(found: AllAnswer) -> Iterator[str]:
    """All experiments, a line each, and what they taught."""
    for each in found.experiments:
        yield f"{visible(each.name)}: {each.state} · {visible(each.sentence)}"
    if not found.experiments:
        yield "there are none yet; `mailwake experiment create` makes one"
    for finding in found.library:
        if finding.ratio is None or finding.low is None or finding.high is None:
            yield f"about {visible(finding.about)}: {len(finding.experiments)} experiments · {finding.cannot_say}"
        else:
            between = f"{finding.low:.2f} to {finding.high:.2f}"
            effect = f"{finding.ratio:.2f} times the rate ({between})"
            yield f"about {visible(finding.about)}: {len(finding.experiments)} experiments · {effect}"


def status_lines(found: ExperimentAnswer) -> Iterator[str]:
    """One experiment as it stands."""
    yield f"{visible(found.name)} · {found.state} · made by {visible(found.made_by)}"
    role = f", {found.role} links alone" if found.role else ""
    goal = f", {visible(found.goal)}" if found.goal else ""
    yield f"measure: {found.label}{goal}{role} · tested: {100 * found.share:.0f} % of the audience"
    for variant in found.variants:
        yield f"  {_variant(variant)}"
    yield from (visible(each.sentence) for each in found.contrasts)
    yield from (visible(each.sentence) for each in found.splits)
    if found.flips:
        yield visible(found.flips)
    yield visible(found.sentence)


def _variant(variant: VariantAnswer) -> str:
    name = visible(variant.name)
    if variant.rate is None or variant.low is None or variant.high is None:
        return f"{name}: {variant.sent:,} sent · {variant.cannot_say}"
    rate = f"{rate_words(variant.rate)} ({rate_words(variant.low)} to {rate_words(variant.high)})"
    belief = (
        "" if variant.chance_best is None else f" · best with a chance of {figures.whole_percent(variant.chance_best)}"
    )
    raw = variant.readings["anybody"]
    return f"{name}: {rate} of {variant.base:,} {variant.base_name} · {raw:,} by anybody{belief}"
