"""``/o/<message>``: the open pixel; with ``/end`` behind it, the second one, at the end of the mail.

Whoever asks gets the picture; what is recorded depends on the token alone.
"""

from __future__ import annotations

from mailwake.edge.exchange import Exchange
from mailwake.edge.recording import Recorder
from mailwake.edge.response import Response
from mailwake.tokens import Purpose

#: One transparent pixel: header, screen, two colours, transparency (GIF89a section 23), image, end.
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
)
#: No validators and no age: every open has to come here. Ranges and conditions are ignored, which RFC 9110 allows.
PIXEL = Response(
    200,
    [
        ("Content-Type", "image/gif"),
        ("Cache-Control", "no-store, no-cache, max-age=0, must-revalidate, private"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex"),
    ],
    GIF,
)

#: looked up once: a member of an enumeration costs a call, and this is on the way of every hit
_READ = Purpose.READ
_END = "/end"


def answer(recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
    """The picture, always; a token that does not hold is counted and nothing else."""
    is_end = rest.endswith(_END)
    token = recorder.message(rest[: -len(_END)] if is_end else rest, host, _READ)
    if token is None:
        exchange.answer(PIXEL)
    elif is_end:
        recorder.ended(exchange, PIXEL, token)
    else:
        recorder.opened(exchange, PIXEL, token)
