"""Input that drives a careless reader into time that grows faster than the input.

Each bait is a function of the size wanted. `ENTRANCES` are the ways into composing. The tests count work; the benchmark
`compose.py` measures it. Nothing here needs pytest.
"""

import base64
from collections.abc import Callable
from datetime import date

from mailwake.compose.copy import Copy
from mailwake.compose.message import Draft, instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.template import RecipientCopy, Template
from mailwake.errors import BadInput
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import KeyRing, MessageToken, Minter

_HOST = "track.example.org"
_COPY = Copy(
    minter=Minter(KeyRing({1: b"keys for tests, not for any mail"}), _HOST),
    base_url=f"https://{_HOST}",
    token=MessageToken(INDIVIDUAL, 7, 5, 6, date(2026, 11, 23)),
)
_OPTIONS = ComposeOptions(own_hosts=frozenset({_HOST}))
_LINK = '<a href="https://example.com/">'


def as_page(html: str, options: ComposeOptions = _OPTIONS) -> None:
    assert isinstance(instrument_html(html.encode(), _COPY, options).links, tuple)


def with_decoys(html: str) -> None:
    as_page(f"<body>{html}</body>", ComposeOptions(decoys=True, utm={"utm_source": "news"}))


def as_message(raw: str, options: ComposeOptions = _OPTIONS) -> None:
    """Everything that the relay and the command line ask of a message."""
    draft = Draft.read(raw.encode("latin-1", "replace"), options)
    assert draft.skeleton
    assert draft.render(_COPY)
    told = draft.links, draft.headers, draft.subject, draft.html, draft.untouched
    assert len(told) == 5


def as_html_part(html: str) -> None:
    as_message(f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}")


def as_quoted_part(body: str) -> None:
    as_message(f"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{body}")


def as_text_part(text: str) -> None:
    as_message(f"Content-Type: text/plain\r\n\r\n{text}", ComposeOptions(text_parts=True))


def as_template(html: str) -> None:
    try:
        template = Template(html, options=_OPTIONS, minter=_COPY.minter, base_url=_COPY.base_url)
        recipient = RecipientCopy(token=_COPY.token, fields={"a": "b" * min(9, len(html))})
        assert len(template.links) >= len(template.fields) * 0
        assert len(template.render(recipient)) <= 20 * len(template.render_quoted_printable(recipient))
    except BadInput:
        return  # said at once is as good as done at once


