"""With what, from where, at which provider and hour of the week: what a list of a campaign's people is narrowed to.

A copy is where the event is that decides whose it was, as on the campaign's page, so that a list is as long as the
number that leads to it. A provider is that of the address, whatever was opened. An hour is by the reader's own
clock, as on the page of timing, which counts people alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mailwake.comparing.timing import QUARTER, moments_in
from mailwake.deliverability import behind
from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign

#: what is not known, in the place of a client, a device or a country
UNKNOWN = "unknown"
#: all that are not told apart, in the place of a provider
OTHERS = behind.OTHERS
#: outcomes that the page of timing counts by the hour
TIMED = ("opened_human", "clicked_human")


@dataclass(frozen=True, kw_only=True, slots=True)
class There:
    """What narrows a list; empty texts narrow nothing."""

    client: str = ""
    device: str = ""
    #: ISO 3166-1 alpha-2
    country: str = ""
    #: a line of the campaign's providers, or `OTHERS`
    provider: str = ""
    #: an hour of the week, such as `tue-14`
    hour: str = ""

    @property
    def chosen(self) -> Mapping[str, str]:
        """What narrows, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def words(self) -> str:
        """The same as one text, the same for the same list; empty: nothing narrows."""
        return "".join(f" {name}={value}" for name, value in self.chosen.items())

    def asked(self, stores: Stores, campaign: Campaign, outcome: str) -> dict[str, int | str]:
        """What the question takes of it. Opens are where they were opened, clicks where they were clicked.

        Raises:
            BadInput: there is no such provider in the campaign, no such hour, or the outcome has none.
        """
        kind = outcome.partition("_")[0]
        asked: dict[str, int | str] = {
            "kind": kind if kind in {"opened", "clicked"} else "",
            "client": self.client,
            "device": self.device,
            "country": self.country,
            "domains": "",
            "elsewhere": 0,
            "hours": self._hours(stores, campaign, outcome),
        }
        if self.provider:
            found = behind.domains_behind(stores, campaign, self.provider)
            asked |= {"domains": f",{','.join(found.domains)},", "elsewhere": int(found.is_others)}
        return asked

    def _hours(self, stores: Stores, campaign: Campaign, outcome: str) -> str:
        """Countries and quarters of an hour that are meant, with commas before, between and behind; empty: any."""
        if not self.hour:
            return ""
        if outcome not in TIMED:
            raise BadInput(f"an hour of the week is told of {' and '.join(TIMED)} alone; ask for one of them")
        moments = moments_in(stores, campaign, outcome.partition("_")[0], self.hour)
        return "".join(f",{country}@{start // QUARTER}" for country, start in moments) + ","


ANYWHERE = There()
