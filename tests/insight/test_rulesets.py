"""A report says which rules its numbers were made with, and where they are mixed, in what shares."""

from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding

from mailwake.drawing import figures
from mailwake.drawing.over_time import Asked
from mailwake.events import Class, EventType
from mailwake.insight.answers import CampaignReport, Overview, Ruleset
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.printing import campaigns as tables
from mailwake.views import campaign_view


@pytest.fixture
def mixed(stores: Stores) -> tuple[CampaignReport, Overview]:
    """Three verdicts by one ruleset and one by another, besides a campaign of which nothing was judged."""
    sending = seeding.sending(stores, "Mixed")
    sending.people([f"p{n}@example.com" for n in range(4)])
    for number, ruleset in enumerate(["a-1", "a-1", "<b>-2", "a-1"]):
        sending.add(EventType.SENT, number, 0)
        sending.add(EventType.OPENED, number, 60, p_human=0.9, klass=Class.HUMAN, ruleset=ruleset)
    sending.write()
    quiet = seeding.sending(stores, "Quiet")
    quiet.people(["q@example.com"])
    quiet.add(EventType.SENT, 0, 0)
    quiet.write()
    return campaign_report(stores, find(stores, "Mixed")), overview(stores)


def test_mixed_rules_are_listed_with_their_share(mixed: tuple[CampaignReport, Overview]) -> None:
    expected = (Ruleset(id="a-1", verdicts=3, share=0.75), Ruleset(id="<b>-2", verdicts=1, share=0.25))
    report, whole = mixed
    assert report.rulesets == whole.rulesets == expected
    assert {line.name: line.rulesets for line in whole.campaigns} == {"Mixed": expected, "Quiet": ()}


def test_page_terminal_and_spreadsheet_say_it(
    mixed: tuple[CampaignReport, Overview], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    report, whole = mixed
    told = f"judged by a-1 (75.0{figures.NBSP}%), <b>-2 (25.0{figures.NBSP}%)"
    assert campaign_view.values(report, Asked(), zone=ZoneInfo("UTC"))["rulesets"] == told
    tables.show_campaign(report)
    assert told in capsys.readouterr().out
    tables.show_overview(whole)
    assert told in capsys.readouterr().out
    tables.campaign_csv(report)
    tables.overview_csv(whole)
    assert capsys.readouterr().out.count("a-1 0.75; <b>-2 0.25") == len(report.rates) + 1


def test_where_nothing_was_judged_nothing_is_said(stores: Stores) -> None:
    assert overview(stores).rulesets == ()
