"""The page and the API of Salesforce's own tracking, over real stores."""

from pathlib import Path

import pytest
from tests.crm.house import NOW
from tests.native.test_report import Desk, desk
from tests.web.conftest import Asking

from mailwake.native.reading import READ_AT
from mailwake.settings import parse
from mailwake.web.app import create_app

__all__ = ["desk"]


@pytest.fixture
def asking(desk: Desk, tmp_path: Path) -> Asking:
    settings = parse({"data": "."}, root=tmp_path)
    return Asking(create_app(desk.stores, settings=settings, wall=lambda: NOW))


def test_before_anything_was_read_the_page_says_how(asking: Asking) -> None:
    assert "mailwake salesforce reconcile" in asking.get("/salesforce/reconcile").text
    assert asking.get("/api/salesforce/reconcile").json()["read_at"] is None


def test_page_and_api_tell_the_same(desk: Desk, asking: Asking) -> None:
    desk.sent()
    made = desk.mail(is_opened=True)
    desk.mail(None)
    desk.store.put_mark(READ_AT, NOW)
    told = asking.get("/api/salesforce/reconcile?days=7").json()
    page = asking.get("/salesforce/reconcile?days=7").text
    assert (told["mails"], told["compared"]) == (2, 1)
    for line in told["lines"]:
        assert line["why"] in page
    assert made.record in page
    assert "2 recipients of mail there" in page
    assert 'href="/salesforce/reconcile?days=7" aria-current="page"' in page


def test_names_of_list_emails_are_text(desk: Desk, asking: Asking) -> None:
    from mailwake.store.native import ListMail

    hostile = ListMail(
        record="0XB000000000001AAA", name="<script>x</script>", subject=None, sent_at=NOW, total_sent=None,
        changed_at=NOW,
    )  # fmt: skip
    desk.store.put_lists([hostile], marks={READ_AT: NOW})
    page = asking.get("/salesforce/reconcile").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "cannot say" in page


def test_days_beyond_what_is_kept_are_refused(asking: Asking) -> None:
    assert asking.get("/api/salesforce/reconcile?days=0").status_code == 400
    assert asking.get("/salesforce/reconcile?days=100000").status_code == 400


def test_a_dashboard_without_an_installation_says_that_nothing_was_read(desk: Desk) -> None:
    alone = Asking(create_app(desk.stores))
    assert alone.get("/api/salesforce/reconcile").json()["mails"] == 0
