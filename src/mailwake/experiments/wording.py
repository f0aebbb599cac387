"""An experiment in words, the same for pages, programs and terminals."""

from __future__ import annotations

from mailwake.experiments.results import READINGS, Contrast, Result, Split
from mailwake.language import noted, say
from mailwake.stats.difference import Standing

#: what each reading counts
READING_WORDS = {
    "anybody": noted("everything, machines too"),
    "possible": noted("what people possibly did"),
    "likely": noted("what people more likely did than not"),
    "sure": noted("what people did with 90 % certainty"),
}
_SENT_ADVICE = noted(
    "look for copies that could not be made in one variant (`mailwake send` names them), a run that was cut off, or "
    "mail of this campaign that was sent past the experiment"
)
_BASE_ADVICE = noted(
    "look at the bounces of the campaign: a provider may refuse one letter, and whoever got the other is no random part"
)


def points(value: float, *, is_signed: bool = False) -> str:
    """A difference of rates, such as 1.25."""
    return f"{100 * value:{'+' if is_signed else ''}.2f}".replace("-", "\N{MINUS SIGN}")


def rate_words(rate: float) -> str:
    """A rate of a plan, such as 2.50 %."""
    return f"{100 * rate:.2f} %"


def contrast_words(found: Result, contrast: Contrast) -> str:
    """How the leader stands to another variant."""
    leader, other = found.arms[contrast.leader].name, found.arms[contrast.other].name
    if contrast.low is None or contrast.high is None:
        return say("%(leader)s and %(other)s: %(why)s.", leader=leader, other=other, why=contrast.cannot_say)
    low, high = points(contrast.low, is_signed=True), points(contrast.high, is_signed=True)
    if contrast.standing is Standing.NOT_DISTINGUISHABLE:
        return say(
            "%(leader)s and %(other)s are not distinguishable yet: %(leader)s less %(other)s is between %(low)s and "
            "%(high)s points.",
            leader=leader,
            other=other,
            low=low,
            high=high,
        )
    return say(
        "%(leader)s is better than %(other)s: by %(points)s points, between %(low)s and %(high)s points at all looks "
        "together.",
        leader=leader,
        other=other,
        points=points(contrast.value),
        low=low,
        high=high,
    )


def split_words(found: Result, split: Split) -> str:
    """Whether the split holds; if not, what to look for."""
    counts = ", ".join(f"{arm.name} {count:,}" for arm, count in zip(found.arms, split.counts, strict=True))
    where = say(split.where)
    if split.p_value is None:
        return say("Nothing was %(where)s yet.", where=where)
    if split.holds:
        return say("Of copies %(where)s the split is as planned: %(counts)s.", where=where, counts=counts)
    return say(
        "Of copies %(where)s the split is not as planned: %(counts)s. Nothing can be concluded; %(advice)s.",
        where=where,
        counts=counts,
        advice=say(_SENT_ADVICE if split.where == "sent" else _BASE_ADVICE),
    )


def flip_words(found: Result) -> str:
    """A warning where another way to tell machines makes another variant lead; empty: none does."""
    told = [
        say("%(leader)s counting %(what)s", leader=found.arms[leader].name, what=say(READING_WORDS[name]))
        for name, leader in zip(READINGS, found.leaders, strict=False)
        if leader is not None and name in found.flips
    ]
    if not told or found.leader is None:
        return ""
    return say(
        "Flips under other machine rules: %(leader)s leads by people, but %(others)s.",
        leader=found.arms[found.leader].name,
        others=", ".join(told),
    )


def state_words(found: Result) -> str:
    """Where the experiment stands, in one sentence."""
    kept = found.experiment
    if kept.decided_at is not None and kept.winner is not None:
        return say(
            "Decided by %(who)s: %(winner)s. %(why)s",
            who=kept.decided_by,
            winner=found.design.variants[kept.winner].name,
            why=kept.why,
        )
    if found.sent is None:
        return say("Not sent yet.")
    if found.is_blocked:
        return say("Blocked: the split is not as planned, and no winner is named.")
    if found.winner is not None:
        return say("%(winner)s has won.", winner=found.arms[found.winner].name)
    return say("Cannot say yet: no variant is better than all others, as far as one can tell.")
