"""Words of closed sets, which programs read and pages say: outcomes, reasons, kinds of mail, devices, links."""

from __future__ import annotations

from mailwake.insight.report import country_names
from mailwake.language import noted, say

TERMS = frozenset(
    (
        # what became of a copy
        noted("sent"),
        noted("delivered"),
        noted("deferred"),
        noted("bounced"),
        noted("rejected"),
        noted("failed"),
        noted("complained"),
        noted("unsubscribed"),
        noted("unknown"),
        # why somebody gets no mail
        noted("manual"),
        noted("unsubscribe held"),
        # which mail
        noted("marketing"),
        noted("transactional"),
        noted("outbound"),
        noted("security"),
        noted("legal notice"),
        noted("consent request"),
        noted("all"),
        # what it was read with, and where
        noted("desktop"),
        noted("mobile"),
        noted("tablet"),
        noted("unknown, because proxied"),
        # what a link is for
        noted("cta"),
        noted("text"),
        noted("image"),
        noted("footer"),
        noted("legal"),
        noted("social"),
        noted("unsubscribe"),
        noted("preferences"),
        noted("decoy"),
        # what stands on the right of a sum of the log
        noted("recorded"),
        noted("dated"),
        noted("inert"),
        noted("unsure"),
        noted("expired"),
        noted("unrecorded"),
        noted("waiting"),
        noted("kept all the same"),
        noted("applied"),
        noted("dropped"),
        noted("dead"),
        noted("damaged"),
        noted("earlier"),
        noted("in flight"),
    )
)


def term(word: str) -> str:
    """A word of a closed set as pages say it; any other word, such as a name that somebody chose, stays as it is."""
    shown = word.replace("_", " ")
    return say(shown) if shown in TERMS else word


def country(code: str) -> str:
    """A country by its English name; what is no country's code stays as it is."""
    return country_names().get(code, code)
