"""The page of preflight: a message is pasted or chosen, and nothing that it says is believed or shown as markup."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import pytest
from tests.preflight.letters import letter, world_in
from tests.web.conftest import Asking

BOUNDARY = "----form"
ORIGIN = {"origin": "http://127.0.0.1:8026"}
HEADERS = {**ORIGIN, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {**ORIGIN, "content-type": "application/json"}
MAIL = (
    b"From: <script>alert(1)</script> <news@example.com>\r\nSubject: *|FNAME|* <b>bold</b>\r\n"
    b"Content-Type: text/html\r\n\r\n<a href='javascript:alert(2)'>x</a>\r\n"
)


def form(file: bytes = b"", text: bytes = b"", *boxes: str) -> bytes:
    parts = [(b'name="file"; filename="mail.eml"', file), (b'name="text"', text)]
    parts += [(f'name="{box}"'.encode(), b"yes") for box in boxes]
    body = b"".join(
        b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; " + name + b"\r\n\r\n" + value + b"\r\n"
        for name, value in parts
    )
    return body + b"--" + BOUNDARY.encode() + b"--\r\n"


def judged(asking: Asking, body: bytes, status: int = 200) -> str:
    answer = asking.get("/preflight", method="POST", headers=HEADERS, body=body)
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_page_asks_for_a_message_and_is_reached_from_deliverability(nothing: Asking) -> None:
    page = nothing.page("/preflight")
    assert 'enctype="multipart/form-data"' in page
    assert "Findings" not in page
    assert 'href="/preflight"' in nothing.page("/deliverability")


@pytest.mark.parametrize("body", [form(MAIL, b"", "offline"), form(b"", MAIL, "offline")])
def test_a_file_or_a_text_is_judged_and_shown_as_text(nothing: Asking, body: bytes) -> None:
    page = judged(nothing, body)
    assert "A merge tag is left over: *|FNAME|*" in html.unescape(page)
    assert "A link runs a script" in html.unescape(page)
    assert "<b>bold</b>" not in page
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert 'name="offline" type="checkbox" value="yes" checked' in page


def test_a_form_without_a_message_says_what_to_do(nothing: Asking) -> None:
    assert "choose a file or paste one" in judged(nothing, form(), 400)
    answer = nothing.get("/preflight", method="POST", headers={**HEADERS, "content-type": "text/plain"}, body=b"x")
    assert answer.status_code == 400


def test_programs_get_the_same_as_json(nothing: Asking, tmp_path: Path) -> None:
    body = b'{"base64": "%s", "offline": "yes"}' % base64.b64encode(MAIL)
    told = nothing.get("/api/preflight", method="POST", headers=JSON, body=body).json()
    assert {"placeholder", "link_script", "date_missing"} <= {each["code"] for each in told["findings"]}
    assert told["problems"] == sum(each["severity"] == "problem" for each in told["findings"])
    with world_in(tmp_path) as world:
        good = letter(world)
    body = b'{"base64": "%s", "offline": "yes", "transactional": "yes"}' % base64.b64encode(good)
    told = nothing.get("/api/preflight", method="POST", headers=JSON, body=body).json()
    assert {each["code"] for each in told["findings"]} <= {"date_off"}


@pytest.mark.parametrize("body", [b"{}", b'{"message": " "}', b'{"base64": "%%%"}', b"[]"])
def test_what_is_no_message_is_refused(nothing: Asking, body: bytes) -> None:
    answer = nothing.get("/api/preflight", method="POST", headers=JSON, body=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_form_of_a_page_elsewhere_is_refused(nothing: Asking) -> None:
    foreign = {**HEADERS, "origin": "https://elsewhere.example"}
    assert nothing.get("/preflight", method="POST", headers=foreign, body=form(MAIL)).status_code == 403
