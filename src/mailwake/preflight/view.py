"""What the page of preflight shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailwake.language import noted, say, several
from mailwake.preflight.asking import BOXES, TEXTS, ticked
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


#: what may be said, as people read it, and such a one
_TEXTS = {
    "envelope_sender": (noted("Envelope sender, for SPF; else Return-Path or From"), "bounces@example.com"),
    "sending_address": (noted("IP address that receivers will see, for SPF"), "203.0.113.7"),
}


def values(told: Answer | None, given: Mapping[str, str]) -> dict[str, Any]:
    """What the template names.

    Args:
        told: what was found; None: nothing was asked yet.
        given: what the form said beside the message.
    """
    return {
        "told": told,
        "summary": None if told is None else summary(told),
        "severities": {name: (say(word), mark) for name, (word, mark) in SEVERITIES.items()},
        "boxes": [(name, say(_BOXES[name]), name in ticked(given)) for name in BOXES],
        "texts": [(name, say(_TEXTS[name][0]), _TEXTS[name][1], given.get(name, "")) for name in TEXTS],
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
