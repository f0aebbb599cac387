"""What every question about scores is asked with: the model, the drafts, and who a CRM says people are."""

from __future__ import annotations

from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass, field

from mailwake.errors import MailwakeError
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.facts import Contacts
from mailwake.scoring.follow_ups import Drafts, default_drafts, drafts_of
from mailwake.scoring.keeping import Keeper
from mailwake.scoring.model import Model, default_model, model_of
from mailwake.scoring.ranking import Ranking, ranking
from mailwake.settings import Settings
from mailwake.store.answers.glance import looking
from mailwake.store.state import Axis

#: so long a first ranking is waited for by who looks at a page; on a small store it is there by then
_SOON_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One installation's way to score."""

    model: Model = field(default_factory=default_model)
    drafts: Drafts = field(default_factory=default_drafts)
    contacts: Contacts = field(default_factory=Contacts)
    #: gives a ranking that was made a moment ago, else makes one
    keep: Callable[[Callable[[], Ranking]], Ranking] = field(default=lambda make: make())
    #: the same, but None where it is not there within so many seconds
    soon: Callable[[Callable[[], Ranking], float], Ranking | None] = field(default=lambda make, _: make())

    def ranking(self, stores: Stores, now: Micros) -> Ranking:
        """Everybody by score."""
        return self.keep(self._maker(stores, now))

    def is_ranked(self, stores: Stores, now: Micros, *, seconds: float) -> bool:
        """Whether `ranking` has an answer at hand; else one is being made, which is waited for so long."""
        return self.soon(self._maker(stores, now), seconds) is not None

    def best_from(self, stores: Stores, now: Micros) -> int:
        """From which score on somebody is among the best.

        Who looks at a page after a start is told what it was when everybody was last ranked, until they are again.
        """
        if looking() is not None and not self.is_ranked(stores, now, seconds=_SOON_SECONDS):
            last = stores.state.value(self._best)
            if last:
                return int(last)
        return self.ranking(stores, now).best_from

    def _maker(self, stores: Stores, now: Micros) -> Callable[[], Ranking]:
        """Who wants no profile is asked only when a ranking is made."""

        def make() -> Ranking:
            made = ranking(stores, self.model, now=now, not_profiled=self._not_profiled(stores))
            with suppress(MailwakeError):  # a state store that is away costs the next start its head start
                if stores.state.value(self._best) != str(made.best_from):
                    stores.state.put_value(self._best, str(made.best_from))
            return made

        return make

    @property
    def _best(self) -> str:
        """The state store's name for it."""
        return f"scoring best from {self.model.id}"

    def _not_profiled(self, stores: Stores) -> Set[Handle]:
        return self.contacts.not_profiled() | stores.state.refusing(Axis.PROFILE)


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
        **Keeper().ways,
    )
