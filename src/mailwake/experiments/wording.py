"""An experiment in words, the same for pages, programs and terminals."""

from __future__ import annotations

from mailwake.experiments.results import READINGS, Contrast, Result, Split
from mailwake.stats.difference import Standing

#: what each reading counts
READING_WORDS = {
    "anybody": "everything, machines too",
    "possible": "what people possibly did",
    "likely": "what people more likely did than not",
    "sure": "what people did with 90 % certainty",
}
_SENT_ADVICE = (
    "look for copies that could not be made in one variant (`mailwake send` names them), a run that was cut off, or "
    "mail of this campaign that was sent past the experiment"
)
_BASE_ADVICE = (
    "look at the bounces of the campaign: a provider may refuse one letter, and whoever got the other is no random part"
)


def points(value: float, *, is_signed: bool = False) -> str:
    """A difference of rates, such as 1.25."""
    return f"{100 * value:+.2f}" if is_signed else f"{100 * value:.2f}"


def rate_words(rate: float) -> str:
    """A rate of a plan, such as 2.50 %."""
    return f"{100 * rate:.2f} %"


def contrast_words(found: Result, contrast: Contrast) -> str:
    """How the leader stands to another variant."""
    leader, other = found.arms[contrast.leader].name, found.arms[contrast.other].name
    if contrast.low is None or contrast.high is None:
        return f"{leader} and {other}: {contrast.cannot_say}."
    ends = f"between {points(contrast.low, is_signed=True)} and {points(contrast.high, is_signed=True)} points"
    if contrast.standing is Standing.NOT_DISTINGUISHABLE:
        return f"{leader} and {other} are not distinguishable yet: {leader} less {other} is {ends}."
    return f"{leader} is better than {other}: by {points(contrast.value)} points, {ends} at all looks together."


def split_words(found: Result, split: Split) -> str:
    """Whether the split holds; if not, what to look for."""
    counts = ", ".join(f"{arm.name} {count:,}" for arm, count in zip(found.arms, split.counts, strict=True))
    if split.p_value is None:
        return f"Nothing was {split.where} yet."
    if split.holds:
        return f"Of copies {split.where} the split is as planned: {counts}."
    advice = _SENT_ADVICE if split.where == "sent" else _BASE_ADVICE
    return f"Of copies {split.where} the split is not as planned: {counts}. Nothing can be concluded; {advice}."


def flip_words(found: Result) -> str:
    """A warning where another way to tell machines makes another variant lead; empty: none does."""
    told = [
        f"{found.arms[leader].name} counting {READING_WORDS[name]}"
        for name, leader in zip(READINGS, found.leaders, strict=False)
        if leader is not None and name in found.flips
    ]
    if not told or found.leader is None:
        return ""
    return f"Flips under other machine rules: {found.arms[found.leader].name} leads by people, but {', '.join(told)}."


def state_words(found: Result) -> str:
    """Where the experiment stands, in one sentence."""
    kept = found.experiment
    if kept.decided_at is not None and kept.winner is not None:
        return f"Decided by {kept.decided_by}: {found.design.variants[kept.winner].name}. {kept.why}"
    if found.sent is None:
        return "Not sent yet."
    if found.is_blocked:
        return "Blocked: the split is not as planned, and no winner is named."
    if found.winner is not None:
        return f"{found.arms[found.winner].name} has won."
    return "Cannot say yet: no variant is better than all others, as far as one can tell."
