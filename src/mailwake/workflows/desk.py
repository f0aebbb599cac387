"""All that rules of an installation need: their files, where they look, and what they act with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mailwake.crm.links import Names
from mailwake.crm.membership import Ladder
from mailwake.crm.telling import Scorer
from mailwake.errors import BadInput, Misconfigured
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.notifying import posting
from mailwake.notifying.endpoints import endpoints_of
from mailwake.notifying.posting import Answer
from mailwake.rules.guards import Guards, Ledger, Limits
from mailwake.rules.people import Office
from mailwake.rules.reading import Allowed, BadRule, read_file
from mailwake.rules.rule import Rule
from mailwake.rules.signals import Letters
from mailwake.rules.triggers import World, has_cooled
from mailwake.segments import keeper
from mailwake.settings import Settings
from mailwake.store.crm import CrmStore
from mailwake.store.workflows import WorkflowStore
from mailwake.workflows.acting import Means

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of a folder."""

    #: by name
    good: dict[str, Rule]
    #: file to what is wrong with it
    bad: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One installation's rules and all around them."""

    folder: Path
    #: of the installation's data
    data: Path
    enabled: bool
    allowed: Allowed
    limits: Limits
    stores: Stores
    store: WorkflowStore
    office: Office
    means: Means
    score: Scorer
    _chosen: dict[tuple[str, Handle, Micros], bool] = field(default_factory=dict)

    def rules(self) -> Rules:
        """The rules as their files are now; one bad file keeps none of the others back."""
        return read_all(self.folder, self.allowed)

    def rule(self, name: str) -> Rule:
        """One rule.

        Raises:
            BadInput: there is none of this name.
            BadRule: a file is no rule.
        """
        found = self.rules()
        if name in found.good:
            return found.good[name]
        for file, problem in found.bad.items():
            if file.removesuffix(".toml") == name:
                raise BadInput(problem)
        known = ", ".join(found.good) or "none yet"
        raise BadInput(f"there is no rule {name[:64]!r} in {self.folder}; there are: {known}")

    def world(self) -> World:
        """Where triggers look."""
        letters = Letters(state=self.stores.state)
        return World(
            events=self.stores.events, letters=letters, store=self.store, zone=self.stores.zone, score=self.score
        )

    def guards(self, world: World, ledger: Ledger) -> Guards:
        """Who decides."""

        def cooled(rule: Rule, handle: Handle, since: int, until: int) -> bool:
            return has_cooled(world, rule, handle, since=since, until=until)

        return Guards(
            limits=self.limits, ledger=ledger, is_chosen=self.is_chosen, has_cooled=cooled, zone=self.stores.zone
        )

    def is_chosen(self, rule: Rule, handle: Handle, at: Micros) -> bool:
        """Whether a rule's query chooses somebody, with what had happened by then."""
        place = rule.who, handle, at
        if place not in self._chosen:
            if len(self._chosen) > 10_000:
                self._chosen.clear()
            self._chosen[place] = handle in keeper.chosen(self.stores, rule.who, now=at, limit=1, after=handle - 1)
        return self._chosen[place]


def open_desk(
    settings: Settings,
    stores: Stores,
    crm: CrmStore,
    store: WorkflowStore,
    *,
    score: Scorer = lambda _handles, _now: {},
    post: Callable[..., Answer] = posting.post,
) -> Desk:
    """A desk for an installation.

    Args:
        settings: of the installation.
        stores: facts, names, zone.
        crm: people and wishes of the org.
        store: what rules did.
        score: scores of some people as of a moment, made of what had happened by then.
        post: sends a webhook.

    Raises:
        Misconfigured: an option cannot be.
    """
    told = settings.workflows
    return Desk(
        folder=settings.path(told.folder),
        data=settings.data_folder,
        enabled=told.enabled,
        allowed=allowed_of(settings),
        limits=Limits(
            person_per_day=told.person_per_day,
            owner_per_day=told.owner_per_day,
            per_day=told.per_day,
            quiet=quiet_of(told.quiet),
        ),
        stores=stores,
        store=store,
        office=Office(state=stores.state, crm=crm, zone=stores.zone, fallback_owner=told.fallback_owner),
        means=Means(
            state=stores.state,
            crm=crm,
            store=store,
            names=Names(settings.tracking_host),
            ladder=Ladder(**settings.salesforce.statuses),
            zone=stores.zone,
            endpoints=cache(lambda: {each.name: each for each in endpoints_of(settings)}),
            post=post,
        ),
        score=score,
    )


def allowed_of(settings: Settings) -> Allowed:
    """What rules of an installation may do."""
    return Allowed(fields=frozenset(settings.workflows.fields), endpoints=frozenset(settings.notify))


def rules_of(settings: Settings) -> Rules:
    """The rules of an installation, without anything around them."""
    return read_all(settings.path(settings.workflows.folder), allowed_of(settings))


def read_all(folder: Path, allowed: Allowed) -> Rules:
    """The rules of a folder; one bad file keeps none of the others back."""
    good: dict[str, Rule] = {}
    bad: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            for rule in read_file(path, allowed):
                if rule.name in good:
                    raise BadRule(path.name, f"there is a rule {rule.name!r} in another file already")
                good[rule.name] = rule
        except BadRule as fault:
            bad[path.name] = str(fault)
    return Rules(good=dict(sorted(good.items())), bad=bad)


def quiet_of(text: str) -> tuple[int, int] | None:
    """Minutes of the day when quiet hours begin and end, from 20:00-08:00; empty: there are none.

    Raises:
        Misconfigured: it is neither.
    """
    if not text.strip():
        return None
    try:
        begins, ends = (_minute(part) for part in text.split("-"))
    except ValueError:
        raise Misconfigured("workflows.quiet", f"{text!r}: write it as 20:00-08:00, or leave it empty") from None
    return None if begins == ends else (begins, ends)


def _minute(text: str) -> int:
    hour, minute = (int(part) for part in text.strip().split(":"))
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(text)
    return hour * 60 + minute
