"""What is credited, counted by hand; and for any clicks and sales: it adds up, and their order changes nothing."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from tests.earnings.conftest import DAY, NOW, Shop
from tests.insight import seeding

from mailwake.earnings.answers import CampaignConversions, EarnedAnswer, LineAnswer, MoneyAnswer, to_json
from mailwake.earnings.credit import Model
from mailwake.earnings.keeper import NoSuchGoal
from mailwake.earnings.report import campaign_conversions, goal_report, goals, model_named
from mailwake.errors import BadInput
from mailwake.insight.metrics import metrics
from mailwake.segments import keeper as segments

ANN, BEN, EVA, KIM, LEO = people = [f"{name}@example.com" for name in ("ann", "ben", "eva", "kim", "leo")]
EUR, USD = "EUR", "USD"


def euros(minor: int) -> tuple[MoneyAnswer, ...]:
    return (MoneyAnswer(currency=EUR, minor=minor),)


def by_hand(shop: Shop) -> tuple[str, str]:
    """Two campaigns, five people.

    Ann clicked in both and bought once for 10.00. Ben clicked link 2 twice and link 4 once in spring, and bought twice.
    Eva's only click was a machine's; she bought. Kim bought 31 days after her click. Leo bought before his click, and
    once more, in dollars, at the last moment of the window.
    """
    shop.goal("purchase", window_days=30, value="5", currency=EUR)
    shop.goal("signup", window_days=1)
    spring, summer = shop.mail("Spring", people), shop.mail("Summer", people, start=seeding.START)
    shop.click(spring, 0, 1 * DAY)
    shop.click(summer, 0, 2 * DAY, link=4)
    shop.buy(ANN, 3 * DAY, value="10.00")
    for after, link in ((100, 2), (200, 4), (300, 2)):
        shop.click(spring, 1, after, link)
    shop.buy(BEN, 1_000, value="0.05", id="b1")
    shop.buy(BEN, 2_000, id="b2")
    shop.click(spring, 2, 60, human=False)
    shop.buy(EVA, 500)
    shop.click(spring, 3, 100)
    shop.buy(KIM, 100 + 30 * DAY)
    shop.buy(LEO, 50, value="7")
    shop.click(spring, 4, 100, link=6)
    shop.buy(LEO, 99 + 30 * DAY, value="3", currency=USD)
    shop.write(spring, summer)
    return spring.campaign.name, summer.campaign.name


def told(shop: Shop, name: str, model: Model = Model.LAST, goal: str = "purchase") -> CampaignConversions:
    campaign = shop.stores.state.find_campaign(name)
    assert campaign is not None
    return campaign_conversions(shop.stores, campaign, goal=goal, model=model, now=NOW)


def test_every_model_by_hand(shop: Shop) -> None:
    spring, summer = by_hand(shop)
    last = told(shop, spring)
    assert last.earned == EarnedAnswer(
        conversions=3, people=2, money=(MoneyAnswer(currency=EUR, minor=505), MoneyAnswer(currency=USD, minor=300))
    )
    assert {each.label: each.earned.conversions for each in last.links} == {"See the autumn range": 2, "Imprint": 1}
    assert told(shop, summer).earned == EarnedAnswer(conversions=1, people=1, money=euros(1_000))
    first = told(shop, spring, Model.FIRST)
    assert first.earned.conversions == 4
    assert told(shop, summer, Model.FIRST).earned == EarnedAnswer()
    linear = told(shop, spring, Model.LINEAR)
    assert linear.earned.money[0] == MoneyAnswer(currency=EUR, minor=500 + 505)
    assert {each.id.rpartition(":")[2]: each.earned.money for each in linear.links} == {
        "2": euros(500 + 3 + 250),
        "4": euros(2 + 250),
        "6": (MoneyAnswer(currency=USD, minor=300),),
    }
    assert told(shop, summer, Model.LINEAR).earned == EarnedAnswer(conversions=0.5, people=1, money=euros(500))


def test_machine_clicks_late_goals_and_goals_before_the_click_stand_apart(shop: Shop) -> None:
    spring, summer = by_hand(shop)
    apart = [told(shop, name).unclicked for name in (spring, summer)]
    assert sum(each.conversions for each in apart) == 2  # Eva's, and Leo's first; Kim was mailed too long ago
    assert sum(money.minor for each in apart for money in each.money) == 500 + 700
    (purchase, _) = goals(shop.stores, now=NOW)
    assert (purchase.total.conversions, purchase.clicked.conversions, purchase.unclicked.conversions) == (7, 4, 2)


def test_rates_and_money_per_copy_have_bases_intervals_and_registered_names(shop: Shop) -> None:
    spring, _ = by_hand(shop)
    found = told(shop, spring)
    led, once = found.rates
    assert (led.count, led.base, led.rate, once.count, once.base) == (2, 5, 0.4, 2, 4)
    assert led.low is not None
    assert [(each.currency, each.value, each.low) for each in found.per_delivered] == [
        (EUR, 101, None),
        (USD, 60, None),
    ]
    registered = {metric.id for metric in metrics().values() if metric.source == "earnings"}
    assert {led.metric, once.metric, *(each.metric for each in found.per_delivered)} == registered


def test_an_order_that_was_told_before_a_campaign_is_not_earned_by_it(shop: Shop) -> None:
    """Ann looks at the page with the picture once more, after a click in later mail."""
    shop.goal("purchase", value="5", currency=EUR)
    shop.buy(ANN, DAY, id="o1")
    summer = shop.mail("Summer", people, start=seeding.START + timedelta(days=2))
    shop.click(summer, 0, 100)
    shop.buy(ANN, 2 * DAY + 200, picture=True, id="o1")
    shop.write(summer)
    assert goal_report(shop.stores, "purchase", Model.LAST, now=NOW).campaigns == ()
    assert told(shop, "Summer").earned == EarnedAnswer()


def test_one_order_told_by_a_picture_and_by_the_shop_counts_once_as_the_shop_says(shop: Shop) -> None:
    shop.goal("purchase", value="5", currency=EUR)
    mail = shop.mail("Spring", people)
    shop.click(mail, 0, 100)
    shop.click(mail, 1, 100)
    shop.buy(ANN, 150, picture=True, id="7", value="9999")
    shop.buy(ANN, 900, id="7", value="20")
    shop.buy(BEN, 150, picture=True, id="7", value="30")  # another's order of the same name is another order
    shop.write(mail)
    found = told(shop, "Spring")
    assert found.earned == EarnedAnswer(conversions=2, people=2, money=euros(5_000))
    assert goals(shop.stores, now=NOW)[0].by_picture == 1


def test_segments_hold_their_own_people(shop: Shop) -> None:
    spring, _ = by_hand(shop)
    segments.add(shop.stores, "Clickers", "clicked >= 2 as human", is_live=False, now=NOW, by="test")
    segments.add(shop.stores, "Nobody", "bounced", is_live=True, now=NOW, by="test")
    assert told(shop, spring).segments is None
    campaign = shop.stores.state.find_campaign(spring)
    assert campaign is not None
    found = campaign_conversions(shop.stores, campaign, goal="purchase", with_segments=True, now=NOW)
    clickers, nobody = found.segments or ()
    assert (clickers.label, clickers.earned.people, clickers.earned.money) == ("Clickers", 1, euros(505))
    assert nobody == LineAnswer(id="Nobody", label="Nobody", earned=EarnedAnswer())


def test_what_is_not_there_is_said(shop: Shop) -> None:
    mail = shop.mail("Spring", people)
    shop.write(mail)
    assert told(shop, "Spring", goal="").goal is None
    with pytest.raises(NoSuchGoal, match="none yet"):
        told(shop, "Spring")
    shop.goal("purchase")
    nothing = told(shop, "Spring")
    assert (nothing.earned, nothing.links, nothing.per_delivered) == (EarnedAnswer(), (), ())
    assert (nothing.rates[0].rate, nothing.rates[1].cannot_say) == (0, "cannot say: nothing was clicked by people")
    with pytest.raises(BadInput, match="choose last, first or linear"):
        model_named("newest")


@pytest.mark.long
def test_whatever_happened_credit_adds_up_and_the_order_of_events_changes_nothing(tmp_path: Path) -> None:
    """Random clicks and sales of three campaigns, told twice in another order."""
    answers = []
    for turn in range(2):
        shop = Shop(seeding.open_stores(tmp_path / str(turn)))
        draw, order = random.Random(3), random.Random(turn)
        names = [f"p{number}@example.com" for number in range(12)]
        shop.stores.state.handles(names, now=NOW)
        shop.goal("purchase", window_days=5, value="5", currency=EUR)
        mails = [shop.mail(f"C{number}", names) for number in range(3)]
        for _ in range(150):
            mail, who = draw.choice(mails), draw.randrange(12)
            shop.click(mail, who, draw.randrange(20) * DAY / 2, draw.choice((1, 2, 3, 4)), human=draw.random() < 0.6)
        for number in range(60):
            value, currency = draw.choice((("0.01", EUR), ("19.99", EUR), ("7", "JPY"), ("", ""), ("0", EUR)))
            shop.buy(
                draw.choice(names), draw.randrange(25) * DAY / 2, value=value, currency=currency, id=str(number % 50)
            )
        for each in (*(mail.rows for mail in mails), shop.rows):
            order.shuffle(each)
        shop.write(*mails)
        answers.append(_checked(shop))
        seeding.close(shop.stores)
    assert answers[0] == answers[1]


def _checked(shop: Shop) -> list[bytes]:
    """What every campaign and the goal say; each adds up to what was earned after a click of a person."""
    said = []
    for model in Model:
        report = goal_report(shop.stores, "purchase", model, now=NOW)
        parts = [told(shop, f"C{number}", model) for number in range(3)]
        assert 5 < report.goal.clicked.conversions < report.goal.total.conversions
        for lines in (
            report.campaigns,
            [line for part in parts for line in part.links],
            [line for part in parts for line in part.variants],
        ):
            assert sum(line.earned.conversions for line in lines) == pytest.approx(report.goal.clicked.conversions)
            assert _sum([line.earned for line in lines]) == _sum([report.goal.clicked])
        said += [
            to_json([part.earned, part.rates, part.per_delivered, [line.earned for line in part.links]])
            for part in parts
        ]
    return said


def _sum(every: list[EarnedAnswer]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in every:
        for money in each.money:
            total[money.currency] = total.get(money.currency, 0) + money.minor
    return {code: minor for code, minor in total.items() if minor}
