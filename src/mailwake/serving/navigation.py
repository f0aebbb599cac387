"""The pages that every page leads to, as far as whoever looks may see them."""

from __future__ import annotations

from mailwake.access.actors import Actor
from mailwake.access.routes import line_of
from mailwake.language import noted, say

#: path, the word for it in templates, and what it is called
_PAGES = (
    ("/", "campaigns", noted("Campaigns")),
    ("/compare", "compare", noted("Compare")),
    ("/timing", "timing", noted("Timing")),
    ("/calls", "calls", noted("Whom to call")),
    ("/segments", "segments", noted("Segments")),
    ("/experiments", "experiments", noted("Experiments")),
    ("/goals", "goals", noted("Goals")),
    ("/domains", "domains", noted("Domains")),
    ("/deliverability", "deliverability", noted("Deliverability")),
    ("/bounces", "bounces", noted("Bounces")),
    ("/unsubscribes", "unsubscribes", noted("Unsubscribes")),
    ("/suppressions", "suppressions", noted("Suppressions")),
    ("/workflows", "workflows", noted("Workflows")),
    ("/salesforce", "salesforce", noted("Salesforce")),
    ("/notifications", "notifications", noted("Notifications")),
    ("/status", "status", noted("Status")),
)
#: of accounts; they stand at the end of every page of whoever is logged in
_OWN = (
    ("/account", noted("Your account")),
    ("/sessions", noted("Sessions")),
    ("/keys", noted("Keys")),
    ("/users", noted("Users")),
)


def pages_for(actor: Actor) -> list[tuple[str, str, str]]:
    """Path, word and name of each page that somebody may see."""
    return [(path, word, say(label)) for path, word, label in _PAGES if _may(actor, path)]


def own_pages_for(actor: Actor) -> list[tuple[str, str]]:
    """Path and name of each page of accounts that somebody may see; none where there is no log-in."""
    return [(path, say(label)) for path, label in _OWN if actor.user is not None and _may(actor, path)]


def _may(actor: Actor, path: str) -> bool:
    line = line_of("GET", path)
    return line is not None and all(actor.may(each) for each in line.permissions)
