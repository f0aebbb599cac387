"""CloudFront writes percent signs for what would break its columns, and once wrote them twice."""

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.accesslog.cloudfront import fields, undo, undo_agent, values

#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html, the characters that are encoded
ENCODED = frozenset(b"<>\"#%{}|\\^~[]`' ")


def encode(sent: bytes) -> str:
    return "".join(f"%{b:02X}" if b <= 32 or b >= 127 or b in ENCODED else chr(b) for b in sent)


@given(st.binary(max_size=80))
def test_any_value_comes_back_as_it_was_sent(sent: bytes) -> None:
    assert undo(encode(sent)).encode("latin-1") == sent


@every(
    ("logged", "sent"),
    [
        ("Mozilla/5.0%20(X11)", "Mozilla/5.0 (X11)"),
        ("Mozilla/5.0%2520(X11)", "Mozilla/5.0 (X11)"),
        ("100%25%20Mail/1.0", "100% Mail/1.0"),
        ("odd%2520name%20Mail", "odd%20name Mail"),
        ("Mail/1.0", "Mail/1.0"),
        ("%", "%"),
        ("%zz%2", "%zz%2"),
    ],
)
def test_a_user_agent_that_was_encoded_twice_is_decoded_twice(logged: str, sent: str) -> None:
    assert undo_agent(logged) == sent


def test_columns_are_named_by_the_log_itself() -> None:
    assert fields(b"#Fields: date time timestamp(ms) cs(User-Agent)") == [
        "date",
        "time",
        "timestamp(ms)",
        "cs(User-Agent)",
    ]


def test_blanks_may_stand_for_tabs() -> None:
    assert values("a\tb c\t") == ["a", "b c", ""]
    assert values("a b%20c -") == ["a", "b%20c", "-"]
