"""Why machines' clicks are machines': counted per link, in words, for every code that the judge can give."""

import json

from tests.insight import seeding
from tests.insight.seeding import HUMAN, SCANNER

from mailwake.events import EventType
from mailwake.insight.link_reasons import REST, why_machines, words
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores
from mailwake.judge.rules import load_rules

SOON = json.dumps([["delay", -2.9, '3 s ["fetch",-9'], ["network", -1.7, "of AS3320"], ["language", -0.2, "none"]])
LITTLE = ["rest", -1.5, "5 lesser observations together"]
BAIT = '[["decoy",-4.0,"a hidden link"],["delay",-2.0,"9 s"],["returned",1.0,"came again"]]'


def test_reasons_that_weigh_are_counted_by_link_and_for_all(stores: Stores) -> None:
    mail = seeding.sending(stores, "Book a call")
    mail.people([f"p{n}@example.com" for n in range(9)])
    for number in range(9):
        mail.add(EventType.SENT, number, 0)
        mail.add(EventType.DELIVERED, number, 1)
    for number, (link, reasons) in enumerate(((2, SOON), (2, SOON), (2, BAIT), (3, BAIT))):
        mail.add(EventType.CLICKED, number, 9, link=link, role="cta", reasons=reasons, **SCANNER)
    mail.add(EventType.CLICKED, 7, 900, link=2, role="cta", reasons=SOON, **HUMAN)
    mail.write()
    found = why_machines(stores, mail.campaign)
    second = found[str(mail.template), 2]
    assert (second.clicks, [(each.code, each.clicks) for each in second.reasons]) == (
        3,
        [("delay", 3), ("network", 2), ("decoy", 1)],
    )
    assert (found["", 0].clicks, found["", 0].reasons[0].clicks) == (4, 4)
    report = campaign_report(stores, mail.campaign)
    assert {line.number: line.machines.clicks for line in report.links if line.machines} == {2: 3, 3: 1}
    assert report.machines == found["", 0]


def test_the_sum_of_lesser_reasons_is_told_only_where_no_other_has_a_name(stores: Stores) -> None:
    mail = seeding.sending(stores, "Much of little")
    mail.people(["a@example.com", "b@example.com", "c@example.com"])
    for number, link in enumerate((2, 2, 3)):
        mail.add(EventType.SENT, number, 0)
        reasons = json.dumps([LITTLE, *([["delay", -2.0, "9 s"]] * (number == 1))])
        mail.add(EventType.CLICKED, number, 9, link=link, role="cta", reasons=reasons, **SCANNER)
    mail.write()
    found = why_machines(stores, mail.campaign)
    assert [(each.code, each.clicks) for each in found[str(mail.template), 2].reasons] == [("delay", 1)]
    assert [each.says for each in found[str(mail.template), 3].reasons] == ["several lesser signs together"]


def test_without_machines_there_is_nothing_to_say(stores: Stores) -> None:
    mail = seeding.sending(stores, "Quiet")
    assert why_machines(stores, mail.campaign) == {}
    assert campaign_report(stores, mail.campaign).machines is None


def test_every_code_of_the_rules_has_words_and_no_other_has() -> None:
    assert set(words()) == {*load_rules().words, REST}
