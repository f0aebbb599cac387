"""Real mail and hard cases: what may change, changes; nothing else does."""

import email
import email.policy
import re
from collections.abc import Callable
from email.message import Message

from tests.compose.conftest import HOST, corpus, make_copy, read_link, sidecar
from tests.compose.undoing import undo
from tests.every import every

from mailwake.compose.copy import Copy
from mailwake.compose.headers import ADDED
from mailwake.compose.message import instrument, instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.shown import shown
from mailwake.markup.charset import Text, find_codec, read_text
from mailwake.markup.mime import read_message
from mailwake.modes import OFF

HTML = sorted(corpus("html"))
MAIL = sorted(corpus("eml"))
HARD = sorted(name for name in corpus("tricky") if not name.endswith(".json"))
OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}))
_ADDED = re.compile(rb"(?m)^(?:%s): [^\n]*\n?" % b"|".join(name.encode() for name in ADDED))
_ADDED_CR = re.compile(rb"(?:%s): [^\r]*\r" % b"|".join(name.encode() for name in ADDED))


def track_page(raw: bytes, copy: Copy, options: ComposeOptions) -> tuple[bytes, list[str]]:
    """An HTML file instrumented by itself, and what was tracked."""
    tracked = instrument_html(raw, copy, options)
    return tracked.message, [link.href for link in tracked.links if link.tracked]


def as_text(text: Text, raw: bytes) -> str:
    return raw.decode("latin-1") if text.unit == 1 else raw.decode(text.codec)


def leads_to(host: str) -> Callable[[str], str]:
    def target(url: str) -> str:
        return read_link(url, host).target

    return target


@every("name", HTML)
def test_undoing_a_template_gives_the_original_bytes(name: str) -> None:
    raw = corpus("html")[name]
    tracked, hrefs = track_page(raw, make_copy(), OPTIONS)
    text = read_text(raw, None)
    assert text is not None
    written, pixels = undo(
        as_text(text, tracked),
        as_text(text, raw),
        host=HOST,
        target=leads_to(HOST),
        charset=text.codec if text.unit == 1 else None,
    )
    assert len(written) == len(hrefs)
    assert pixels == (0 if b"4email" in raw[:2000].lower() or not raw.strip() else 1)


@every("name", [name for name in HARD if name.endswith(".html")])
def test_a_hard_page_is_tracked_as_expected(name: str) -> None:
    raw, expected = corpus("tricky")[name], sidecar(name)
    host = expected.get("config", {}).get("tracker_host", HOST)
    tracked, hrefs = track_page(raw, make_copy(host), ComposeOptions(own_hosts=frozenset({host})))
    codec = find_codec(expected.get("charset", "utf-8"))
    assert codec is not None
    written, pixels = undo(
        tracked.decode("latin-1"), raw.decode("latin-1"), host=host, target=leads_to(host), charset=codec
    )
    wanted = expected["track"]
    assert [raw for raw in written if raw not in expected["either"]] == [link["raw"] for link in wanted]
    assert [href for href in hrefs if href not in expected["either"]] == [link["url"] for link in wanted]
    for text in expected["no_track"]:
        assert tracked.count(text.encode(codec)) == raw.count(text.encode(codec))
    if expected["pixel"] != "any":
        assert pixels == (0 if expected["pixel"] == "no" else 1)


@every("name", [name for name in HARD if name.endswith(".eml")])
def test_a_hard_message_is_tracked_as_expected(name: str) -> None:
    raw, expected = corpus("tricky")[name], sidecar(name)
    tracked = instrument(raw, make_copy(), OPTIONS)
    hrefs = [link.href for link in tracked.links if link.tracked]
    assert [href for href in hrefs if href not in expected["either"]] == [link["url"] for link in expected["track"]]
    for text in expected["no_track"]:
        assert tracked.message.count(text.encode()) == raw.count(text.encode())
    if expected["pixel"] != "any":
        assert tracked.pixel == (expected["pixel"] != "no")
    if expected.get("untouched"):
        assert tracked.message == raw


@every("name", MAIL + [name for name in HARD if name.endswith(".eml")])
def test_undoing_a_message_gives_the_original_bytes(name: str) -> None:
    raw = corpus(name.partition("/")[0])[name]
    tracked = instrument(raw, make_copy(), OPTIONS)
    bare = without_added_headers(tracked.message, raw)
    if tracked.untouched:
        assert bare == raw
        return
    before, after = leaves(raw), leaves(bare)
    assert [kind for kind, *_ in before] == [kind for kind, *_ in after]
    written, pixels = 0, 0
    for (kind, old, charset), (_, new, _) in zip(before, after, strict=True):
        if kind != "text/html" or old == new:
            assert old == new
            continue
        text = read_text(old, charset)
        assert text is not None
        found, seen = undo(
            as_text(text, new),
            as_text(text, old),
            host=HOST,
            target=leads_to(HOST),
            charset=text.codec if text.unit == 1 else None,
        )
        written, pixels = written + len(found), pixels + seen
    assert written == sum(link.tracked for link in tracked.links)
    assert pixels == tracked.pixel


@every("name", MAIL + [name for name in HARD if name.endswith(".eml")])
def test_what_is_no_html_body_keeps_its_bytes(name: str) -> None:
    """Everything outside of the leaves that changed: compared from both ends, encoded as it is."""
    raw = corpus(name.partition("/")[0])[name]
    bare = without_added_headers(instrument(raw, make_copy(), OPTIONS).message, raw)
    message = read_message(raw)
    bodies = [part for part in shown(message) if part.content_type == "text/html"] if message else []
    if not bodies:
        assert bare == raw
        return
    assert bare.startswith(raw[: bodies[0].body_start])
    assert bare.endswith(raw[bodies[-1].body_end :])


@every("name", MAIL)
def test_a_message_in_which_nothing_may_be_watched_keeps_every_byte(name: str) -> None:
    raw = corpus("eml")[name]
    options = ComposeOptions(list_unsubscribe=False, mark_untouched=False)
    assert instrument(raw, make_copy(modes=OFF), options).message == raw


def without_added_headers(message: bytes, original: bytes) -> bytes:
    if message == original:
        return message
    pattern = _ADDED if b"\n" in original else _ADDED_CR
    count = len(pattern.findall(message)) - len(pattern.findall(original))
    # The sender's own headers of these names come before ours.
    matches = list(pattern.finditer(message))
    head = [match for match in matches if match.start() < len(message)][-count:] if count else []
    for match in reversed(head):
        message = message[: match.start()] + message[match.end() :]
    return message


def leaves(raw: bytes) -> list[tuple[str, bytes, str | None]]:
    """(type, decoded content, charset) of every part, as Python's own parser sees it."""
    found: list[tuple[str, bytes, str | None]] = []
    message: Message = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            charset = part.get_param("charset")
            found.append((part.get_content_type(), content, charset if isinstance(charset, str) else None))
    return found
