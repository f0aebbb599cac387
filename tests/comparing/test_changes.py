"""Two weeks at equal age: counted by hand, young mail left out, and nothing said where nothing can be."""

import re
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, SCANNER, START

from mailwake.comparing.changes import Changed, Changes, changes
from mailwake.events import SECOND, EventType, Micros, Source
from mailwake.insight.report import overview
from mailwake.insight.stores import Stores
from mailwake.profiles import STREAMS
from mailwake.store.state import Incident, IncidentKind
from mailwake.views import changes_view

DAY = 24 * HOUR
NOW = seeding.micros()


def mail(
    stores: Stores,
    name: str,
    days_ago: float,
    copies: int,
    *,
    clicks: int,
    late: int = 0,
    scans: int = 0,
    stream: str = "marketing",
) -> None:
    """Copies of which the first are clicked by people within a day, the next after two days, the last by machines."""
    sending = seeding.sending(stores, name, start=START - timedelta(days=days_ago), stream=stream)
    sending.people([f"p{n}@{name}.example" for n in range(copies)])
    for number in range(copies):
        sending.add(EventType.SENT, number, 0)
        sending.add(EventType.DELIVERED, number, 1)
        if number < clicks + late:
            after = HOUR if number < clicks else 2 * DAY
            sending.add(EventType.CLICKED, number, after, link=2, role="cta", **HUMAN | {"p_human": 1.0})
        if number >= copies - scans:
            sending.add(EventType.CLICKED, number, 9, link=2, role="cta", **SCANNER | {"p_human": 0.0})
    sending.write()


def asked(stores: Stores) -> Changes:
    return changes(stores, overview(stores), now=NOW)


def figure(answer: Changes, metric: str) -> Changed:
    return next(each for each in answer.figures if each.now.metric == metric)


def sentences(answer: Changes) -> list[str]:
    return [each.text for each in changes_view.values(answer, ZoneInfo("UTC"))["news"]]


def test_both_weeks_are_looked_at_a_day_after_sending(stores: Stores) -> None:
    mail(stores, "before", 10, 100, clicks=30, late=40)
    mail(stores, "now", 3, 200, clicks=20, late=5, scans=60)
    mail(stores, "young", 0.1, 50, clicks=50)
    answer = asked(stores)
    clicks = figure(answer, "human_click_rate__delivered_trackable")
    assert (clicks.before.count, clicks.before.base, clicks.now.count, clicks.now.base) == (30, 100, 20, 200)
    assert clicks.standing == "lower"
    assert clicks.value == pytest.approx(-0.2)
    machines = figure(answer, "machine_alone_rate__clicked")
    assert (machines.now.count, machines.now.base, machines.before.count, machines.before.base) == (60, 80, 0, 30)
    assert [(each.name, each.copies) for each in answer.begun] == [("young", 50), ("now", 200)]
    assert (answer.too_young, answer.age) == (1, DAY)
    told = sentences(answer)
    assert told[0] == "2 new campaigns: young, now."
    assert "Clicked by people: 10.0\N{NO-BREAK SPACE}%, the week before 30.0\N{NO-BREAK SPACE}%: lower." in told
    assert not [each for each in told if "spam" in each or "Bounced" in each], "nothing out of nothing is no news"


def test_what_chance_may_have_done_is_not_distinguishable(stores: Stores) -> None:
    mail(stores, "before", 10, 100, clicks=10)
    mail(stores, "now", 3, 100, clicks=13)
    assert figure(asked(stores), "human_click_rate__delivered_trackable").standing == "not distinguishable"


