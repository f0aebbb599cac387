"""Every number leads to its people, and on to a table for a spreadsheet that runs nothing."""

import csv
import io
import re

from tests.web.conftest import Asking
from tests.web.test_pages import Seen, words

from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores


def rows(asking: Asking, path: str) -> list[dict[str, str]]:
    response = asking.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith("attachment; ")
    return list(csv.DictReader(io.StringIO(response.text)))


def test_numbers_of_links_lead_to_lists_of_as_many(asking: Asking, stores: Stores) -> None:
    page = Seen(asking.page("/campaigns/2"))
    targets = {a["href"] for a in page.all("a") if "/links/" in a["href"]}
    assert len(targets) > 8
    for line in campaign_report(stores, find(stores, "2")).links:
        for who, number in (("human", line.clicked.human), ("machine", line.clicked.machine)):
            target = f"/campaigns/2/links/{line.number}/people?template={line.template}&who={who}"
            assert (target in targets) == bool(number)
            assert len(rows(asking, target.replace("people?", "people.csv?"))) == number


def test_people_of_a_campaign_come_as_csv(asking: Asking, stores: Stores) -> None:
    tally = campaign_report(stores, find(stores, "2")).tally
    assert len(rows(asking, "/campaigns/2/people.csv")) == tally.sent
    clicked = rows(asking, "/campaigns/2/people.csv?outcome=clicked_machine")
    assert {row["clicked_by"] for row in clicked} == {"machine"}
    assert len(clicked) == tally.clicked.machine
    for row in rows(asking, "/campaigns/3/people.csv"):
        assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values())


def test_what_cannot_be_listed_is_refused_before_a_byte_is_sent(asking: Asking) -> None:
    assert asking.get("/campaigns/1/links/99/people").status_code == 404
    assert asking.get("/campaigns/1/links/99/people.csv").status_code == 404
    assert asking.get("/api/campaigns/1/links/99/people").status_code == 404
    assert asking.get("/campaigns/1/links/2/people?who=martians").status_code == 400
    assert asking.get("/campaigns/1/people.csv?outcome=martians").status_code == 400
    assert asking.get("/api/campaigns/1/links/2/people").json()["total"] == 2


def test_the_machines_on_a_link_are_told_with_their_reasons(asking: Asking) -> None:
    page = words(asking.page("/campaigns/2"))
    assert re.search(r"\d+ clicks of machines \(every click, not every copy\): so soon after delivery \(\d+\)", page)
    assert "Of machines’ clicks (every click, not every copy) most were: so soon after delivery" in page  # noqa: RUF001


def test_a_page_beyond_the_last_is_the_last_and_an_outcome_that_is_none_is_refused(asking: Asking) -> None:
    last = words(asking.page("/campaigns/2/people?page=999"))
    assert re.search(r"Page (\d+) of \1\b", last)
    assert "Nobody, so far." not in last
    assert asking.get("/campaigns/2/people?outcome=bogus").status_code == 400


def test_both_files_of_people_write_times_alike(asking: Asking) -> None:
    ours = {row["email"]: row["sent_at"] for row in rows(asking, "/campaigns/3/people.csv")}
    exported = {row["address"]: row["sent_at"] for row in rows(asking, "/api/export/people?campaign=3")}
    assert ours == exported
    assert all(at.endswith("Z") for at in ours.values())
