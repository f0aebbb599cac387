"""Who sends in our name, counted by hand, and what the pages of providers say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.postmaster.reports import NOW, PLAIN, changed, numbered

from mailwake.boards import postmaster_view
from mailwake.errors import Misconfigured
from mailwake.events import SECOND, Micros
from mailwake.postmaster.answers import Postmaster
from mailwake.postmaster.dmarc import DAY
from mailwake.postmaster.figures import read_export
from mailwake.postmaster.intake import Intake
from mailwake.postmaster.standing import networks_of, postmaster
from mailwake.store.state import StateStore, open_state

OPERATORS = {"192.0.2.10": "Example Hosting", "198.51.100.7": "Example Forwarding"}
GOOGLE = b"""Date,Domain,User-reported spam rate (%),Domain reputation,SPF success rate
2026-11-01,example.com,0.05,HIGH,99.5%
2026-11-02,example.com,0.35,MEDIUM,99.5%
2026-11-03,example.com,,,98%
2026-11-03,news.example.com,0.2,BAD,
"""
SNDS = b"""192.0.2.10,11/1/2026 12:00 AM,11/1/2026 11:00 PM,100,99,98,GREEN,< 0.1%,,,0,mx.example.com,a@example.com,
192.0.2.10,11/2/2026 12:00 AM,11/2/2026 11:00 PM,100,99,52,RED,0.4%,,,2,mx.example.com,a@example.com,
192.0.2.11,11/2/2026 12:00 AM,11/2/2026 11:00 PM,10,10,10,GREEN,< 0.1%,,,0,mx.example.com,a@example.com,
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    state = open_state(tmp_path / "state.sqlite")
    intake = Intake(state, OPERATORS.get, clock=lambda: NOW)
    intake.take(PLAIN)
    intake.take(numbered("2", "other.example"))
    for raw in (GOOGLE, SNDS):
        state.put_figures(read_export(raw, today=date(2026, 11, 4)).figures, now=NOW)
    yield state
    state.close()


def told(state: StateStore, *own: str) -> Postmaster:
    return postmaster(state, now=NOW, own=networks_of(own))


def test_copies_are_counted_by_what_held_for_them(state: StateStore) -> None:
    answer = told(state)
    assert answer.total is not None
    total = answer.total
    assert (answer.reports, total.copies, total.aligned, total.dkim, total.spf, total.refused) == (
        2, 400, 300, 300, 240, 100,
    )  # fmt: skip
    assert total.share == 0.75
    assert [(each.kind, each.operator, each.addresses, each.counted.copies) for each in answer.origins] == [
        ("allowed", "Example Hosting", ("192.0.2.10",), 240),
        ("signed", "Example Forwarding", ("198.51.100.7",), 60),
        ("neither", None, ("2001:db8::25",), 100),
    ]
    assert [(each.name, each.counted.copies) for each in answer.reporters] == [
        ("acme.example", 200),
        ("other.example", 200),
    ]
    assert [(each.domain, each.policy, each.reports) for each in answer.domains] == [("example.com", "quarantine", 2)]


def test_our_own_servers_are_known_by_their_networks(state: StateStore) -> None:
    answer = told(state, "2001:db8::/64", "192.0.2.11")
    assert [(each.kind, each.counted.copies) for each in answer.origins] == [
        ("ours", 100),
        ("allowed", 240),
        ("signed", 60),
    ]
    with pytest.raises(Misconfigured, match="own_networks"):
        networks_of(["192.0.2.1/24"])


def test_a_server_counts_by_the_best_that_held(state: StateStore) -> None:
    raw = changed("<spf>pass", "<spf>fail").replace(b"<dkim>pass", b"<dkim>fail", 1)
    Intake(state, OPERATORS.get, clock=lambda: NOW).take(raw.replace(b"9391651994964116463", b"3"))
    first = told(state).origins[0]
    assert (first.kind, first.counted.copies, first.counted.aligned) == ("allowed", 360, 240)


def test_what_is_older_than_was_asked_for_is_left_out(state: StateStore) -> None:
    later = postmaster(state, now=Micros(NOW + 40 * DAY * SECOND))
    assert (later.total, later.until, later.reports, later.gmail) == (None, None, 0, ())


def test_google_is_held_against_its_own_lines(state: StateStore) -> None:
    first, second = told(state).gmail
    assert (first.domain, first.spam_rate, first.highest_spam_rate, first.standing) == (
        "example.com", 0.0035, 0.0035, "over the limit",
    )  # fmt: skip
    assert (first.spam_day, first.day) == (date(2026, 11, 2), date(2026, 11, 3))
    assert (first.domain_reputation, first.ip_reputation, first.spf, first.dkim) == ("medium", None, 0.98, None)
    assert (second.standing, second.domain_reputation, second.spf) == ("above the watch line", "bad", None)


@pytest.mark.parametrize(
    ("cell", "standing"),
    [("0.3%", "over the limit"), ("0.29%", "above the watch line"), ("0.1%", "above the watch line"),
     ("0.09%", "under the watch line"), ("0", "under the watch line")],
)  # fmt: skip
def test_the_lines_themselves_are_not_under_them(state: StateStore, cell: str, standing: str) -> None:
    export = read_export(f"Date,Domain,Spam rate\n2026-11-02,edge.example,{cell}\n".encode(), today=date(2026, 11, 4))
    state.put_figures(export.figures, now=NOW)
    assert next(each.standing for each in told(state).gmail if each.domain == "edge.example") == standing


def test_no_rate_told_is_no_rate_of_zero(state: StateStore) -> None:
    export = read_export(b"Date,Domain,Domain reputation\n2026-11-02,few.example,HIGH\n", today=date(2026, 11, 4))
    state.put_figures(export.figures, now=NOW)
    few = next(each for each in told(state).gmail if each.domain == "few.example")
    assert (few.spam_rate, few.standing) == (None, "cannot say")


def test_snds_is_added_up_by_server(state: StateStore) -> None:
    first, second = told(state).outlook
    assert (first.address, first.recipients, first.days, first.latest, first.trap_hits) == (
        "192.0.2.10", 150, {"green": 1, "red": 1}, "red", 2,
    )  # fmt: skip
    assert (first.complaint_rate, first.is_below) == (0.004, False)
    assert (second.complaint_rate, second.is_below) == (0.001, True)


def test_the_page_says_it_in_words(state: StateStore) -> None:
    seen = postmaster_view.values(told(state), ZoneInfo("UTC"))
    assert [(row.name, row.mark.word if row.mark else "", row.aligned) for row in seen["origins"]] == [
        ("Example Hosting", "allowed by your domain (SPF)", "100\N{NO-BREAK SPACE}%"),
        ("Example Forwarding", "signed by your domain (DKIM)", "100\N{NO-BREAK SPACE}%"),
        ("other networks", "neither: set up wrongly, or forged", "0\N{NO-BREAK SPACE}%"),
    ]
    assert seen["policies"] == ["example.com: asks to put it among spam (p=quarantine)"]
    assert seen["gmail"][0].marks[0].word == "spam: over the limit"
    assert ("Complaints, highest", "below 0.10\N{NO-BREAK SPACE}%") in seen["outlook"][1].pairs