def test_streams_are_told_apart_and_a_change_of_their_mix_is_none(stores: Stores) -> None:
    mail(stores, "older", 12, 100, clicks=4)
    mail(stores, "letter 1", 10, 100, clicks=6)
    mail(stores, "letter 2", 3, 200, clicks=10)
    mail(stores, "orders", 4, 100, clicks=40, stream="transactional")
    mail(stores, "few", 4, 9, clicks=9, stream="outbound")
    answer = asked(stores)
    assert figure(answer, "human_click_rate__delivered_trackable").standing == "higher", "of everything together"
    assert figure(answer, "human_click_rate__delivered_trackable").now.base == 300, "without the few"
    told = [each for each in changes_view.values(answer, ZoneInfo("UTC"))["news"] if each.text.startswith("Clicked")]
    assert [each.text.replace("\N{NO-BREAK SPACE}", " ") for each in told] == [
        "Clicked by people: 5.0 % (marketing), the week before 5.0 %: not distinguishable.",
        "Clicked by people: 40.0 % (transactional). There is nothing of the week before to compare with.",
    ]
    ids = {each.name: each.id for each in overview(stores).campaigns}
    links = [[word.href for word in each.words if word.href] for each in told]
    assert links == [[f"/compare?c={ids['letter 1']}&c={ids['letter 2']}"], [f"/campaigns/{ids['orders']}"]]


def test_a_first_campaign_of_this_morning_is_looked_at_after_an_hour(stores: Stores) -> None:
    mail(stores, "young", 2 / 24, 50, clicks=5)
    answer = asked(stores)
    clicks = figure(answer, "human_click_rate__delivered_trackable")
    assert (answer.age, clicks.now.count, clicks.now.base) == (HOUR, 5, 50)
    assert (clicks.before.rate, clicks.standing) == (None, None)
    assert "There is nothing of the week before to compare with." in " ".join(sentences(answer))


def test_nothing_is_said_of_nothing(stores: Stores) -> None:
    assert sentences(asked(stores)) == []
    mail(stores, "long ago", 60, 20, clicks=3)
    assert sentences(asked(stores)) == []


def test_bounces_suppressed_addresses_and_alarms_are_told(stores: Stores) -> None:
    mail(stores, "before", 10, 400, clicks=0)
    mail(stores, "now", 3, 400, clicks=0)
    sending = seeding.sending(stores, "now", start=START - timedelta(days=3))
    sending.people([f"p{n}@now.example" for n in range(400)])
    for number in range(40):
        sending.add(EventType.BOUNCED, number, 60, id=5_000 + number, source=Source.BOUNCE)
    sending.write()
    handle = next(iter(stores.state.handles(["p1@now.example"], now=NOW).values()))
    stores.state.suppress(handle, reason="bounced", source="bounce", at=Micros(NOW - DAY * SECOND))
    day_ago = Micros(NOW - DAY * SECOND)
    for number, kind in enumerate((IncidentKind.STORM, IncidentKind.IMPORT)):
        stores.state.put_incident(
            Incident(id=number, kind=kind, opened_at=day_ago, last_at=day_ago, count=70, quoted="", place="mx.example")
        )
    answer = asked(stores)
    bounced = figure(answer, "bounce_rate__sent")
    assert (bounced.now.count, bounced.now.base, bounced.standing) == (40, 400, "higher")
    assert answer.suppressed == {"bounced": 1}
    assert [each.about for each in answer.alarms] == ["mx.example"], "an import is no alarm"
    told = changes_view.values(answer, ZoneInfo("UTC"))["news"]
    assert [each.kind for each in told if each.text.startswith("Bounced")] == ["bad"]
    assert "An alarm stands: a storm of refusals at mx.example." in [each.text for each in told]


def test_the_numbers_of_streams_are_their_places() -> None:
    """In the question, where a word for each copy would take too much memory."""
    sql = files("mailwake.store.events").joinpath("questions/weeks.sql").read_text("utf-8")
    told = {name: int(number) for name, number in re.findall(r"when '(\w+)' then (\d+)$", sql, re.MULTILINE)}
    assert {"marketing": 0, **told} == {name: 2 * at for at, name in enumerate(STREAMS)}
