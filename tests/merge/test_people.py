"""Reading lists of people: one bad line never stops the good ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.every import every

from mailwake.errors import BadInput
from mailwake.merge.people import People, parse_people, read_people


def read(text: str) -> People:
    return parse_people(text, name="people.csv")


def addresses(people: People) -> list[str]:
    return [person.address for person in people.people]


def reasons(people: People) -> dict[int, str]:
    return {skipped.line: skipped.reason for skipped in people.skipped}


def test_every_column_is_a_merge_field() -> None:
    people = read("Email,First Name\nanna@example.com, Anna \n")
    assert people.columns == ("email", "first name")
    assert people.people[0].fields == {"email": "anna@example.com", "first name": "Anna"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_out(separator: str) -> None:
    people = read(f"email{separator}name\nanna@example.com{separator}Anna\n")
    assert people.people[0].fields["name"] == "Anna"


def test_a_file_from_excel_with_its_mark_and_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("\ufeffE-Mail;EMAIL\r\nx;anna@example.com\r\n".encode())
    assert addresses(read_people(path)) == ["anna@example.com"]


def test_a_quoted_cell_may_hold_the_separator_and_lines_are_still_counted() -> None:
    people = read('email,note\nanna@example.com,"a, b"\nbroken,x\n')
    assert people.people[0].fields["note"] == "a, b"
    assert reasons(people) == {3: "is no address"}


def test_an_address_that_comes_twice_is_mailed_once() -> None:
    people = read("email\nAnna@Example.com\nben@example.com\nanna@example.COM\n")
    assert addresses(people) == ["Anna@Example.com", "ben@example.com"]
    assert reasons(people) == {4: "the same address as in line 2"}


@every(
    "address",
    [
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "anna@@example.com",
        "an na@example.com",
        "anna@exa mple.com",
        "anna@-example.com",
        "anna@example..com",
        "a..b@example.com",
        ".anna@example.com",
        "anna.@example.com",
        "<anna@example.com>",
        "anna@example.com>",
        "anna@example.com;ben@example.com",
        "a" * 65 + "@example.com",
    ],
)
def test_what_is_no_address_is_skipped_and_the_rest_goes_on(address: str) -> None:
    people = read(f'email\n"{address}"\nben@example.com\n')
    assert addresses(people) == ["ben@example.com"]
    assert list(reasons(people)) == [2]


@pytest.mark.parametrize(
    "address", ["anna+list@example.com", "o'neil@sub.example.com", "änna@exämple.com", "a@xn--p1ai.com"]
)
def test_unusual_addresses_are_addresses(address: str) -> None:
    assert addresses(read(f"email\n{address}\n")) == [address]


def test_a_name_that_could_forge_a_header_is_refused() -> None:
    people = read('email,name\nanna@example.com,"Anna\nBcc: victim@example.com"\nben@example.com,Ben\n')
    assert addresses(people) == ["ben@example.com"]
    assert "could forge a header" in reasons(people)[2]


def test_a_line_without_an_address_says_so_and_an_empty_line_is_nothing() -> None:
    people = read("email,name\n,Anna\n\n,\nben@example.com,Ben\n")
    assert addresses(people) == ["ben@example.com"]
    assert reasons(people) == {2: "no address"}


def test_more_cells_than_columns_are_not_guessed_at() -> None:
    assert reasons(read("email,name\nanna@example.com,Lee, Anna\n")) == {2: "has more cells than columns"}


def test_a_list_without_the_column_names_those_it_has() -> None:
    with pytest.raises(BadInput, match="no column is called email; found mail, name"):
        read("mail,name\nanna@example.com,Anna\n")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="two columns are called name"):
        read("email,name,Name\n")


def test_an_empty_file_is_told_apart() -> None:
    with pytest.raises(BadInput, match="found none"):
        read("")


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\nanna@example.com,Anna\nben@example.com,B\xe9n\n")
    with pytest.raises(BadInput, match="line 3: is not UTF-8"):
        read_people(path)


def test_a_missing_file_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_people(tmp_path / "nobody.csv")


def test_an_address_hides_itself_in_a_skipped_line() -> None:
    assert "anna@" not in repr(read("email\nanna@\n").skipped)


def test_a_domain_that_idna_cannot_write_stops_no_other_line() -> None:
    people = read(f"email\nann@{'ü' * 60}.example\nbob@example.com\n")
    assert [person.address for person in people.people] == ["bob@example.com"]
    assert people.skipped[0].reason == "the domain is none"


def test_a_line_with_a_zero_byte_is_skipped_and_the_others_go_on(tmp_path: Path) -> None:
    """AT-83."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\nanna@example.com,An\x00na\nben@exam\x00ple.com,Ben\neve@example.com,Eve\n")
    people = read_people(path)
    assert addresses(people) == ["eve@example.com"]
    assert set(reasons(people)) == {2, 3}


@pytest.mark.parametrize(("name", "told"), [("", "Is a directory"), ("-", "standard input is not read")])
def test_what_is_no_file_is_told_with_what_to_give(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=f"{told}; give the path of a CSV file with a column email"):
        read_people(Path(name or tmp_path))
