"""Lists of others come in as they are, ours go out and come back, and no cell is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.store.state import Suppression
from mailwake.suppression.files import Line, read_list, write_list


def held(reason: str = "bounced", quoted: str | None = "550 5.1.1 user unknown") -> Suppression:
    return Suppression(
        handle=Handle(1), reason=reason, source="bounce", at=Micros(1_793_613_600_000_000), quoted=quoted
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Email,Type,Reason\nann@example.com,Bounce,550 unknown\n", "bounced"),
        ("email,reason,status,created\nann@example.com,550 unknown,5.1.1,1733000000\n", "manual"),
        ("\ufeffEMAIL;TYPE;REASON\r\nann@example.com;Spam Report;pressed\r\n", "complained"),
        ('Type\tEmail Address\nGroup Unsubscribe\t"ann@example.com"\n', "unsubscribed"),
        ("email\nann@example.com", "manual"),
        ("email,type\nann@example.com,HARD_BOUNCE\n", "bounced"),
    ],
)
def test_lists_of_others_are_understood(text: str, reason: str) -> None:
    (line,), left = read_list(text)
    assert (line.address, line.reason, left) == ("ann@example.com", reason, [])


def test_what_is_no_use_is_named_and_the_rest_goes_on() -> None:
    lines, left = read_list(
        "email,type\nann@example.com,bounce\nnobody,bounce\n\nben@example.com,soft bounce\neve@example.com,\n"
    )
    assert [line.address for line in lines] == ["ann@example.com", "eve@example.com"]
    assert [each.number for each in left] == [3, 5]


def test_a_list_without_addresses_is_refused_with_what_to_do() -> None:
    for text in ("", "name,reason\nAnn,bounce\n"):
        with pytest.raises(BadInput, match="no column of addresses"):
            read_list(text)


def test_an_address_twice_is_once() -> None:
    lines, _ = read_list("email,type\nann@example.com,bounce\nANN@example.com,bounce\n")
    assert len(lines) == 1


@given(st.text(max_size=40), st.sampled_from(["bounced", "complained", "unsubscribed", "manual"]))
def test_what_goes_out_is_no_formula_and_comes_back(words: str, reason: str) -> None:
    text = "".join(write_list([("ann@example.com", held(reason, words))]))
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    (line,), left = read_list(text)
    assert isinstance(line, Line)
    assert (line.address, left) == ("ann@example.com", [])
    assert line.at == 1_793_613_600_000_000


def test_what_goes_out_keeps_its_reason() -> None:
    for reason in ("bounced", "complained", "unsubscribed", "manual"):
        text = "".join(write_list([("ann@example.com", held(reason))]))
        assert read_list(text)[0][0].reason == reason


@given(st.text(max_size=300))
def test_any_text_is_a_list_or_an_error_that_says_what_to_do(text: str) -> None:
    if not any(name in text.lower() for name in ("email", "address", "recipient")):
        with pytest.raises(BadInput, match="column"):
            read_list(text)
    assert all("@" in line.address for line in read_list(f"email\n{text}")[0])
