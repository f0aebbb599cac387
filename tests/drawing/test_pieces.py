"""Text made of numbers, where it has a mind of its own."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.every import every

from mailwake.drawing import pieces
from mailwake.insight.answers import Group, LinkLine
from mailwake.insight.metrics import metrics, rate
from mailwake.insight.tally import NOBODY, Reaction, Tally, reaction

ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    "href", ["http://example.com", "https://example.com/a?b=c#d", "https://user@example.com/", "HTTPS://EXAMPLE.COM"]
)
def test_a_plain_web_address_is_safe(href: str) -> None:
    assert pieces.safe_href(href) == href


@every(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:a@example.com",
        "//example.com",
        "/path",
        "",
        "https://",
        "https:example.com",
        "https://[::1",
        "https://example.com/\n",
        "https://example.com/\u202e",
        "mailwake:unsubscribe",
    ],
)
def test_everything_else_is_only_shown(href: str) -> None:
    assert pieces.safe_href(href) is None


def test_a_figure_is_a_sentence_on_hover() -> None:
    told = pieces.figure(rate(metrics()["bounce_rate__sent"], Tally(sent=200, bounced=17)))
    says = told.says.replace("\N{NO-BREAK SPACE}", " ")
    assert says.startswith(
        "Bounced: 17 of 200 sent, 8.5 % (95 % interval 5.4\N{EN DASH}13.2 %). Copies refused for good"
    )


def test_a_figure_that_cannot_be_told_says_why() -> None:
    told = pieces.figure(rate(metrics()["bounce_rate__sent"], Tally()))
    assert (told.percent, told.span) == ("cannot say", "")
    assert "nothing was sent" in told.says


def test_rankings_start_with_what_most_people_used() -> None:
    rows = (
        Group(name="a", label="A", opened=reaction(machine=90), clicked=NOBODY),
        Group(name="b", label="B", opened=reaction(human=2), clicked=NOBODY),
        Group(name="c", label="C", opened=NOBODY, clicked=reaction(human=1)),
    )
    shown = pieces.groups(rows, "opened", "/people?client=")
    assert [(row.label, row.people) for row in shown] == [("B", "/people?client=b"), ("A", "/people?client=a")]
    assert [row.label for row in pieces.groups(rows, "clicked", "")] == ["C"]


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (datetime(2026, 11, 16, 9, 0, 30, tzinfo=UTC), "sent 16 Nov 2026, 09:00"),
        (datetime(2026, 11, 16, 9, 5, tzinfo=UTC), "sent 16 Nov 2026, 09:00\N{EN DASH}09:05"),
        (datetime(2026, 11, 17, 9, 5, tzinfo=UTC), "sent 16 Nov 2026, 09:00 \N{EN DASH} 17 Nov 2026, 09:05"),
    ],
)
def test_when_a_campaign_was_sent_is_told_as_shortly_as_can_be(last: datetime, text: str) -> None:
    told = pieces.sent(datetime(2026, 11, 16, 9, tzinfo=UTC), last, ZONE)
    assert told.replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_campaign_not_sent_says_so() -> None:
    assert pieces.sent(None, None, ZONE) == "not sent yet"
    assert pieces.fresh(None, ZONE) == "no events yet"


@pytest.mark.parametrize(
    ("number", "of", "text"), [(1, 1, "1 campaign"), (2, 2, "2 campaigns"), (1, 1_200, "1 of 1,200 campaigns")]
)
def test_a_list_says_how_much_of_it_is_shown(number: int, of: int, text: str) -> None:
    assert pieces.listed(number, of, pieces.CAMPAIGNS) == text


def test_links_of_several_mails_say_in_which_they_stand_and_what_all_got() -> None:
    def line(template: str, subject: str, human: int, number: int = 1) -> LinkLine:
        clicked = Reaction(human=human, possible=0, machine=1, raw=human + 1)
        return LinkLine(
            template=template, number=number, label="Take a seat", role="cta", href="https://a.example/",
            clicked=clicked, hits=0, subject=subject, where="mso",
        )  # fmt: skip

    several = [line("7", "Come {{first_name}}", 3), line("8", "Come", 4), line("9", "Come", 0, number=2)]
    assert [each.mail for each in pieces.links(several, "5")] == [
        "in “Come [first_name]”; in all mails together 7 likely people, 9 raw",
        "in “Come” (8); in all mails together 7 likely people, 9 raw",
        "in “Come” (9)",
    ]
    (alone,) = pieces.links(several[:1], "5")
    assert (alone.mail, alone.where) == ("", "Outlook only")
