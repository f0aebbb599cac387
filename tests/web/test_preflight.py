"""The page of preflight: a message is pasted or chosen, and nothing that it says is believed or shown as markup."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

import pytest
from tests.preflight.letters import good_names, letter, world_in
from tests.web.conftest import Asking

from mailwake.preflight import asking as module

BOUNDARY = "----form"
ORIGIN = {"origin": "http://127.0.0.1:8026"}
HEADERS = {**ORIGIN, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {**ORIGIN, "content-type": "application/json"}
MAIL = (
    b"From: <script>alert(1)</script> <news@example.com>\r\nSubject: *|FNAME|* <b>bold</b>\r\n"
    b"Content-Type: text/html\r\n\r\n<a href='javascript:alert(2)'>x</a>\r\n"
)


def form(file: bytes = b"", text: bytes = b"", *boxes: str, **texts: str) -> bytes:
    parts = [(b'name="file"; filename="mail.eml"', file), (b'name="text"', text)]
    parts += [(f'name="{box}"'.encode(), b"yes") for box in boxes]
    parts += [(f'name="{name}"'.encode(), said.encode()) for name, said in texts.items()]
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


PLAIN = b"From: news@example.com\r\nSubject: Roses\r\n\r\nRoses\r\n"
SENDER = "off@esp.example.net"


def test_who_sends_from_where_is_judged_on_the_page_and_by_programs(
    nothing: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = good_names()
    names.records["esp.example.net"] = [b"v=spf1 ip4:203.0.113.7 -all"]
    monkeypatch.setattr(module, "online_ways", lambda: {"names": names})
    given = {"message": PLAIN.decode(), "envelope_sender": SENDER, "sending_address": "198.51.100.1"}
    told = nothing.get("/api/preflight", method="POST", headers=JSON, body=json.dumps(given).encode()).json()
    assert "SPF of esp.example.net says fail to 198.51.100.1" in [each["title"] for each in told["findings"]]
    page = judged(nothing, form(PLAIN, b"", envelope_sender=SENDER, sending_address="203.0.113.7"))
    assert "SPF of" not in page
    assert "they speak of esp.example.net" in page
    assert f'value="{SENDER}"' in page
    assert 'value="203.0.113.7"' in page


@pytest.mark.parametrize(
    ("name", "line"),
    [("envelope_sender", "is no address; write it as"), ("sending_address", "is no IP address; write it as")],
)
def test_what_is_no_address_is_refused(nothing: Asking, name: str, line: str) -> None:
    body = json.dumps({"message": MAIL.decode(), "offline": "yes", name: "<b>"})
    answer = nothing.get("/api/preflight", method="POST", headers=JSON, body=body.encode())
    assert (answer.status_code, line in answer.json()["error"]) == (400, True)
    page = judged(nothing, form(MAIL, b"", "offline", **{name: "<b>"}), 400)
    assert line in page
    assert "'<b>'" not in page
