"""One person's copy of an authored message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailwake.errors import BadInput
from mailwake.events import CampaignId, DeliveryId, Handle, Micros
from mailwake.merge.letter import Letter
from mailwake.merge.people import Person
from mailwake.merge.run import Addressee
from mailwake.merge.source import Source, read_source
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.send.addressed import Tracked
from mailwake.send.tracker import Tracker
from mailwake.store.state import Campaign

if TYPE_CHECKING:
    from tests.conftest import Home

NOW = Micros(1_800_000_000_000_000)
PAGE = (
    '<p>Hello {{Name}}</p><a href="https://example.com/shop">Shop</a> <a href="https://example.com/for/{{code}}">Yours</a>'
    '<a href="mailwake:unsubscribe">Stop</a></body>'
)
SPRING = Campaign(id=CampaignId(7), name="spring", stream="marketing", created_at=NOW)
SOURCE = Source(
    html=PAGE,
    text="Hello {{name}}, {{code}}. Stop: mailwake:unsubscribe\n",
    subject="Grüße, {{name}}",
    sender="Nëws <news@example.com>",
    reply_to="answers@example.com",
)


@pytest.fixture
def tracker(home: Home) -> Iterator[Tracker]:
    made = Tracker(home.settings(), home.state(), clock=lambda: NOW)
    yield made
    made.state.close()


def copy(
    tracker: Tracker, source: Source = SOURCE, *, modes: Modes = INDIVIDUAL, campaign: Campaign = SPRING, **fields: str
) -> Tracked:
    given = {"email": "anna@example.com", "name": "Anna", "code": "a b&c", **fields}
    letter = Letter(source, tracker, campaign, columns=given)
    person = Person(address=given["email"], fields=given, line=2)
    return letter.copy(Addressee(person=person, handle=Handle(5), modes=modes), DeliveryId(255))


def parsed(tracked: Tracked) -> EmailMessage:
    return message_from_bytes(tracked.message, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def test_the_header_is_that_of_a_proper_bulk_message(tracker: Tracker) -> None:
    message = parsed(copy(tracker))
    assert message["From"] == "Nëws <news@example.com>"
    assert message["To"] == "Anna <anna@example.com>"
    assert message["Reply-To"] == "answers@example.com"
    assert message["Subject"] == "Grüße, Anna"
    assert message["Message-ID"] == "<00000000000000ff@example.com>"
    assert message["Date"].datetime.timestamp() == NOW // 1_000_000
    assert re.fullmatch(r"<https://track\.example\.com/u/[\w-]+>", message["List-Unsubscribe"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["X-Mailwake"] == "tracked"
    assert message.defects == []


def test_text_and_page_are_merged_and_the_page_is_escaped(tracker: Tracker) -> None:
    message = parsed(copy(tracker, name="<b>Anna</b>"))
    assert body(message, "plain").startswith("Hello <b>Anna</b>, a b&c. Stop: https://track.example.com/u/")
    assert "<p>Hello &lt;b&gt;Anna&lt;/b&gt;</p>" in body(message, "html")


def test_page_links_are_tracked_and_a_pixel_is_in(tracker: Tracker) -> None:
    page = body(parsed(copy(tracker)), "html")
    assert page.count("https://track.example.com/c/") == 2
    assert page.count("https://track.example.com/o/") == 1
    assert page.count("https://track.example.com/u/") == 1


def test_a_letter_carries_the_host_of_its_author_in_every_place(home: Home) -> None:
    tracker = Tracker(home.settings('[hosts."links.brand.example"]\nsenders = ["brand.example"]'), home.state())
    letter = replace(SOURCE, sender="Brand <news@mail.brand.example>")
    message = copy(tracker, letter).message.replace(b"=\r\n", b"").replace(b"\r\n ", b"")
    assert set(re.findall(rb"https://([a-z.]+)/[ocup]/", message)) == {b"links.brand.example"}
    assert len(re.findall(rb"https://links\.brand\.example/[ocup]/", message)) == 6
    tracker.state.close()


def test_in_aggregate_mode_a_personal_link_stays_untracked(tracker: Tracker) -> None:
    aggregate = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    page = body(parsed(copy(tracker, modes=aggregate)), "html")
    assert page.count("https://track.example.com/c/") == 1
    assert 'href="https://example.com/for/a%20b%26c"' in page


def test_without_consent_nothing_is_tracked_and_unsubscribing_still_works(tracker: Tracker) -> None:
    message = parsed(copy(tracker, modes=OFF))
    page = body(message, "html")
    assert "track.example.com/c/" not in page
    assert "track.example.com/o/" not in page
    assert page.count("https://track.example.com/u/") == 1
    assert message["List-Unsubscribe"]


def test_a_list_id_of_the_settings_stands_in_bulk_mail_alone(home: Home) -> None:
    made = Tracker.open(home.settings('[compose]\nlist_id = "News <news.example.com>"\n'))
    try:
        assert parsed(copy(made))["List-Id"] == "News <news.example.com>"
        assert "List-Id" not in parsed(copy(made, campaign=replace(SPRING, stream="transactional")))
    finally:
        made.state.close()


def test_a_receipt_has_no_unsubscribe_header(tracker: Tracker) -> None:
    assert "List-Unsubscribe" not in parsed(copy(tracker, campaign=replace(SPRING, stream="transactional")))


@pytest.mark.parametrize("name", ["Anna\r\nBcc: victim@example.com", "Anna\nX: y", "Anna\x00"])
def test_a_value_cannot_forge_a_header(tracker: Tracker, name: str) -> None:
    with pytest.raises(BadInput, match="line end"):
        copy(tracker, name=name)


def test_a_missing_column_is_named_with_those_there_are(tracker: Tracker) -> None:
    source = replace(SOURCE, subject="{{vorname}}")
    with pytest.raises(BadInput, match="no column vorname, which the message uses; it has code, email, name"):
        copy(tracker, source)


def test_every_line_fits_and_ends_as_mail_does(tracker: Tracker) -> None:
    message = copy(tracker, name="Ä" * 400, code="x" * 800).message
    lines = message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert b"\n" not in message.replace(b"\r\n", b"")
    message.decode("ascii")


def test_what_was_merged_comes_out_whole_after_decoding(tracker: Tracker) -> None:
    name = "Ä" * 300 + " = . \t end"
    message = parsed(copy(tracker, name=name))
    assert f"Hello {name}" in body(message, "html")
    assert f"Hello {name}," in body(message, "plain")


def test_an_international_domain_travels_in_its_ascii_form(tracker: Tracker) -> None:
    tracked = copy(tracker, email="anna@exämple.com")
    assert tracked.address == "anna@xn--exmple-cua.com"
    assert parsed(tracked)["To"] == "Anna <anna@xn--exmple-cua.com>"


def test_an_international_mailbox_keeps_its_name(tracker: Tracker) -> None:
    tracked = copy(tracker, email="änna@example.com")
    assert tracked.address == "änna@example.com"
    assert "To: änna@example.com\r\n".encode() in tracked.message


def test_a_name_with_odd_signs_is_quoted_in_the_header(tracker: Tracker) -> None:
    assert parsed(copy(tracker, name='O"Neil, (Anna) <x@y>'))["To"].addresses[0].display_name == 'O"Neil, (Anna) <x@y>'


def test_pictures_and_attachments_of_an_eml_come_along(tracker: Tracker, tmp_path: Path) -> None:
    made = EmailMessage()
    made["From"], made["Subject"], made["List-Id"] = "news@example.com", "x", "<news.example.com>"
    made.set_content("text {{name}}\n")
    made.add_alternative(f'{PAGE}<img src="cid:logo">', subtype="html")
    page = made.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(b"PNG", "image", "png", cid="<logo>")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="terms.pdf")
    (tmp_path / "a.eml").write_bytes(bytes(made))
    message = parsed(copy(tracker, read_source(tmp_path / "a.eml", {})))
    assert message["List-Id"] == "<news.example.com>"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    assert body(message, "plain") == "text Anna\n"
    assert [part.get_filename() for part in message.iter_attachments()] == ["terms.pdf"]


def test_a_sample_shows_header_and_text_as_a_reader_sees_them(tracker: Tracker) -> None:
    letter = Letter(SOURCE, tracker, SPRING, columns=("email", "name", "code"))
    fields = {"email": "anna@example.com", "name": "Anna", "code": "x"}
    sample = letter.sample(Person(address="anna@example.com", fields=fields, line=2))
    assert "Subject: Grüße, Anna\n" in sample
    assert "\n\nHello Anna, x. Stop: https://" in sample


def test_a_letter_keeps_its_page_and_links_for_reports(tracker: Tracker) -> None:
    campaign = tracker.campaign("spring")
    letter = Letter(SOURCE, tracker, campaign, columns=("email", "name", "code"))
    letter.register()
    (template,) = tracker.state.templates(campaign.id)
    assert template.id == letter.template
    assert [link.href for link in tracker.state.links(campaign.id)] == [
        "https://example.com/shop",
        "https://example.com/for/{{code}}",
        "mailwake:unsubscribe",
    ]
