"""What is wrong with an address, said so that somebody can mend it."""

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.hygiene import syntax
from mailwake.hygiene.syntax import fault, is_quoted


@every(
    "address",
    [
        "ann@example.com",
        "Ann.O'Hara+news@mail.example.co.uk",
        "!#$%&'*+/=?^_`{|}~-@example.org",
        f"{'x' * 64}@example.com",
        '"Ann Example"@example.com',
        '"a\\"b"@example.com',
        '"two@signs"@example.com',
        "ann@bücher.example",
        "用户@例子.example",
        "ann@xn--bcher-kva.example",
        " ann@example.com ",
    ],
)
def test_what_servers_take_is_right(address: str) -> None:
    """RFC 5321 section 4.1.2, RFC 6531."""
    assert fault(address) == ""


@every(
    ("address", "why"),
    [
        ("", syntax.NO_ADDRESS),
        ("ann", syntax.NO_ADDRESS),
        ("@example.com", syntax.NO_ADDRESS),
        ("ann@", syntax.NO_ADDRESS),
        ("ann example@example.com", syntax.SPACE),
        ("ann@exam ple.com", syntax.SPACE),
        ("ann\u200b@example.com", syntax.SPACE),
        ("ann\n@example.com", syntax.SPACE),
        (".ann@example.com", syntax.DOTS),
        ("ann.@example.com", syntax.DOTS),
        ("an..n@example.com", syntax.DOTS),
        ("ann(work)@example.com", syntax.LETTER),
        ("ann,bob@example.com", syntax.LETTER),
        ("a@b@example.com", syntax.LETTER),
        ('"ann@example.com', syntax.LETTER),
        (f"{'x' * 65}@example.com", syntax.LONG_NAME),
        (f"{'ü' * 33}@example.com", syntax.LONG_NAME),
        ("ann@localhost", syntax.NO_DOMAIN),
        ("ann@-example.com", syntax.NO_DOMAIN),
        ("ann@example-.com", syntax.NO_DOMAIN),
        ("ann@exa..mple.com", syntax.NO_DOMAIN),
        ("ann@example.123", syntax.NO_DOMAIN),
        (f"ann@{'x' * 64}.com", syntax.NO_DOMAIN),
        (f"ann@{'ü' * 60}.com", syntax.NO_DOMAIN),
        (f"ann@{'a.' * 126}aa", syntax.NO_DOMAIN),
        ("ann@[192.0.2.1]", syntax.LITERAL),
    ],
)
def test_each_fault_is_named(address: str, why: str) -> None:
    assert fault(address) == why


def test_a_quoted_name_is_told_apart() -> None:
    assert is_quoted('"Ann Example"@example.com')
    assert not is_quoted("ann@example.com")


@given(st.text(max_size=400))
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    assert isinstance(fault(text), str)
