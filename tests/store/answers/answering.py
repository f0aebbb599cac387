"""What several tests of kept answers ask, and where they put off what is asked beside."""

from collections.abc import Callable
from typing import Any

from mailwake.store.answers import together
from mailwake.store.events import EventStore
from mailwake.store.events.asking import questions

ASKED = ("campaign_counts", "links", "counters", "campaigns", "latest")
TOGETHER = together.OF_ALL


def everything(store: EventStore) -> list[Any]:
    found = []
    for name in ASKED:
        takes = questions()[name].parameters
        for campaign in (1, 2) if "campaign" in takes else (None,):
            found.append((name, campaign, store.ask(name, **({"campaign": campaign} if campaign else {}))))
    return found


def of_each(store: EventStore, question: str) -> list[dict[str, Any]]:
    """What a question on all campaigns has to say: what that on one says of each.

    The rows made here have deliveries of which several campaigns claim an event, and the text on all of them tells such
    a one once alone. There are none outside of tests.
    """
    campaigns = [row["campaign"] for row in store.ask("campaigns")]
    return [row for each in campaigns for row in store.ask(TOGETHER[question], campaign=each)]


class Later(list[Callable[[], None]]):
    """Tasks to be run when a test says so."""

    def run(self) -> None:
        for task in self:
            task()
        self.clear()
