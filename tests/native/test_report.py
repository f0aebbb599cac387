"""Where both trackings disagree, and why: every kind of line, from real stores."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.crm.house import DAY, NOW, TEMPLATE, House, open_house

from mailwake.errors import BadInput
from mailwake.events import Class, DeliveryId, Micros, TemplateId
from mailwake.insight.report import overview
from mailwake.insight.stores import Stores
from mailwake.modes import Mode, Modes
from mailwake.native.reading import subject_hash
from mailwake.native.report import REASONS, Hit, NativeReport, _code, report
from mailwake.store.native import ListMail, NativeMail, NativeStore, open_native

SENT = Micros(NOW - DAY)
ANN = "ann@example.com"
SUMS_ONLY = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE).to_byte()
MACHINE: dict[str, Any] = {"p_human": 0.02, "klass": Class.SCANNER}
MAYBE: dict[str, Any] = {"p_human": None, "klass": Class.MPP}


@dataclass
class Desk:
    """Stores, with mail of ours and of the org's."""

    house: House
    store: NativeStore
    _records: int = 0

    @property
    def stores(self) -> Stores:
        return Stores(state=self.house.state, events=self.house.events, zone=ZoneInfo("UTC"))

    def sent(self, address: str = ANN, *, delivery: int = 1, ago: int = DAY, **more: Any) -> None:
        self.house.happened(address, "sent", ago=ago, delivery=delivery, **more)

    def did(self, what: str, address: str = ANN, *, delivery: int = 1, **more: Any) -> None:
        self.house.happened(address, what, ago=DAY // 2, delivery=delivery, **more)

    def mail(self, address: str | None = ANN, **more: Any) -> NativeMail:
        """A mail as the org tracked it; an address of None was never mailed by us."""
        self._records += 1
        told: dict[str, Any] = {
            "record": f"02s{self._records:012d}AAA", "kind": "message", "sent_at": SENT, "changed_at": NOW,
            "handle": None if address is None else self.house.handle(address), "subject": subject_hash("Spring"),
            "is_tracked": True, "is_opened": False, "is_bounced": False,
        }  # fmt: skip
        made = NativeMail(**{**told, **more})
        self.store.put_mails([made], marks={})
        return made

    def report(self, **more: Any) -> NativeReport:
        return report(self.stores, self.store, now=NOW, **more)

    def lines(self) -> dict[tuple[str, str], int]:
        return {(each.axis, each.code): each.count for each in self.report().lines}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path)
    store = open_native(tmp_path / "state.sqlite")
    yield Desk(house, store)
    store.close()
    house.close()


@pytest.mark.parametrize(
    ("did", "here", "there", "code", "verdict"),
    [
        ("opened", {}, {"is_opened": True}, "both", "agree"),
        ("clicked", {}, {"is_opened": True}, "both", "agree"),
        ("", {}, {}, "neither", "agree"),
        ("opened", MACHINE, {"is_opened": True}, "machine_here", "differ"),
        ("opened", MAYBE, {"is_opened": True}, "possible_here", "differ"),
        ("", {}, {"is_opened": True}, "only_there", "differ"),
        ("opened", {}, {}, "only_here", "differ"),
        ("opened", MACHINE, {}, "unsure_only_here", "differ"),
        ("opened", {}, {"is_tracked": False}, "untracked_here", "differ"),
        ("opened", MACHINE, {"is_tracked": False}, "untracked", "cannot_say"),
        ("opened", {}, {"is_opened": True, "recipients": 2}, "shared", "cannot_say"),
        ("opened", {}, {"is_opened": None}, "hidden", "cannot_say"),
        ("", {}, {"is_tracked": None}, "hidden", "cannot_say"),
    ],
)
def test_an_open_is_told_from_both_sides(
    desk: Desk, *, did: str, here: dict[str, Any], there: dict[str, Any], code: str, verdict: str
) -> None:
    desk.sent()
    if did:
        desk.did(did, **here)
    made = desk.mail(**there)
    (line,) = desk.report().lines
    assert (line.axis, line.code, line.verdict, line.count, line.records) == (
        "opened", code, verdict, 1, (made.record,),
    )  # fmt: skip
    assert line.why


def test_what_is_watched_in_sum_here_and_by_person_there_is_said(desk: Desk) -> None:
    desk.sent(modes=SUMS_ONLY)
    desk.mail(is_opened=True)
    assert desk.lines() == {("opened", "unwatched"): 1}


def test_clicks_of_list_emails_are_compared_for_themselves(desk: Desk) -> None:
    desk.sent()
    desk.did("clicked", **MACHINE)
    desk.mail(kind="list", is_opened=True, is_clicked=True, is_link_tracked=True, is_bounced=None, subject=None)
    assert desk.lines() == {("opened", "machine_here"): 1, ("clicked", "machine_here"): 1}


