"""What a sender may ask for in the message, and that it does not travel on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.send.control import Control, add_header, take_control

BODY = b"\r\n\r\nX-Mailwake-Track: no\r\n"


def test_a_message_that_asks_for_nothing_stays_as_it_is() -> None:
    raw = b"From: me@example.com\r\nX-Odd:nospace\r\nSubject: =?utf-8?q?=C3=A4?=" + BODY
    assert take_control(raw) == (Control(), raw)


def test_wishes_are_read_and_taken_out() -> None:
    raw = (
        b"From: me@example.com\r\nx-mailwake-CAMPAIGN: Spring\r\n sale\r\nX-Mailwake-Stream: outbound\r\n"
        b"X-Mailwake-Mode: opens=aggregate, clicks=off\r\nX-Mailwake-Track: yes\r\nSubject: x" + BODY
    )
    control, rest = take_control(raw)
    assert rest == b"From: me@example.com\r\nSubject: x" + BODY
    assert control == Control(
        campaign="Spring sale", stream="outbound", modes=Modes(opens=Mode.AGGREGATE, clicks=Mode.OFF)
    )


def test_an_encoded_campaign_name_is_decoded() -> None:
    control, _ = take_control(b"X-Mailwake-Campaign: =?utf-8?b?RnLDvGhsaW5n?=" + BODY)
    assert control.campaign == "Frühling"


def test_one_axis_alone_leaves_the_other_free() -> None:
    control, _ = take_control(b"X-Mailwake-Mode: opens=off" + BODY)
    assert control.modes == Modes(opens=Mode.OFF, clicks=INDIVIDUAL.clicks)


def test_the_stream_of_the_login_holds_when_the_message_says_nothing() -> None:
    assert take_control(b"Subject: x" + BODY, stream="transactional")[0].stream == "transactional"
    assert take_control(b"X-Mailwake-Stream: marketing" + BODY, stream="outbound")[0].stream == "marketing"


@every(
    "line",
    [
        b"X-Mailwake-Mode: opens=everything",
        b"X-Mailwake-Mode: individual",
        b"X-Mailwake-Mode: eyes=off",
        b"X-Mailwake-Stream: spam",
        b"X-Mailwake-Track: maybe",
        b"X-Mailwake-Campaign: " + b"x" * 201,
    ],
)
def test_a_wish_that_cannot_be_understood_stops_the_message(line: bytes) -> None:
    with pytest.raises(BadInput, match=line.partition(b":")[0].decode()):
        take_control(line + BODY)


def test_a_message_that_was_instrumented_before_is_known_and_keeps_its_mark() -> None:
    raw = b"X-Mailwake: tracked\r\nSubject: x" + BODY
    control, rest = take_control(raw)
    assert control.is_ours
    assert rest == raw


def test_nothing_is_read_below_the_header() -> None:
    control, rest = take_control(b"Subject: x" + BODY)
    assert control.track
    assert rest.endswith(BODY)


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"no header at all\r\nX-Mailwake-Track: no\r\n", b"\x00\xff: \xfe\r\n\r\n"]
)
def test_what_is_no_header_is_left_alone(raw: bytes) -> None:
    assert take_control(raw) == (Control(), raw)


def test_a_header_is_added_with_the_messages_own_line_ends() -> None:
    assert add_header(b"A: b\r\n\r\n", "X-Y", "z") == b"X-Y: z\r\nA: b\r\n\r\n"
    assert add_header(b"A: b\n\n", "X-Y", "z") == b"X-Y: z\nA: b\n\n"


@given(st.binary(max_size=300))
def test_any_bytes_without_wishes_come_back_as_they_are(raw: bytes) -> None:
    assert take_control(raw + b"\r\n\r\nbody")[1] == raw + b"\r\n\r\nbody" or b"x-mailwake" in raw.lower()


@given(
    st.lists(st.sampled_from([b"Subject: a\r\n", b"X-Odd:b \r\n\tfolded\r\n", b"To: c@example.com\r\n"]), max_size=8)
)
def test_a_wish_is_cut_out_of_any_place_in_the_header(fields: list[bytes]) -> None:
    for place in range(len(fields) + 1):
        raw = b"".join([*fields[:place], b"X-Mailwake-Campaign: x\r\n y\r\n", *fields[place:], b"\r\nbody"])
        control, rest = take_control(raw)
        assert control.campaign == "x y"
        assert rest == b"".join([*fields, b"\r\nbody"])
