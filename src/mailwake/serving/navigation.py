"""The pages that every page leads to, in groups, as far as whoever looks may see them."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.access.actors import Actor
from mailwake.access.routes import line_of
from mailwake.language import noted, say

#: groups of pages: what it is called, and of each page the path, the word for it in templates, and its name
_GROUPS = (
    (
        noted("Campaigns"),
        (
            ("/", "campaigns", noted("Overview and campaigns")),
            ("/compare", "compare", noted("Compare")),
            ("/timing", "timing", noted("Timing")),
            ("/experiments", "experiments", noted("Experiments")),
            ("/goals", "goals", noted("Goals")),
        ),
    ),
    (
        noted("People"),
        (
            ("/people", "people", noted("Find people")),
            ("/segments", "segments", noted("Segments")),
            ("/calls", "calls", noted("Whom to call")),
            ("/unsubscribes", "unsubscribes", noted("Unsubscribes")),
            ("/suppressions", "suppressions", noted("Suppressions")),
            ("/consent", "consent", noted("Consent")),
        ),
    ),
    (
        noted("Delivery"),
        (
            ("/deliverability", "deliverability", noted("Deliverability")),
            ("/domains", "domains", noted("Domains")),
            ("/bounces", "bounces", noted("Bounces")),
            ("/links", "links", noted("Links after delivery")),
            ("/preflight", "preflight", noted("Preflight")),
        ),
    ),
    (
        noted("Connections"),
        (
            ("/workflows", "workflows", noted("Workflows")),
            ("/salesforce", "salesforce", noted("Salesforce")),
            ("/notifications", "notifications", noted("Notifications")),
        ),
    ),
    (
        noted("Installation"),
        (
            ("/settings", "settings", noted("Settings")),
            ("/status", "status", noted("Status")),
            ("/audit", "audit", noted("Audit log")),
            ("/keys", "keys", noted("Keys")),
            ("/users", "users", noted("Users")),
        ),
    ),
)
#: of accounts, which a dashboard without log-in has none of
_ACCOUNTS = frozenset(("/keys", "/users"))
#: beginnings of paths whose pages belong to a page of another path
_WITHIN = (("/campaigns/", "campaigns"), ("/person", "people"), ("/deliverability", "deliverability"))
#: they stand at the end of every page of whoever is logged in
_OWN = (
    ("/account", noted("Your account")),
    ("/sessions", noted("Sessions")),
    ("/keys", noted("Keys")),
    ("/users", noted("Users")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Pages that belong together."""

    label: str
    #: path, the word for it in templates, and its name
    pages: tuple[tuple[str, str, str], ...]
    #: words of its pages
    words: frozenset[str]


def groups_for(actor: Actor) -> list[Group]:
    """The groups with the pages that somebody may see; none that is empty."""
    groups = []
    for label, pages in _GROUPS:
        seen = tuple((path, word, say(name)) for path, word, name in pages if _is_seen(actor, path))
        if seen:
            groups.append(Group(label=say(label), pages=seen, words=frozenset(word for _, word, _ in seen)))
    return groups


def here(path: str) -> str:
    """The word of the page of the navigation that a path belongs to; empty: to none."""
    if path == "/":
        return "campaigns"
    every = [(own, word) for _, pages in _GROUPS for own, word, _ in pages if own != "/"]
    return next((word for start, word in (*_WITHIN, *every) if path.startswith(start)), "")


def _is_seen(actor: Actor, path: str) -> bool:
    return _may(actor, path) and (path not in _ACCOUNTS or actor.user is not None)


def own_pages_for(actor: Actor) -> list[tuple[str, str]]:
    """Path and name of each page of accounts that somebody may see; none where there is no log-in."""
    return [(path, say(label)) for path, label in _OWN if actor.user is not None and _may(actor, path)]


def _may(actor: Actor, path: str) -> bool:
    line = line_of("GET", path)
    return line is not None and all(actor.may(each) for each in line.permissions)
