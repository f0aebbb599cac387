"""Lines show by themselves what they are; the samples of every format give the requests that made them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.edge.conftest import message
from tests.every import every

from mailwake.accesslog.columns import Hit
from mailwake.accesslog.reader import Format, LineReader, Other
from mailwake.errors import BadInput, Unreadable
from mailwake.modes import Mode, Modes

SAMPLES = Path(__file__).parents[1] / "data" / "access_logs"
HOST = "track.example.com"
CHROME = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PIXEL = f"/o/{message()}".encode()
COUNTED = f"/o/{message(modes=Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE), delivery=0, recipient=0)}".encode()
NOON = 1_795_435_200_000_000


def lines(name: str) -> list[bytes]:
    return (SAMPLES / name).read_bytes().splitlines()


def hits(name: str, *, host: str = "", format: Format = Format.AUTO) -> list[Hit]:  # noqa: A002 - the option's name
    reader = LineReader(format, host=host)
    return [hit for line in lines(name) if isinstance(hit := reader.read(line), Hit)]


def headers(hit: Hit) -> dict[bytes, bytes]:
    parted = (line.partition(b": ") for line in hit.request.head.split(b"\r\n") if line)
    return {name: value for name, _, value in parted}


def test_combined_of_nginx() -> None:
    opened, looked, posted = hits("nginx-combined.log", host=HOST)
    assert (opened.at, opened.host, opened.name) == (NOON + 1_000_000, HOST.encode(), "")
    assert (opened.request.path, opened.request.peer) == (PIXEL, "192.0.2.24")
    assert headers(opened) == {b"User-Agent": b'a"b\\c \xc3\xa9'}
    assert opened.request.told == ("referer", "user-agent")
    assert (looked.request.method, looked.request.path, looked.request.peer) == ("HEAD", PIXEL + b"?x=1", "2001:db8::1")
    assert headers(looked) == {b"Referer": b"https://mail.example.com/"}
    assert (posted.request.method, posted.status) == ("POST", 405)


def test_standard_logs_of_cloudfront() -> None:
    opened, phone, looked, counted, redirected, gone = hits("cloudfront-v1.tsv")
    assert (opened.at, opened.host, opened.status) == (NOON + 1_000_000, HOST.encode(), 200)
    assert opened.name == "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ=="
    assert headers(opened) == {b"Host": HOST.encode(), b"User-Agent": CHROME}
    assert opened.request.told == ("host", "referer", "user-agent", "cookie", "x-forwarded-for")
    assert (phone.request.peer, phone.request.path) == ("2001:db8:85a3::8a2e:370:7334", PIXEL + b"?x=1%202")
    assert headers(phone)[b"User-Agent"] == b"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)"
    assert headers(phone)[b"X-Forwarded-For"] == b"198.51.100.7, 203.0.113.9"
    assert (looked.request.method, headers(looked)) == ("HEAD", {b"Host": HOST.encode()})
    assert headers(counted)[b"User-Agent"] == b"100% Mail/1.0"
    assert (redirected.status, gone.status, gone.at) == (301, 0, NOON - 2_000_000)


@pytest.mark.parametrize("name", ["cloudfront-v2.tsv", "cloudfront-v2.jsonl"])
def test_both_forms_of_cloudfronts_second_version_say_the_same(name: str) -> None:
    opened, counted = hits(name)
    assert (opened.at, opened.request.path, opened.request.peer) == (NOON + 1_250_000, PIXEL, "192.0.2.24")
    assert headers(opened) == {b"Host": HOST.encode(), b"User-Agent": CHROME}
    assert (counted.request.path, headers(counted)) == (COUNTED, {b"Host": HOST.encode()})
    assert counted.request.told == ("host", "user-agent")


def test_the_log_format_for_fastly() -> None:
    opened, counted = hits("fastly.jsonl")
    assert (opened.at, opened.request.path, opened.status) == (NOON + 1_250_000, PIXEL, 200)
    assert opened.name == "0a8f2f3c-7c0e-4d2a-9a3e-6f5a3f0c1d2e"
    assert headers(opened)[b"Accept-Language"] == b"de, en;q=0.9"
    assert (counted.request.peer, headers(counted)) == ("2001:db8::1", {b"Host": HOST.encode()})


def test_what_fastly_logs_by_default() -> None:
    (opened,) = hits("fastly-default.jsonl")
    assert (opened.at, opened.request.method, opened.request.path) == (NOON + 1_000_000, "GET", PIXEL + b"?a=b")
    assert headers(opened) == {b"Host": HOST.encode(), b"User-Agent": b'Say "hi"/1.0', b"Accept-Language": b"de"}


def test_a_syslog_prefix_and_a_virtual_host_are_seen_through() -> None:
    (opened,) = hits("fastly-clf.log")
    assert (opened.at, opened.host, opened.request.path) == (NOON + 1_000_000, HOST.encode(), PIXEL)
    assert headers(opened)[b"User-Agent"] == b'Mail "quoted"/1.0'


def test_formats_may_change_from_line_to_line() -> None:
    reader = LineReader(host=HOST)
    mixed = [lines(name)[0] for name in ("fastly.jsonl", "nginx-combined.log", "fastly-clf.log")]
    mixed += [*lines("cloudfront-v2.tsv"), lines("fastly.jsonl")[1]]
    assert sum(isinstance(reader.read(line), Hit) for line in mixed) == 6


@every("line", [b"", b"  \t", b"#Version: 1.0", b"#Fields: date time", b"# a remark"])
def test_comments_and_empty_lines_are_no_entries(line: bytes) -> None:
    assert LineReader().read(line) is Other.NO_ENTRY


def test_a_request_for_something_else_is_no_pixel() -> None:
    reader = LineReader(host=HOST)
    assert [reader.read(line) for line in lines("nginx-combined.log")[3:]] == [Other.NOT_PIXEL] * 2


@every(
    ("format", "line"),
    [
        (Format.TEXT, lines("fastly.jsonl")[0]),
        (Format.JSON, lines("nginx-combined.log")[0]),
        (Format.CLOUDFRONT, lines("nginx-combined.log")[0]),
        (Format.AUTO, b"\x00\x01\x02"),
        (Format.AUTO, b"\x1b[31mred"),
        (Format.AUTO, b"a" * 100_000),
        (Format.AUTO, b"<134>"),
    ],
)  # fmt: skip
def test_a_line_in_another_form_is_unreadable_and_not_told(format: Format, line: bytes) -> None:  # noqa: A002 - the option's name
    with pytest.raises(Unreadable) as caught:
        LineReader(format, host=HOST).read(line)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("host", ["x" * 70, "a..b", "\ud800"])
def test_a_host_that_is_none_is_refused_at_once(host: str) -> None:
    with pytest.raises(BadInput):
        LineReader(host=host)


_samples = [line for path in sorted(SAMPLES.glob("*.[tlj]*")) for line in path.read_bytes().splitlines()]


@given(st.lists(st.sampled_from(_samples) | st.binary(max_size=200), max_size=6), st.data())
def test_whatever_a_log_holds_is_read_or_refused(chosen: list[bytes], data: st.DataObject) -> None:
    reader = LineReader(host=HOST)
    for line in chosen:
        at = data.draw(st.integers(0, len(line)))
        damaged = line[:at] + data.draw(st.binary(max_size=4)) + line[at + data.draw(st.integers(0, 3)) :]
        try:
            hit = reader.read(damaged.replace(b"\n", b""))
        except Unreadable:
            continue
        if isinstance(hit, Hit):
            assert hit.request.path.startswith(b"/o/")
            assert hit.request.head.count(b"\n") == max(0, len(headers(hit)) - 1)
