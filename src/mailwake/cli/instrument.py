"""`mailwake instrument`: one message or page in, the tracked one out, and the list of its links.

Everything but the list goes to standard output, so that it stands in a pipe. Nothing is stored unless a campaign is
named.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.compose.copy import Copy
from mailwake.compose.links import Link
from mailwake.compose.message import Draft, Instrumented, instrument, instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.template import template_id
from mailwake.errors import BadInput
from mailwake.events import CampaignId
from mailwake.hosts import Hosts, TrackingHost
from mailwake.markup.mime import read_message
from mailwake.modes import Mode, Modes, strictest
from mailwake.send.sender import sender_domain
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.tokens import KeyRing, MessageToken


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    config: ConfigOption = DEFAULT_FILE,
    recipient: Annotated[str, typer.Option(help="Whose copy it is; by default the one address in To.")] = "",
    campaign: Annotated[str, typer.Option(help="Keep the template and its links under this campaign.")] = "",
    tracking_host: Annotated[str, typer.Option(help="Host or base URL instead of the file's.")] = "",
    opens: Annotated[str, typer.Option(help="off, aggregate, deliverability or individual.")] = "",
    clicks: Annotated[str, typer.Option(help="off, aggregate or individual.")] = "",
    decoys: Annotated[bool, typer.Option(help="Add hidden links that only machines follow.")] = False,
    text_parts: Annotated[bool, typer.Option(help="Track links of plain text too.")] = False,
    utm: Annotated[list[str] | None, typer.Option(help="NAME=VALUE to add to links that lack it.")] = None,
    html: Annotated[bool, typer.Option(help="The input is a page, not a message.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The list as JSON, one link a line.")] = False,
) -> None:
    """Track the links and opens of a message, or of an HTML page: input that starts with "<", or is no mail but markup.

    The tracked message goes to standard output, the list of links to standard error.

    Example: mailwake instrument < in.eml > out.eml
    """
    if sys.stdin.isatty():
        raise BadInput("there is no message; try: mailwake instrument < in.eml > out.eml")
    raw = sys.stdin.buffer.read()
    settings = load(config)
    if tracking_host:
        settings = _with_host(settings, tracking_host)
    hosts = Hosts.load(settings)
    options = _options(settings, decoys=decoys, text_parts=text_parts, utm=utm or ())
    wished = _wished(settings, opens, clicks)
    is_page = html or looks_like_html(raw)
    draft = None if is_page else Draft.read(raw, options)
    recipient = recipient or (_only_recipient(draft) if draft else "")
    host = hosts.of_sender(sender_domain(draft.values("from"))) if draft and not tracking_host else hosts.default
    if campaign:
        copy, options = _known_copy(settings, raw, draft, options, wished=wished, who=(recipient, campaign), host=host)
    else:
        modes = wished if opens and clicks else _cautious(settings, wished, opens, clicks)
        token = _loose_token(settings.load_keys(), raw, draft, modes=modes, recipient=recipient)
        copy = Copy(minter=host.minter, base_url=host.base_url, token=token)
    if not copy.token.recipient:
        options = replace(options, own_pages=False)  # nobody is there to unsubscribe
    tracked = instrument_html(raw, copy, options) if is_page else instrument(raw, copy, options)
    sys.stdout.buffer.write(tracked.message)
    sys.stdout.buffer.flush()
    sys.stderr.write(json_lines(tracked.links) if as_json else table(tracked))


#: A template may begin with text, merge tags or front matter; of a broken mail, some field of these is left mostly.
_MARKUP = re.compile(rb"<(?:!doctype|html|body|table|div|p|a|img|br|span|center)[\s>/]", re.IGNORECASE)
_MAIL = re.compile(
    rb"^(?:from|to|date|received|content-type|mime-version|message-id)[ \t]*:", re.IGNORECASE | re.MULTILINE
)


def looks_like_html(raw: bytes) -> bool:
    """Whether the first character, after a byte order mark and white space, is ``<``; or it is no mail and has tags."""
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(mark):
            return raw[2:202].decode(codec, "replace").lstrip().startswith("<")
    if raw[:4096].removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n\f\0").startswith(b"<"):
        return True
    return read_message(raw) is None and not _MAIL.search(raw, 0, 4096) and _MARKUP.search(raw) is not None


def _with_host(settings: Settings, host: str) -> Settings:
    base = (host if "://" in host else f"https://{host}").rstrip("/")
    url = urlsplit(base)
    if url.scheme not in ("http", "https") or not url.hostname or url.path or url.query:
        raise BadInput(f"--tracking-host {host}: give a host or a base URL, such as https://track.example.com")
    return replace(settings, tracking=replace(settings.tracking, base_url=base))


def _options(settings: Settings, *, decoys: bool, text_parts: bool, utm: Sequence[str]) -> ComposeOptions:
    options = ComposeOptions.from_settings(settings)
    added = dict(options.utm)
    for pair in utm:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise BadInput(f"--utm {pair}: write it as name=value, such as utm_source=newsletter")
        added[name] = value
    return replace(
        options,
        decoys=decoys or options.decoys,
        text_parts=text_parts or options.text_parts,
        utm=added,
        mark_untouched=False,
    )


def _wished(settings: Settings, opens: str, clicks: str) -> Modes:
    """The modes asked for; whatever is not asked for is the installation's."""
    ceiling = settings.ceiling
    try:
        wished = Modes(
            opens=Mode.from_word(opens) if opens else ceiling.opens,
            clicks=Mode.from_word(clicks) if clicks else ceiling.clicks,
        )
    except ValueError as fault:
        raise BadInput(str(fault)) from None
    if wished.opens > ceiling.opens or wished.clicks > ceiling.clicks:
        raise BadInput(f"the installation allows opens {ceiling.opens.word} and clicks {ceiling.clicks.word} at most")
    return wished


