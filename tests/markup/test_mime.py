"""Parts are where RFC 2046 says, and where everybody looks when a message does not follow it."""

import email
from email.message import Message

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.markup.mime import MAX_DEPTH, Entity, read_message

CRLF = "\r\n"


def parts(raw: str | bytes) -> list[tuple[str, str]]:
    """(type, body) of every leaf."""
    data = raw.encode("latin-1") if isinstance(raw, str) else raw
    message = read_message(data)
    assert message is not None
    return [
        (entity.content_type, data[entity.body_start : entity.body_end].decode("latin-1"))
        for entity in message.walk()
        if not entity.parts
    ]


def read(raw: str) -> Entity:
    message = read_message(raw.encode("latin-1"))
    assert message is not None
    return message


def test_the_line_end_before_a_boundary_belongs_to_the_boundary() -> None:
    raw = "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n\n--b\n\ntwo\n--b--\nepilogue"
    assert parts(raw.replace("\n", CRLF)) == [("text/plain", "one\r\n"), ("text/plain", "two")]


def test_a_boundary_that_is_the_start_of_another_one_is_told_apart() -> None:
    raw = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b1\n\n"
        "--b1\n\nplain\n--b1\nContent-Type: text/html\n\n<p>\n--b1--\n--b\n\nlast\n--b--\n"
    )
    assert parts(raw) == [("text/plain", "plain"), ("text/html", "<p>"), ("text/plain", "last")]


def test_a_part_that_never_ends_runs_to_the_end() -> None:
    assert parts("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo") == [
        ("text/plain", "one"),
        ("text/plain", "two"),
    ]


def test_an_outer_boundary_ends_inner_parts() -> None:
    raw = (
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ninner\n"
        "--o\n\nouter\n--o--\n"
    )
    assert [body for _, body in parts(raw)] == ["inner", "outer"]


def test_blanks_after_a_boundary_are_allowed_and_other_text_is_not() -> None:
    raw = "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--bx\n--b--x\n--b-- \n"
    assert [body for _, body in parts(raw)] == ["one\n--bx\n--b--x"]


@every(
    ("value", "boundary"),
    [
        ('multipart/mixed; boundary="b c"', "b c"),
        ("multipart/mixed; BOUNDARY=b", "b"),
        ("multipart/mixed;\r\n\tboundary=b", "b"),
        ("multipart/mixed; (comment; boundary=x) boundary=b", "b"),
        ('multipart/mixed; boundary="b\\"c"', 'b"c'),
        ("multipart/mixed; boundary*0=ab; boundary*1=cd", "abcd"),
        ("multipart/mixed; boundary*=us-ascii'en'b%20c", "b c"),
        ("multipart/mixed; boundary*0*=us-ascii''a%20; boundary*1=b", "a b"),
        ('multipart/mixed; boundary="unclosed', "unclosed"),
        ("multipart/mixed; charset=x;; boundary = b ; a=b", "b"),
        ("multipart/mixed; boundary='b'", "b"),
    ],
)
def test_parameters_are_read_in_every_spelling(value: str, boundary: str) -> None:
    assert read(f"Content-Type: {value}\r\n\r\nx").parameters["boundary"] == boundary


@every(
    ("value", "kind"),
    [
        ("text/HTML", "text/html"),
        (" text/html ; charset=x", "text/html"),
        ("text/html(comment)", "text/html"),
        ("text", "text/plain"),
        ("", "text/plain"),
        ("/html", "text/plain"),
    ],
)
def test_types_are_read_or_are_plain_text(value: str, kind: str) -> None:
    assert read(f"Content-Type: {value}\r\n\r\nx").content_type == kind


def test_a_line_that_is_no_header_ends_the_header() -> None:
    message = read("Subject: x\r\nthis is no header\r\nContent-Type: text/html\r\n\r\n<p>")
    assert message.content_type == "text/plain"
    assert message.body_start == message.header_end == len("Subject: x\r\n")


@every("raw", [b"", b"\r\n\r\nbody", b"no header at all", b"<html>", b" folded: first"])
def test_what_does_not_start_with_a_header_is_no_message(raw: bytes) -> None:
    assert read_message(raw) is None


def test_a_header_without_a_body_is_a_message() -> None:
    message = read("Subject: x\r\nTo: y")
    assert message.header_end == message.body_start == message.body_end == 17


def test_an_mbox_line_and_a_byte_order_mark_are_passed_over() -> None:
    assert read("From me Mon Mar  2 10:00:00 2026\r\nSubject: x\r\n\r\n").header("subject") == "x"
    message = read_message(b"\xef\xbb\xbfSubject: x\r\n\r\n")
    assert message is not None
    assert message.header("subject") == "x"


def test_lone_carriage_returns_end_lines_where_there_are_no_others() -> None:
    raw = "Content-Type: multipart/mixed; boundary=b\r\r--b\rContent-Type: text/html\r\r<p>\r--b--\r"
    assert parts(raw) == [("text/html", "<p>")]


def test_a_folded_header_is_unfolded_and_the_first_of_two_wins() -> None:
    message = read("Subject: a\r\n b\r\n\tc\r\nSubject: d\r\n\r\n")
    assert message.header("subject") == "a b\tc"


def test_parts_of_a_digest_are_messages_and_messages_are_not_opened() -> None:
    raw = "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\nContent-Type: text/html\n\n<p>\n--b--\n"
    assert [kind for kind, _ in parts(raw)] == ["message/rfc822"]


def test_an_encoded_multipart_is_not_opened() -> None:
    raw = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\nx\n--b--\n"
    assert len(parts(raw)) == 1


def test_depth_has_an_end() -> None:
    raw = "".join(f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n" for depth in range(3 * MAX_DEPTH))
    assert len(list(read(raw).walk())) == MAX_DEPTH + 1


def test_the_same_boundary_inside_itself_ends() -> None:
    inner = "--b\nContent-Type: multipart/mixed; boundary=b\n\n"
    assert len(list(read("Content-Type: multipart/mixed; boundary=b\n\n" + inner * 200).walk())) <= 202


def test_a_message_of_25_megabytes_is_read() -> None:
    body = b"QUJD" * 18 + CRLF.encode()
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b\r\n\r\n"
    message = read_message(raw + body * 340_000 + b"--b--\r\n")
    assert message is not None
    assert [part.content_type for part in message.parts] == ["text/html", "text/plain"]


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> str:
    if depth < 3 and draw(st.booleans()):
        boundary = draw(st.sampled_from(["b", "b1", "b12", "--", "=_x", "a b"])) + str(depth)
        children = draw(st.lists(trees(depth + 1), min_size=1, max_size=3))
        inner = "".join(f"\n--{boundary}\n{child}" for child in children)
        end = draw(st.sampled_from([f"\n--{boundary}--\n", f"\n--{boundary}--", f"\n--{boundary}--\nepilogue"]))
        return f'Content-Type: multipart/mixed; boundary="{boundary}"\n\npreamble{inner}{end}'
    return "Content-Type: text/html\n\n" + draw(st.sampled_from(["", "x", "x\n", "\n", "--", "--b", "\n\nx\n\n"]))


@given(trees())
def test_bodies_are_those_that_pythons_own_parser_finds(raw: str) -> None:
    def leaves(message: Message) -> list[str]:
        return [str(part.get_payload()) for part in message.walk() if not part.is_multipart()]

    assert [body for _, body in parts(raw)] == leaves(email.message_from_string(raw))
