"""A large org: as many calls as the plan said, and no more."""

from pathlib import Path

import pytest
from tests.crm.house import DAY, NOW, TEMPLATE
from tests.pushing.orgs import Place, opened

from mailwake.events import CampaignId, Class, DeliveryId, EventType, Micros, Source
from mailwake.store.events import EventRow

PEOPLE = 100_000
PART = 10_000


@pytest.mark.long
def test_a_hundred_thousand_people_within_the_calls_of_the_plan(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        fill(place)
        place.desk.look()
        place.desk.sweep()
        planned = place.desk.plan()
        before = place.ask("org")["used"]
        done = place.desk.push()
        used = place.ask("org")["used"] - before
        assert (done.written, done.refused, done.postponed) == (PEOPLE + PEOPLE // 25, 0, 0)
        assert used <= planned.calls
        assert used < 200, "as bulk jobs, not row by row"
        assert place.desk.plan().objects == ()


def fill(place: Place) -> None:
    """Everybody got a mail, one in twenty-five clicked."""
    for start in range(0, PEOPLE, PART):
        numbers = range(start, start + PART)
        addresses = [f"reader{number}@example.com" for number in numbers]
        rows = [{"LastName": f"R{n}", "Email": each} for n, each in zip(numbers, addresses, strict=True)]
        place.order("records", object="Contact", records=rows)
        handles = place.house.state.handles(addresses, now=NOW)
        place.house.events.write(
            rows=[
                EventRow(
                    id=(number + 1) * 2 + is_click,
                    type=EventType.CLICKED if is_click else EventType.SENT,
                    at=Micros(NOW - 3 * DAY + is_click),
                    received_at=Micros(NOW - 3 * DAY + is_click),
                    source=Source.EDGE,
                    campaign=CampaignId(place.house.campaign),
                    template=TEMPLATE,
                    delivery=DeliveryId(number + 1),
                    recipient=handles[address],
                    modes=51,
                    link=1 if is_click else None,
                    role="cta" if is_click else None,
                    p_human=0.95 if is_click else None,
                    klass=Class.HUMAN if is_click else None,
                    settled=True,
                )
                for number, address in zip(numbers, addresses, strict=True)
                for is_click in ((0, 1) if number % 25 == 0 else (0,))
            ]
        )