def _cautious(settings: Settings, wished: Modes, opens: str, clicks: str) -> Modes:
    """Nobody is known here, so what was not asked for by name is that of unknown consent."""
    cautious = strictest((wished, settings.unknown_consent))
    return Modes(opens=wished.opens if opens else cautious.opens, clicks=wished.clicks if clicks else cautious.clicks)


def _only_recipient(draft: Draft) -> str:
    values = [draft.headers[name] for name in ("to", "cc", "bcc") if draft.headers.get(name)]
    found = [address for _, address in getaddresses(values)]
    return found[0] if len(found) == 1 and "@" in found[0] else ""


def _loose_token(keys: KeyRing, raw: bytes, draft: Draft | None, *, modes: Modes, recipient: str) -> MessageToken:
    """A copy that no store knows of; the same input gives the same output on the same day."""
    skeleton = draft.skeleton if draft else hashlib.blake2b(raw, digest_size=16).digest()
    return MessageToken(
        modes=modes,
        template=template_id(CampaignId(0), skeleton),
        delivery=_keyed_id(keys, "instrument delivery", raw + recipient.encode()) if recipient else 0,
        recipient=_keyed_id(keys, "instrument recipient", recipient.lower().encode()) if recipient else 0,
        issued=datetime.now(UTC).date(),
    )


def _keyed_id(keys: KeyRing, label: str, text: bytes) -> int:
    return (int.from_bytes(hashlib.blake2b(text, digest_size=8, key=keys.derive(label)).digest()) >> 1) or 1


def _known_copy(
    settings: Settings,
    raw: bytes,
    draft: Draft | None,
    options: ComposeOptions,
    *,
    wished: Modes,
    who: tuple[str, str],
    host: TrackingHost,
) -> tuple[Copy, ComposeOptions]:
    """A copy whose campaign, template and recipient the state store knows, so that reports can name them."""
    from mailwake.events import DeliveryId, Handle
    from mailwake.send.tracker import Tracker

    tracker = Tracker.open(settings)
    recipient, name = who
    campaign = tracker.campaign(name)
    options = replace(options, feedback_id=tracker.options(campaign).feedback_id)
    handle, delivery = Handle(0), DeliveryId(0)
    if recipient:
        handle, delivery = tracker.handles([recipient])[recipient], tracker.new_delivery()
    consents = tracker.consents([handle]).values() if recipient else (settings.unknown_consent,)
    modes = strictest((wished, *consents))
    if draft:
        template = tracker.register(campaign, draft)
    else:
        template = template_id(campaign.id, hashlib.blake2b(raw, digest_size=16).digest())
        blank = Copy(minter=host.minter, base_url=host.base_url, token=_no_token(modes))
        links = [link for link in instrument_html(raw, blank, options).links if link.number]
        tracker.put_template(campaign, template, subject="", html=raw, links=links)
    return tracker.copy(modes, template, delivery, handle, host=host), options


def _no_token(modes: Modes) -> MessageToken:
    return MessageToken(modes, 0, 0, 0, datetime.now(UTC).date())


def json_lines(links: Sequence[Link]) -> str:
    """One JSON object a line, in document order."""
    names = ("number", "href", "label", "role", "tracked", "why_not")
    lines = [msgspec.json.encode({name: getattr(link, name) for name in names}).decode() for link in links]
    return "".join(f"{line}\n" for line in lines)


def table(tracked: Instrumented) -> str:
    """The list of links for people, and what else there is to know."""
    rows = [("no", "tracked", "role", "label", "address")]
    for link in tracked.links:
        why = "yes" if link.tracked else f"no: {link.why_not}"
        rows.append((str(link.number or "-"), why, link.role, _printable(link.label, 32), _printable(link.href, 200)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    text = ""
    if tracked.links:
        for row in rows:
            start = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
            text += f"{start}  {row[4]}".rstrip() + "\n"
    count = sum(link.tracked for link in tracked.links)
    text += f"{count} of {len(tracked.links)} links tracked, {'one pixel' if tracked.pixel else 'no pixel'}\n"
    return text + (f"untouched: {tracked.untouched}\n" if tracked.untouched else "")


def _printable(text: str, width: int) -> str:
    """What a terminal may show: no control characters, not longer than the column."""
    shown = "".join(char if char.isprintable() else "�" for char in text)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"
