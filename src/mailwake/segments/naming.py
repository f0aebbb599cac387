"""Texts that a query may hold, to be offered while it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailwake.deliverability.providers import providers_of
from mailwake.insight.report import country_names
from mailwake.insight.stores import Stores

#: a domain of fewer people is not offered: it may be somebody's own
LEAST_PEOPLE = 5
#: of each sort
_MOST = 5_000
#: campaigns whose labels come first
_NEWEST = 3


#: by the word that they stand behind; some with what they mean
Names = Mapping[str, Sequence[str] | Mapping[str, str]]


def names(stores: Stores) -> Names:
    """Texts by the word that they stand behind; of countries by their code what they are called.

    Labels of links and names of campaigns come the newest first, domains those of most people.
    """
    campaigns = stores.state.campaigns()
    links = [link for each in campaigns[:_NEWEST] for link in stores.state.links(each.id) if link.tracked]
    labels = dict.fromkeys(link.label for link in (*links, *stores.state.tracked_links()) if link.label)
    domains = stores.state.shared_domains(at_least=LEAST_PEOPLE)[:_MOST]
    homes = providers_of(stores, domains)
    return {
        "clicked": list(labels)[:_MOST],
        "converted": list(stores.state.goals()),
        "campaign": [each.name for each in campaigns[:_MOST]],
        "domain": domains,
        "provider": list(dict.fromkeys(homes[each] for each in domains)),
        "country": country_names(),
    }
