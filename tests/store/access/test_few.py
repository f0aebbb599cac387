"""Who sees numbers about many alone is told nothing of small campaigns by any question on all of them."""

from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.events import EventType
from mailwake.store.access.few import few_events, small_campaigns
from mailwake.store.answers.together import OF_ALL


@pytest.mark.parametrize("question", OF_ALL)
def test_no_question_on_all_campaigns_tells_of_a_small_one(tmp_path: Path, question: str) -> None:
    stores = seeding.open_stores(tmp_path)
    for name, copies in (("Small", 3), ("Large", 30)):
        mail = seeding.sending(stores, name)
        mail.people([f"p{n}@example.com" for n in range(copies)])
        for number in range(copies):
            mail.add(EventType.SENT, number, 0)
            mail.add(EventType.CLICKED, number, 99, link=2, role="cta", **{**seeding.HUMAN, "ruleset": "r"})
        mail.write()
    small = small_campaigns(stores.events, least=20)
    assert len(small) == 1
    everything = {row["campaign"] for row in stores.events.ask(question)}
    told = {row["campaign"] for row in few_events(stores.events, small).ask(question)}
    assert (len(everything), told) == (2, everything - small)
    seeding.close(stores)