@pytest.mark.parametrize(
    ("there", "here", "code"),
    [(True, True, "both"), (True, False, "only_there"), (False, True, "only_here"), (None, True, "hidden")],
)
def test_what_came_back_is_told_from_both_sides(desk: Desk, there: bool | None, here: bool, code: str) -> None:
    desk.sent()
    if here:
        desk.did("bounced")
    desk.mail(is_bounced=there)
    assert desk.lines() == {("opened", "neither"): 1, ("came_back", code): 1}


def test_mail_that_is_not_ours_is_counted_with_the_reason(desk: Desk) -> None:
    desk.sent()
    desk.sent("bob@example.com", delivery=2)
    desk.sent("bob@example.com", delivery=3)
    desk.mail(None, is_opened=True)
    desk.mail(sent_at=Micros(SENT - DAY // 2))
    desk.mail(subject=subject_hash("Another matter"))
    desk.mail("bob@example.com")
    found = desk.report()
    assert {each.code: each.count for each in found.lines} == {
        "not_mailed": 1, "no_copy": 1, "other_subject": 1, "several": 1,
    }  # fmt: skip
    assert (found.mails, found.compared) == (4, 0)
    assert {each.axis for each in found.lines} == {"not_compared"}


def test_our_message_id_finds_the_copy_whatever_the_time_and_only_with_its_recipient(desk: Desk) -> None:
    desk.sent(delivery=9, ago=3 * DAY)
    desk.mail(delivery=DeliveryId(9), subject=subject_hash("Another matter"))
    desk.mail("bob@example.com", delivery=DeliveryId(9))
    assert desk.lines() == {("opened", "neither"): 1, ("not_compared", "no_copy"): 1}


def test_a_subject_that_names_come_into_speaks_against_no_copy(desk: Desk) -> None:
    desk.house.state.put_template(
        desk.house.campaign, TemplateId(TEMPLATE + 1), subject="Hello {{ name }}", html=b"<p>y</p>", links=[], now=NOW
    )
    desk.sent(template=TEMPLATE + 1)
    desk.mail(subject=subject_hash("Hello Ann"))
    assert desk.lines() == {("opened", "neither"): 1}


def test_a_copy_that_salesforce_lists_twice_is_compared_once(desk: Desk) -> None:
    desk.sent()
    desk.did("opened")
    desk.mail()
    desk.mail(kind="list", is_opened=True, is_bounced=None)
    assert desk.lines() == {("opened", "both"): 1, ("not_compared", "doubled"): 1}


def test_who_withdrew_since_is_not_said_to_have_opened(desk: Desk) -> None:
    desk.sent()
    desk.mail(is_opened=True)
    desk.house.state.set_consent(desk.house.handle(ANN), axis="opens", state="withdrawn", at=NOW, source="test")
    assert desk.lines() == {("opened", "hidden"): 1}


def test_list_emails_stand_beside_the_copies_with_their_subject(desk: Desk) -> None:
    desk.sent()
    desk.sent("bob@example.com", delivery=2)
    told = ListMail(
        record="0XB000000000001AAA", name="May", subject=subject_hash("Spring"), sent_at=SENT, total_sent=3,
        changed_at=NOW,
    )  # fmt: skip
    other = replace(told, record="0XB000000000002AAA", subject=None, total_sent=None)
    desk.store.put_lists([told, other], marks={})
    found = desk.report()
    assert [(each.there, each.here) for each in found.lists] == [(3, 2), (None, None)]


def test_nothing_of_it_enters_our_own_numbers(desk: Desk) -> None:
    desk.sent()
    desk.did("opened")
    before = overview(desk.stores), desk.house.events.ask("latest")
    desk.mail(is_opened=True)
    desk.report()
    assert (overview(desk.stores), desk.house.events.ask("latest")) == before


def test_nothing_read_yet_is_told_as_never(desk: Desk) -> None:
    found = desk.report()
    assert (found.read_at, found.mails, found.lines, found.lists) == (None, 0, (), ())


def test_days_are_between_one_and_two_years(desk: Desk) -> None:
    for days in (0, 731):
        with pytest.raises(BadInput):
            desk.report(days=days)


def test_every_outcome_has_a_reason() -> None:
    """Whatever both sides say, there is a sentence for it."""
    said, counts, flags = (True, False, None), (0, 1), (True, False)
    for there, tracked in product(said, said):
        for watched, shared in product(flags, flags):
            for hit in product(counts, counts, counts):
                code = _code(there, tracked, Hit(*hit), is_watched=watched, is_shared=shared)
                assert ("opened", code) in REASONS