def _fill(piece: str, size: int) -> str:
    return piece * max(1, size // len(piece))


def _repeated(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + _fill(piece, size) + after


_MARKUP = (
    "<!-- ",
    "<!-->",
    "<!----- ",
    "<!--[if mso]>",
    "<!--[if ",
    "<!--[if",
    "<!--[if mso]><a href='x'></a>",
    "<!--[if mso]><![endif]-->",
    "<![",
    "<![CDATA[",
    "<!",
    "<?",
    "</",
    "<",
    ">",
    "</a>",
    "</tr>",
    "< a",
    "-",
    "&",
    "&#1",
    "{{",
    "{{a",
    "{{a}}",
    "<{{a}}",
    "<x {{a}}",
    '<a href="{{a}}">',
    '<a href="',
    "<a href='",
    "<a href=x>",
    "<a href=x href=y>",
    "<A HREF=x></A>",
    "<a href=x>y<a href=z>",
    '<b "',
    "<b '",
    "<b x ",
    "<b x=",
    "<b",
    "<div>",
    "<b><a>",
    "<table>",
    "<table><a href=x>",
    "<table><tr><td><a href=x>",
    "<a href=x><table>",
    '<td a="<td b=',
    "<svg>",
    "<svg><g>",
    "<svg><![CDATA[",
    "<svg><a>",
    "<svg><foreignObject>",
    "<svg><font color=x>",
    "<math><mi>",
    "<script>",
    "<script><!--",
    "<title>",
    "<textarea>",
    "<style>",
    "<template>",
    "<plaintext",
    "<v:rect href=x>",
    "<area href=x>",
    "</body>",
    "<html amp4email>",
    '<a href="https://example.com/">x</a>',
    '<a href="https://example.com/">x.y</a>',
    "<!-- <a href='x'></a>",
)
_AROUND = {
    "in Outlook": ("<!--[if mso]>", "<![endif]-->"),
    "in svg": ("<svg>", ""),
    "in a link": (_LINK, "</a>"),
    "in a table": ("<table>", "-->"),
    "in script": ("<script>", '">'),
}


def _links_about(piece: str) -> Callable[[int], str]:
    """Links of 4,000 characters each, full of a piece, that look as if they were an address."""
    return lambda size: _fill(f"{_LINK}{_fill(piece, 3_900)}.</a>", size)


def _nested(size: int) -> str:
    levels = [f"Content-Type: multipart/mixed; boundary=b{depth}x\r\n\r\n--b{depth}x\r\n" for depth in range(60)]
    return "".join(levels) + _fill("--b\r\n", size)


def _base64(size: int) -> str:
    body = base64.encodebytes(_fill(f"{_LINK}x</a>", size).encode()).decode()
    return f"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"


_HEAD = "Content-Type: text/html\r\n\r\n" + _LINK
_MIXED = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
_BASE64 = "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
_QUOTED_LINK = _LINK.replace("=", "=3D")
_LABELS = ("<b ", "<![", '<b "', "<img ", "<script></script ", "<td ", "&#1", "&", "<!--", "</")

Entrance = Callable[[str], None]
BAITS: dict[str, tuple[Entrance, Callable[[int], str]]] = {}
for _piece in _MARKUP:
    BAITS[f"page of {_piece}"] = as_page, _repeated(_piece)
    BAITS[f"template of {_piece}"] = as_template, _repeated(_piece + "{{a}}")
    BAITS[f"decoys among {_piece}"] = with_decoys, _repeated(_piece)
    BAITS[f"quoted-printable of {_piece}"] = as_quoted_part, _repeated(_piece.replace("=", "=3D") + "=\r\n")
    for _where, (_before, _after) in _AROUND.items():
        BAITS[f"page of {_piece} {_where}"] = as_page, _repeated(_piece, _before, _after)
for _piece in _LABELS:
    BAITS[f"labels of {_piece}"] = as_page, _links_about(_piece)
BAITS |= {
    "page: foreign elements that another tag ends": (
        as_page,
        lambda size: "<svg>" + _fill("<g>", size // 2) + _fill("</x>", size // 2),
    ),
    "decoys: links in nested tables": (
        with_decoys,
        lambda size: _fill("<table>", size // 2) + _fill("<a href=x>", size // 2),
    ),
    "decoys: cells behind open links": (
        with_decoys,
        lambda size: f"<table>{_fill('<a href=x>', size // 2)}</table>{_fill('<td>', size // 2)}",
    ),
    "page: one long address": (as_page, lambda size: f'<a href="https://example.com/{"x" * size}">x</a>'),
    "page: one long host": (as_page, lambda size: f'<a href="https://{_fill("a.", size)}">x</a>'),
    "page: one long foreign host": (as_page, lambda size: f'<a href="https://{_fill("ü", size)}.de">x</a>'),
    "page: one long number": (as_page, lambda size: f'<a href="https://example.com/&#{"1" * size}">x</a>'),
    "page: one tag of attributes": (as_page, lambda size: f"<a {_fill('x=1 ', size)} href=x>x</a>"),
    "page: one class of words": (as_page, lambda size: f'<a class="{_fill("padding-", size)}" href="https://a.de">x'),
    "page: hidden elements that are never closed": (as_page, _repeated('<div style="display:none">')),
    "page: hidden elements in cells": (as_page, _repeated('<table><td><p style="display:none"></div>')),
    "page: words of hiding": (as_page, _repeated("<p style=' display:none ")),
    "page: forms": (as_page, _repeated("<form action=https://example.com/><svg><a xlink:href=x>")),
    "page: meta elements": (as_page, _repeated("<meta charset ")),
    "template: fields in a tag": (as_template, _repeated("{{a}} ", '<p title="', '">')),
    "template: fields in a tag that never ends": (as_template, _repeated("{{a}} ", "<p title=")),
    "template: fields in one address": (as_template, _repeated("{{a}}", '<a href="https://example.com/', '">x</a>')),
    "template: fields in one host": (as_template, _repeated("{{a}}.", '<a href="https://', 'de/">x</a>')),
    "template: personal links": (as_template, _repeated('<a href="https://example.com/{{a}}">x</a>')),
    "template: a field and blanks": (as_template, _repeated(" ", "{{a")),
    "template: fields and blanks": (as_template, _repeated("{{a" + " " * 90)),
    "template: one line": (as_template, _repeated("x")),
    "template: one line to escape": (as_template, _repeated("=")),
    "template: one line of links": (as_template, _repeated("x" * 400 + _LINK + "x</a>")),
    "8bit: one line of links": (as_html_part, _repeated("x" * 400 + _LINK + "x</a>")),
    "quoted-printable: one line of links": (as_quoted_part, _repeated("x" * 400 + _QUOTED_LINK + "x</a>")),
    "quoted-printable: equals signs": (as_quoted_part, _repeated("=")),
    "quoted-printable: equals signs and blanks": (as_quoted_part, _repeated("= ", after=_QUOTED_LINK)),
    "quoted-printable: one equals sign and blanks": (as_quoted_part, _repeated(" ", "=", _QUOTED_LINK)),
    "quoted-printable: soft breaks": (as_quoted_part, _repeated("=\r\n", after=_QUOTED_LINK)),
    "quoted-printable: escapes": (as_quoted_part, _repeated("=3D", after=_QUOTED_LINK)),
    "quoted-printable: broken escapes": (as_quoted_part, _repeated(f"=ZZ {_QUOTED_LINK}x</a>\r\n")),
    "quoted-printable: broken ends of links": (as_quoted_part, _repeated(f"{_QUOTED_LINK}x<=\r\n/a>")),
    "base64: links": (as_message, _base64),
    "base64: lone line ends": (as_message, _repeated("\r", _BASE64 + "YW", "Jj\n")),
    "base64: equals signs": (as_message, _repeated("=", _BASE64 + "YW")),
    "headers of different names": (
        as_message,
        lambda size: "".join(f"X-{number}: a\r\n" for number in range(size // 12)) + _HEAD,
    ),
    "headers of one name": (as_message, _repeated("X-Y: a\r\n", after=_HEAD)),
    "one header of lines": (as_message, _repeated(" y\r\n", "Subject: x\r\n", _HEAD)),
    "one header of lone line ends": (as_message, _repeated("\r", "Subject: x\r\n ", "y\r\n" + _HEAD)),
    "a type and lone line ends": (as_message, _repeated("\r", "Content-Type: text/html;\r\n ", "y\r\n\r\n" + _LINK)),
    "a type and escaped quotes": (as_message, _repeated('\\"', 'Content-Type: text/html; (c) a="', "\r\n\r\n" + _LINK)),
    "a type and escaped brackets": (as_message, _repeated("\\(", "Content-Type: text/html; ", "\r\n\r\n" + _LINK)),
    "a type and brackets": (as_message, _repeated("(", "Content-Type: text/html; ", "\r\n\r\n" + _LINK)),
    "a type and semicolons": (as_message, _repeated(";", "Content-Type: text/html", "\r\n\r\n" + _LINK)),
    "a type and sections": (as_message, _repeated("; a*1=x", "Content-Type: text/html", "\r\n\r\n" + _LINK)),
    "a subject of half words": (as_message, _repeated("=?u?q?x", "Subject: ", "\r\n" + _HEAD)),
    "a subject of words": (as_message, _repeated("=?utf-8?q?x?= ", "Subject: ", "\r\n" + _HEAD)),
    "no header": (as_message, _repeated("x")),
    "a header and nonsense": (as_message, _repeated("x", "X: y\r\n")),
    "boundaries": (as_message, _repeated("--b\r\n", _MIXED)),
    "boundaries that are none": (as_message, _repeated("--b", _MIXED)),
    "boundaries and blanks": (as_message, _repeated("--b \t\r\r\r", _MIXED)),
    "boundaries inside of each other": (as_message, _nested),
    "boundaries inside of the same": (as_message, _repeated(_MIXED + "--b\r\n")),
    "one long boundary": (
        as_message,
        lambda size: f"Content-Type: multipart/mixed; boundary={'-' * (size // 3)}\r\n\r\n{'-' * size}",
    ),
    "HTML parts": (as_message, _repeated(f"--b\r\n{_HEAD}x</a>\r\n", _MIXED)),
    "parts of meta elements": (
        as_message,
        _repeated(f"--b\r\nContent-Type: text/html\r\n\r\n{'<meta ' * 600}\r\n", _MIXED),
    ),
    "armour": (as_html_part, _repeated("-----BEGIN PGP ")),
    "shifted characters": (
        lambda body: as_message(f"Content-Type: text/html; charset=iso-2022-jp\r\n\r\n{body}"),
        _repeated("\x1b$B", after=_LINK),
    ),
    "braces of an old charset": (
        lambda body: as_message(f"Content-Type: text/html; charset=hz\r\n\r\n{body}"),
        _repeated("~{", after=_LINK),
    ),
    "text: one address and brackets": (as_text_part, _repeated(")", "https://example.com/")),
    "text: one address and stops": (as_text_part, _repeated(".", "https://example.com/")),
    "text: addresses": (as_text_part, _repeated("https://example.com/ ")),
    "text: half addresses": (as_text_part, _repeated("https://")),
    "text: our pages in addresses": (as_text_part, _repeated("https://example.com/mailwake:unsubscribe ")),
}
