"""The header that an ESP gives back: ours is added, and what the program has set stays byte for byte."""

from __future__ import annotations

import email
import json
from pathlib import Path
from typing import Any

import pytest
from tests.compose.conftest import HOST, KEYS, make_copy
from tests.every import every

from mailwake.compose.message import instrument
from mailwake.compose.metadata import CARRIERS, WITHOUT, carried_header
from mailwake.compose.options import ComposeOptions
from mailwake.copies import Copies, urls_in
from mailwake.errors import Misconfigured
from mailwake.settings import parse
from mailwake.tokens import TokenReader

PAGE = '<html><body><a href="https://shop.example.com/">go</a></body></html>\r\n'
COPIES = Copies(TokenReader(KEYS, [HOST]))
JSON_ESPS = sorted(name for name, carrier in CARRIERS.items() if not carrier.is_plain)


def mail(headers: str = "") -> bytes:
    return f"From: a@example.com\r\nTo: b@example.com\r\n{headers}Content-Type: text/html\r\n\r\n{PAGE}".encode()


def carried(esp: str, headers: str = "", **more: Any) -> str:
    """The value of the ESP's header in a mail that had these headers."""
    done = instrument(mail(headers), make_copy(**more), ComposeOptions(esp=esp)).message
    values = email.message_from_bytes(done).get_all(CARRIERS[esp].header) or [""]
    assert len(values) == 1
    return "".join(str(values[0]).splitlines())


def names_the_copy(text: str) -> bool:
    token = COPIES.find(urls_in(text))
    return token is not None and (token.delivery, token.recipient) == (5, 6)


def put_inside(esp: str, value: object) -> object:
    inside = CARRIERS[esp].inside
    return {inside: value} if inside else value


@every("esp", JSON_ESPS)
def test_the_metadata_is_json_that_names_the_copy(esp: str) -> None:
    value = json.loads(carried(esp))
    held = value[CARRIERS[esp].inside] if CARRIERS[esp].inside else value
    assert held.keys() == {"mailwake"}
    assert names_the_copy(held["mailwake"])


def test_postmarks_value_is_short_and_plain() -> None:
    value = carried("postmark")
    assert len(value) <= 80
    assert names_the_copy(f"https://{value}")


@every("esp", JSON_ESPS)
@every("own", ['{"a": "b"}', "{}", '{ "unique_args" : {"a": 1}, "metadata": {}, "global_metadata": {"x":2} }'])
def test_what_the_program_has_set_stays_beside_ours(esp: str, own: str) -> None:
    header = CARRIERS[esp].header
    value = json.loads(carried(esp, f"{header}: {own}\r\n"))
    before, inside = json.loads(own), CARRIERS[esp].inside
    held = value[inside] if inside else value
    assert names_the_copy(held.pop("mailwake"))
    if inside and not held and inside not in before:
        del value[inside]
    assert value == before


def test_a_folded_header_keeps_its_folds() -> None:
    own = 'X-SMTPAPI: {"category":\r\n "news",\r\n "unique_args": {"a": 1}}\r\n'
    done = instrument(mail(own), make_copy(), ComposeOptions(esp="sendgrid")).message
    assert b'{"category":\r\n "news",\r\n "unique_args": {"mailwake":"https://' in done


@pytest.mark.parametrize("own", ["plain text", '["list"]', '{"mailwake": "mine"}', ""])
def test_what_takes_no_more_is_left_as_it_is(own: str) -> None:
    assert carried("mailjet", f"X-MJ-EventPayload: {own}\r\n") == own


def test_mail_that_may_not_be_touched_keeps_its_own_header_too() -> None:
    own = 'X-MC-Metadata: {"a": 1}\r\nDKIM-Signature: v=1\r\n'
    assert carried("mandrill", own) == '{"a": 1}'


@every("esp", WITHOUT)
def test_the_others_get_no_header(esp: str) -> None:
    without = instrument(mail(), make_copy(), ComposeOptions()).message
    assert instrument(mail(), make_copy(), ComposeOptions(esp=esp)).message == without


@every("esp", sorted(CARRIERS))
def test_without_a_recipient_there_is_nothing_to_name(esp: str) -> None:
    assert carried(esp, recipient=0, delivery=0) == ""
    assert carried_header(esp, make_copy(recipient=0), set()) == ""


@every("esp", sorted(CARRIERS))
def test_merged_letters_carry_the_same_line(esp: str) -> None:
    name, _, value = carried_header(esp, make_copy(), set()).rstrip().partition(": ")
    assert (name, value) == (CARRIERS[esp].header, carried(esp))
    assert carried_header(esp, make_copy(), {name.lower()}) == ""


def test_an_esp_that_nobody_knows_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="smtp"):
        ComposeOptions.from_settings(parse({"smtp": {"esp": "sendgird"}}, root=tmp_path))
    assert ComposeOptions.from_settings(parse({"smtp": {"esp": "ses"}}, root=tmp_path)).esp == "ses"
