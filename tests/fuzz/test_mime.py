"""Messages, damaged in every way: nothing raises, depth and number of parts have an end, no part is lost or added."""

import base64
import quopri

from hypothesis import strategies as st
from tests.compose.conftest import HOST, corpus, make_copy
from tests.compose.test_corpus import leaves
from tests.fuzz.effort import effort, try_all
from tests.fuzz.mutations import mutated

from mailwake.compose.message import Draft, instrument
from mailwake.compose.options import ComposeOptions
from mailwake.markup.mime import MAX_DEPTH, MAX_PARTS, Entity, read_message
from mailwake.markup.transfer import read_body
from mailwake.modes import OFF

OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}), text_parts=True)
BARE = ComposeOptions(list_unsubscribe=False, mark_untouched=False)
PAGE = '<html><body><a href="https://x.example/?a=1&amp;b=2">gr\u00fc\u00dfe</a></body></html>'
HEAD = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: t\r\nMIME-Version: 1.0\r\n"
WORDS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--b", b"--b--", b"--bb", b"--", b"--\r\n", b" ", b"\t", b";", b":", b"=",
    b'"', b"(", b")", b"\\", b"*0*=", b"=?utf-8?q?a?=", b"Content-Type: text/html\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment\r\n", b"boundary=b", b"boundary=", b"charset=utf-16", b"charset=iso-2022-jp",
    b"charset=\xff", b"=\r\n", b"=3D", b"=ZZ", b"==", b"=", b"\0", b"\xff", b"From x\n", b">From x\n",
    b"\xef\xbb\xbf", b"-----BEGIN PGP MESSAGE-----", b"DKIM-Signature: v=1\r\n", b" folded\r\n",
]  # fmt: skip


@st.composite
def parts(draw: st.DrawFn, inside: st.SearchStrategy[bytes] | None) -> bytes:
    """A part with its header: a leaf, or several parts or a message inside."""
    kind = draw(st.sampled_from(["html", "plain", "file"] if inside is None else ["multipart", "message"]))
    if kind == "multipart":
        assert inside is not None
        boundary = draw(st.sampled_from([b"b", b"bb", b"b b", b"=_x"]))
        subtype = draw(st.sampled_from([b"mixed", b"alternative", b"related", b"digest", b"report"]))
        body = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in draw(st.lists(inside, max_size=3)))
        return b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n%s--%s--\r\n' % (subtype, boundary, body, boundary)
    if kind == "message":
        assert inside is not None
        return b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + draw(inside)
    subtype = b"html" if kind == "html" else b"plain"
    charset = draw(st.sampled_from(["utf-8", "iso-8859-1", "utf-16le", "windows-1252"]))
    encoding = draw(
        st.sampled_from(
            ["quoted-printable", "base64"] if charset == "utf-16le" else ["8bit", "quoted-printable", "base64"]
        )
    )
    raw = (PAGE if kind == "html" else "https://x.example/plain gr\u00fc\u00dfe\r\n").encode(charset)
    coded = {"8bit": raw, "quoted-printable": quopri.encodestring(raw), "base64": base64.encodebytes(raw)}[encoding]
    name = b"Content-Disposition: attachment; filename=x\r\n" if kind == "file" else b""
    line = b"Content-Type: text/%s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n"
    return line % (subtype, charset.encode(), encoding.encode()) + name + b"\r\n" + coded


MESSAGES = st.recursive(parts(None), parts, max_leaves=6).map(lambda part: HEAD + part)
REAL = st.sampled_from(sorted(name for name, raw in corpus("eml").items() if len(raw) < 60_000))


def check(raw: bytes) -> None:
    message = read_message(raw)
    if message is not None:
        assert depth(message) <= MAX_DEPTH + 1
        for count, entity in enumerate(message.walk()):
            assert count <= MAX_PARTS
            assert 0 <= entity.start <= entity.header_end <= entity.body_start <= entity.body_end <= len(raw)
            read_body(raw[entity.body_start : entity.body_end], entity.encoding, b"\r\n")
    draft = Draft.read(raw, OPTIONS)
    assert isinstance(draft.subject, str)
    result = draft.render(make_copy())
    assert instrument(raw, make_copy(modes=OFF), BARE).message == raw
    tracked = instrument(raw, make_copy(), OPTIONS)
    assert tracked.message == result
    if tracked.untouched:
        assert message is None or tracked.message.endswith(raw[message.body_start :])
    assert kinds(raw) == kinds(tracked.message), "a part came or went"


def depth(entity: Entity) -> int:
    return 1 + max(map(depth, entity.parts), default=0)


def kinds(raw: bytes) -> list[str]:
    """The types of all leaves, as Python's own parser sees them."""
    return [kind for kind, *_ in leaves(raw)]


@effort(quick=60, thorough=4_000)
def test_messages_built_and_damaged_keep_their_parts(examples: int) -> None:
    try_all(check, mutated(MESSAGES, WORDS), examples)


@effort(quick=5, thorough=800)
def test_real_messages_damaged_keep_their_parts(examples: int) -> None:
    try_all(check, mutated(REAL.map(lambda name: corpus("eml")[name]), WORDS), examples)


@effort(quick=60, thorough=4_000)
def test_words_that_decide_something_in_any_order_break_nothing(examples: int) -> None:
    try_all(check, st.lists(st.sampled_from(WORDS) | st.binary(max_size=2), max_size=40).map(b"".join), examples)
