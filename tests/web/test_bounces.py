"""What came back, on a page: rates with bases, words as text, and what to do."""

from tests.web.conftest import HOSTILE, Asking
from tests.web.test_pages import Seen, words


def test_the_page_says_where_why_and_what_to_do(asking: Asking) -> None:
    page = words(asking.page("/bounces"))
    for said in (
        "Campaigns",
        "Mail exchangers",
        "Recipient domains",
        "gmail.com",
        "no such mailbox · 52",
        "it is suppressed",
    ):
        assert said in page
    assert "Storm gmail.com: 1,200 refusals" in page


def test_a_campaign_has_a_page_of_its_own(asking: Asking) -> None:
    assert "Bounces of Crowd & Sons" in words(asking.page("/campaigns/2/bounces"))
    assert "Nothing came back" in words(asking.page("/campaigns/4/bounces"))
    assert asking.get("/campaigns/nowhere/bounces").status_code == 404


def test_hostile_words_are_text(asking: Asking) -> None:
    seen = Seen(asking.page("/bounces"))
    assert f"550 5.1.1 user unknown {HOSTILE}" in seen.text
    assert not [script for script in seen.all("script") if not script.get("src")]


def test_a_count_above_its_base_is_no_rate(asking: Asking) -> None:
    assert "cannot say" in asking.page("/bounces")


def test_the_api_says_the_same(asking: Asking) -> None:
    told = asking.get("/api/bounces").json()
    named = {line["name"]: line["refused"]["count"] for line in told["campaigns"]}
    (crowd,) = [each for each in asking.get("/api/campaigns").json()["campaigns"] if each["id"] == "2"]
    assert named["Crowd & Sons"] == 52 + crowd["tally"]["bounced"]  # nobody of the 52 is one of the crowd
    causes = {cause["category"]: cause["count"] for cause in told["total"]["causes"]}
    assert causes == {"bad_mailbox": 52, "no_cause": told["total"]["refused"]["count"] - 52}
    assert asking.get("/api/campaigns/2/bounces").json()["name"] == "Crowd & Sons"


def test_the_page_and_that_of_providers_have_the_same_words_for_a_cause(asking: Asking) -> None:
    bounces, providers = words(asking.page("/bounces")), words(asking.page("/deliverability"))
    for said in ("dead address", "no cause known"):
        assert said in bounces.lower()
        assert said in providers.lower()
