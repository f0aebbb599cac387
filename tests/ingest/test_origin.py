"""Only a token of ours ties a notice to a delivery; everything else informs and changes nothing."""

import base64
import quopri

import pytest
from tests.every import every
from tests.ingest.notices import HOST, TOKEN, complaint, dsn, origins, ours, reply, url

from mailwake.notices.mail import open_mail
from mailwake.tokens import MessageToken, Purpose


def find(raw: bytes) -> MessageToken | None:
    return origins().find(open_mail(raw))


@pytest.mark.parametrize("headers_only", [False, True])
def test_the_returned_header_names_the_copy(headers_only: bool) -> None:
    assert find(dsn(headers_only=headers_only)) == TOKEN


def test_a_complaint_names_the_copy_too() -> None:
    assert find(complaint()) == TOKEN


def test_a_folded_header_is_put_together() -> None:
    whole = url()
    assert find(dsn(ours(whole[:60] + "\n  " + whole[60:]))) == TOKEN


def test_a_former_host_is_still_ours() -> None:
    assert find(dsn(ours(url(host="old.example.com")))) == TOKEN


def test_links_of_the_body_serve_where_the_header_is_anothers() -> None:
    body = f"Unsubscribe: {url('u', purpose=Purpose.UNSUBSCRIBE_BODY)}"
    assert find(dsn(ours("https://esp.example.net/unsubscribe", body=body))) == TOKEN


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_body_is_decoded_first(encoding: str) -> None:
    text = f"<a href='{url('c', purpose=Purpose.READ)}/x'>shop</a>".encode()
    packed = base64.encodebytes(text) if encoding == "base64" else quopri.encodestring(text)
    inner = f"To: ann@example.com\nContent-Type: text/html\nContent-Transfer-Encoding: {encoding}\n\n{packed.decode()}"
    assert find(dsn(inner)) == TOKEN


def test_a_reply_is_tied_by_the_links_it_quotes() -> None:
    assert find(reply()) == TOKEN


@every(
    "forged",
    [
        url()[:-1] + ("A" if url()[-1] != "A" else "Q"),
        url(host="track.example.com").replace(HOST, "evil.example.net"),
        url("u", purpose=Purpose.READ),
        url(token=TOKEN._replace(delivery=0)),
        url(token=TOKEN._replace(recipient=0)),
        f"https://{HOST}/u/" + "A" * 90,
        f"https://{HOST}/u/",
    ],
    ids=["bit", "host", "purpose", "no-delivery", "no-recipient", "made-up", "empty"],
)
def test_what_we_did_not_seal_names_nobody(forged: str) -> None:
    assert find(dsn(ours(forged))) is None


def test_a_thousand_forged_links_do_not_keep_us_busy() -> None:
    made_up = "\n".join(f"https://{HOST}/u/{number:060d}" for number in range(1_000))
    assert find(reply(body=f"{made_up}\n{url()}")) is None
