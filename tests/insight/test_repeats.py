"""Who came back is counted over copies that a person reacted to; of few nothing is told."""

from tests.insight import seeding

from mailwake.events import Class, EventType
from mailwake.insight.repeats import LEAST_COPIES, repeats
from mailwake.insight.stores import Stores

DAY = 24 * seeding.HOUR
HUMAN = {"p_human": 0.95, "klass": Class.HUMAN, "ruleset": "r"}
MACHINE = {"p_human": 0.02, "klass": Class.SCANNER, "ruleset": "r"}


def test_each_copy_counts_once_for_each_way_of_coming_back(stores: Stores) -> None:
    mail = seeding.sending(stores, "Repeats")
    mail.people([f"p{number}@example.com" for number in range(LEAST_COPIES + 1)])
    phone, desk = {"client": "Apple Mail", "device": "mobile"}, {"client": "Outlook", "device": "desktop"}
    for number in range(LEAST_COPIES):
        mail.add(EventType.SENT, number, 0)
        mail.add(EventType.OPENED, number, 60, **HUMAN, **phone, country="DE")
    mail.add(EventType.OPENED, 0, 120, **HUMAN, **phone, country="DE")  # the same day
    mail.add(EventType.OPENED, 1, 2 * DAY, **HUMAN, **phone, country="FR")  # travels with one phone
    mail.add(EventType.OPENED, 2, 15 * DAY, **HUMAN, **desk, country="DE")
    mail.add(EventType.OPENED, 3, 90, **HUMAN, **desk, country="FR")
    mail.add(EventType.OPENED, 4, 20 * DAY, **MACHINE, **desk, country="US")
    mail.add(EventType.OPENED, LEAST_COPIES, 20 * DAY, **MACHINE, **desk, country="US")
    mail.write()
    found = repeats(stores, mail.campaign)
    assert found.copies == LEAST_COPIES
    assert {share.name: share.count for share in found.shares} == {
        "several_days": 2,
        "returned": 1,
        "several_devices": 2,
        "passed_on": 1,
    }
    assert all(share.low < share.rate < share.high for share in found.shares)
    assert repeats(stores) == found


def test_of_few_copies_it_cannot_say(stores: Stores) -> None:
    mail = seeding.sending(stores, "Few")
    mail.people(["p@example.com"])
    mail.add(EventType.OPENED, 0, 60, **HUMAN)
    mail.write()
    assert repeats(stores, mail.campaign).copies == 1
    assert not repeats(stores, mail.campaign).shares
    assert repeats(stores).copies == 1
