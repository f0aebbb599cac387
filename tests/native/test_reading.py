"""What an org tracked by itself, read from an org over a real socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crm.house import DAY, NOW
from tests.every import every
from tests.pushing.orgs import USER, Place, opened

from mailwake.events import Micros
from mailwake.native.reading import WANTED, Found, Reader, subject_hash
from mailwake.store.native import NativeMail, NativeStore, open_native

ANN, BOB, STRANGER = "ann@example.com", "bob@example.com", "stranger@example.com"
AT = "2026-05-27T10:00:00Z"
SECRET = "A subject that nobody else is to read"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path, bare=True) as found:
        show(found)
        found.house.handle(ANN)
        found.house.handle(BOB)
        yield found


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Iterator[NativeStore]:
    made = open_native(tmp_path / "state.sqlite")
    yield made
    made.close()


def show(place: Place) -> None:
    """The administrator lets the integration see what it asks for."""
    names = [f"{of}.{name}" for of, fields in WANTED.items() for name in fields]
    relation = ["EmailMessageRelation.RelationAddress", "EmailMessageRelation.RelationType"]
    place.order("access", user=USER, show=[*names, *relation])


def read(place: Place, store: NativeStore, *, keep_days: int = 180) -> Found:
    return Reader(org=place.org, state=place.house.state, store=store, keep_days=keep_days).read(now=NOW)


def mail(place: Place, to: str, **more: Any) -> str:
    told = {"ToAddress": to, "Subject": "Spring", "Status": "3", "MessageDate": AT, "IsTracked": True, **more}
    return put(place, "EmailMessage", told)


def put(place: Place, of: str, told: dict[str, Any]) -> str:
    (made,) = place.order("records", object=of, records=[told])["ids"]
    return str(made)


def kept(store: NativeStore) -> list[NativeMail]:
    return store.mails(since=Micros(NOW - 400 * DAY))


def test_mail_of_the_org_is_kept_as_it_tracked_it(place: Place, store: NativeStore) -> None:
    record = mail(place, ANN, FirstOpenedDate="2026-05-27T11:00:00Z", MessageIdentifier="<000000000000007b@x.example>")
    found = read(place, store)
    (told,) = kept(store)
    assert (found.mails, found.ours, found.missing, found.hidden) == (1, 1, [], [])
    assert (told.record, told.handle, told.kind) == (record, place.house.handle(ANN), "message")
    assert (told.is_tracked, told.is_opened, told.is_bounced, told.delivery) == (True, True, False, 123)
    assert told.subject == subject_hash(" SPRING ")


def test_incoming_mail_and_drafts_are_none_that_was_sent(place: Place, store: NativeStore) -> None:
    mail(place, ANN, Incoming=True)
    mail(place, ANN, Status="5")
    assert read(place, store).mails == 0


def test_what_changed_is_read_again_and_kept_once(place: Place, store: NativeStore) -> None:
    record = mail(place, ANN)
    read(place, store)
    assert [each.is_opened for each in kept(store)] == [False]
    place.later(3_600)
    place.change(record, FirstOpenedDate="2026-05-27T12:00:00Z", IsOpened=True)
    assert read(place, store).mails == 1
    assert [each.is_opened for each in kept(store)] == [True]
    place.later(3_600)
    mail(place, BOB)
    assert read(place, store).mails == 2, "a little before where the last reading ended"
    assert read(place, store).mails == 1, "what was read before and did not change is not read again"
    assert len(kept(store)) == 2


def test_of_strangers_neither_address_nor_subject_is_kept(place: Place, store: NativeStore, tmp_path: Path) -> None:
    mail(place, STRANGER, Subject=SECRET)
    assert read(place, store).ours == 0
    assert [each.handle for each in kept(store)] == [None]
    store.close()
    held = b"".join(each.read_bytes() for each in tmp_path.glob("state.sqlite*"))
    assert STRANGER.encode() not in held
    assert SECRET.encode() not in held


def test_who_wants_no_tracking_is_not_known_to_have_opened(place: Place, store: NativeStore) -> None:
    place.house.state.set_consent(place.house.handle(ANN), axis="opens", state="withdrawn", at=NOW, source="test")
    mail(place, ANN, FirstOpenedDate="2026-05-27T11:00:00Z")
    read(place, store)
    assert [(each.is_opened, each.opened_at) for each in kept(store)] == [(None, None)]


def test_every_recipient_of_a_mail_has_a_row_and_the_count_of_all(place: Place, store: NativeStore) -> None:
    mail(place, f"Ann <{ANN}>; not an address", CcAddress=f"{BOB};{STRANGER}")
    read(place, store)
    told = kept(store)
    assert sorted(str(each.handle) for each in told) == sorted(
        ["None", str(place.house.handle(ANN)), str(place.house.handle(BOB))]
    )
    assert {each.recipients for each in told} == {3}


def test_mail_that_names_people_instead_of_addresses_is_followed_to_them(place: Place, store: NativeStore) -> None:
    record = mail(place, "", ToAddress=None)
    for kind, address in (("ToAddress", BOB), ("FromAddress", STRANGER)):
        put(place, "EmailMessageRelation",
            {"EmailMessageId": record, "RelationType": kind, "RelationAddress": address})  # fmt: skip
    read(place, store)
    assert [each.handle for each in kept(store)] == [place.house.handle(BOB)]


def test_results_of_list_emails_bring_clicks_and_the_message_id(place: Place, store: NativeStore) -> None:
    headers = "Received: from x\r\nMessage-ID: <00000000000001c8@news.example>\r\nX-SFDC-User: 005\r\n"
    told = {"EmailAddress": BOB, "IsOpenTracked": True, "IsLinkTracked": True, "IsClicked": True, "Headers": headers}
    put(place, "ListEmailSentResult", told)
    put(place, "ListEmail", {"Name": "May news", "Subject": "Spring", "TotalSent": 40, "ScheduledDate": AT})
    found = read(place, store)
    (row,) = kept(store)
    assert (found.mails, found.lists) == (1, 1)
    assert (row.kind, row.is_clicked, row.is_link_tracked, row.is_bounced, row.delivery) == (
        "list", True, True, None, 456,
    )  # fmt: skip
    assert [(each.name, each.total_sent) for each in store.lists(since=Micros(NOW - 30 * DAY))] == [("May news", 40)]


def test_an_org_that_hides_its_tracking_says_nothing_instead_of_no(place: Place, store: NativeStore) -> None:
    hidden = ["IsTracked", "IsOpened", "FirstOpenedDate", "IsBounced"]
    place.order("access", user=USER, hide=[f"EmailMessage.{each}" for each in hidden])
    place.order("access", user=USER, forbid=["ListEmail", "ListEmailSentResult"])
    mail(place, ANN, IsOpened=True)
    found = read(place, store)
    (told,) = kept(store)
    assert (told.is_tracked, told.is_opened, told.is_bounced) == (None, None, None)
    assert found.hidden == [f"EmailMessage.{each}" for each in WANTED["EmailMessage"] if each in hidden]
    assert found.missing == ["ListEmailSentResult", "ListEmail"]


def test_what_is_too_old_is_neither_read_nor_kept(place: Place, store: NativeStore) -> None:
    mail(place, ANN, MessageDate="2026-01-02T10:00:00Z")
    mail(place, BOB)
    assert read(place, store).mails == 2
    assert read(place, store, keep_days=30).forgotten == 1
    assert [each.handle for each in kept(store)] == [place.house.handle(BOB)]


def test_nothing_is_written_to_the_org(place: Place, store: NativeStore) -> None:
    mail(place, ANN)
    before = place.snapshot()
    read(place, store)
    assert place.snapshot() == before


@every("text", [None, "", "  ", "Dear {!Contact.FirstName}", "Hello {{ first_name }}"])
def test_a_subject_with_names_in_it_is_no_subject_to_compare(text: str | None) -> None:
    assert subject_hash(text) is None
