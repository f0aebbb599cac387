"""What the page of preflight shows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mailwake.language import noted, say, several
from mailwake.preflight.asking import BOXES
from mailwake.preflight.telling import Answer

#: severity to what it is called, and the mark beside the word
SEVERITIES = {
    "problem": (noted("Problem"), "✖"),
    "warning": (noted("Warning"), "▲"),
    "advice": (noted("Advice"), "●"),
}
#: what may be ticked, as people read it
_BOXES = {
    "relayed": noted("Look at what the relay would make of it: tracked, with its header fields"),
    "transactional": noted("No bulk mail: needs no way to unsubscribe"),
    "signed_later": noted("My mail server signs it with DKIM later"),
    "offline": noted("Ask nobody: no DNS, no links, no one-click"),
}


def values(told: Answer | None, ticked: Collection[str]) -> dict[str, Any]:
    """What the template names.

    Args:
        told: what was found; None: nothing was asked yet.
        ticked: boxes of the form.
    """
    return {
        "told": told,
        "summary": None if told is None else summary(told),
        "severities": {name: (say(word), mark) for name, (word, mark) in SEVERITIES.items()},
        "boxes": [(name, say(_BOXES[name]), name in ticked) for name in BOXES],
    }


def summary(told: Answer) -> str:
    """How many of each, in one line."""
    if not told.findings:
        return say("Nothing to mend")
    return ", ".join(
        (
            several("%(count)s problem", "%(count)s problems", told.problems, count=f"{told.problems:,}"),
            several("%(count)s warning", "%(count)s warnings", told.warnings, count=f"{told.warnings:,}"),
            several("%(count)s piece of advice", "%(count)s pieces of advice", told.advice, count=f"{told.advice:,}"),
        )
    )
