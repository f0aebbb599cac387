"""What every question about scores is asked with: the model, the drafts, and who a CRM says people are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.facts import Contacts
from mailwake.scoring.follow_ups import Drafts, default_drafts, drafts_of
from mailwake.scoring.keeping import Keeper
from mailwake.scoring.model import Model, default_model, model_of
from mailwake.scoring.ranking import Ranking, ranking
from mailwake.settings import Settings
from mailwake.store.state import Axis


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One installation's way to score."""

    model: Model = field(default_factory=default_model)
    drafts: Drafts = field(default_factory=default_drafts)
    contacts: Contacts = field(default_factory=Contacts)
    #: gives a ranking that was made a moment ago, else makes one
    keep: Callable[[Callable[[], Ranking]], Ranking] = field(default=lambda make: make())

    def ranking(self, stores: Stores, now: Micros) -> Ranking:
        """Everybody by score."""
        not_profiled = self.contacts.not_profiled() | stores.state.refusing(Axis.PROFILE)
        return self.keep(lambda: ranking(stores, self.model, now=now, not_profiled=not_profiled))


def desk_of(settings: Settings, contacts: Contacts | None = None) -> Desk:
    """As the settings say.

    Raises:
        Misconfigured: a file that they name is not there, or is none.
    """
    own = settings.scoring
    return Desk(
        model=model_of(settings.path(own.model) if own.model else None),
        drafts=drafts_of(settings.path(own.follow_ups) if own.follow_ups else None),
        contacts=contacts or Contacts(),
        keep=Keeper().answer,
    )
