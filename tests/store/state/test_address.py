"""Which spellings of an address are one recipient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.store.state.address import address_key, split_address


@every(
    ("address", "key"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com ", "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("Änn@example.com", "änn@example.com"),
        ("A\u0308nn@example.com", "änn@example.com"),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("ann+news@example.com", "ann+news@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
    ],
)
def test_an_address_has_the_key_of_its_mailbox(address: str, key: str) -> None:
    assert address_key(address) == key


def test_the_local_part_is_kept_as_given() -> None:
    assert split_address("Ann.B@Example.com") == ("Ann.B", "example.com")


@every(
    "text",
    [
        "",
        "@",
        "ann",
        "ann@",
        "@example.com",
        "a\nb@example.com",
        "ann@ex\0ample.com",
        "a" * 400 + "@b.example",
        "ann@" + "ü" * 80 + ".example",
        "ann@a..ü",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        address_key(text)
    assert len(text) < 2 or text not in str(caught.value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_stable_key_or_is_refused(local: str, domain: str) -> None:
    try:
        key = address_key(f"{local}@{domain}")
    except BadInput:
        return
    assert address_key(key) == key
