"""What must not be touched is known by its headers, wherever in the message it is."""

import pytest
from tests.every import every

from mailwake.compose.protect import Untouched, protection
from mailwake.markup.mime import read_message


def why(raw: str, *, dkim_signed: bool = False) -> Untouched | None:
    message = read_message(raw.encode())
    assert message is not None
    return protection(message, raw.encode(), lambda _: None, dkim_signed=dkim_signed)


@every(
    ("header", "reason"),
    [
        ("Content-Type: multipart/signed; boundary=b", Untouched.SIGNED),
        ("Content-Type: MULTIPART/Signed", Untouched.SIGNED),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", Untouched.SIGNED),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", Untouched.ENCRYPTED),
        ("Content-Type: application/x-pkcs7-mime", Untouched.ENCRYPTED),
        ("Content-Type: application/pkcs7-signature", Untouched.SIGNED),
        ("Content-Type: multipart/encrypted; boundary=b", Untouched.ENCRYPTED),
        ("Content-Type: application/pgp-encrypted", Untouched.ENCRYPTED),
        ("DKIM-Signature: v=1", Untouched.DKIM_SIGNED),
        ("X-Mailwake: tracked", Untouched.ALREADY_TRACKED),
        ("Content-Type: text/html", None),
    ],
)
def test_a_message_is_known_by_its_header(header: str, reason: Untouched | None) -> None:
    assert why(f"Subject: x\n{header}\n\nbody") is reason


def test_a_sealed_part_deep_inside_seals_the_whole_message() -> None:
    raw = (
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: application/pkcs7-signature\n\nx\n--b--\n--a--\n"
    )
    assert why(raw) is Untouched.SIGNED


def test_a_sealed_message_that_is_only_attached_does_not_count() -> None:
    attached = "Content-Type: message/rfc822\n\nContent-Type: multipart/signed\n\nx"
    raw = f"Content-Type: multipart/mixed; boundary=a\n\n--a\n{attached}\n--a--\n"
    assert why(raw) is None


@pytest.mark.parametrize("before", ["", "Dear Ada,\n", "<pre>"])
def test_inline_pgp_is_known_at_the_start_of_a_line(before: str) -> None:
    assert why(f"Subject: x\n\n{before}-----BEGIN PGP MESSAGE-----\n") is Untouched.ENCRYPTED
    assert why(f"Subject: x\n\n{before}-----BEGIN PGP SIGNED MESSAGE-----\n") is Untouched.SIGNED


@pytest.mark.parametrize("body", ["> -----BEGIN PGP MESSAGE-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----"])
def test_quoted_armour_and_keys_seal_nothing(body: str) -> None:
    assert why(f"Subject: x\n\n{body}\n") is None


def test_a_dkim_signature_may_be_given_up() -> None:
    assert why("DKIM-Signature: v=1\n\nx", dkim_signed=True) is None
