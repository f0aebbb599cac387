"""`mailwake init`: a settings file and fresh keys to start from."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailwake.cli.keys import append_key
from mailwake.errors import BadInput
from mailwake.inert.keeper import write_empty
from mailwake.settings import parse

TEMPLATE = """\
# Mailwake. Every option, its unit and its default: docs/reference/settings.md

data = "mailwake-data"               # log and stores

[tracking]
# What delivered mail points at: a subdomain of your From domain, over https.
base_url = "{base_url}"
# What may be recorded about a recipient: off, aggregate, deliverability (opens only), individual.
opens = "individual"
clicks = "individual"
# The same for recipients whose consent you do not know. "aggregate" singles nobody out;
# France and Italy ask for consent before anything more.
unknown_consent = "{unknown}"

[keys]
ref = "file:mailwake.keys"           # made by `mailwake init`; back it up, mail already sent needs it for ever

[edge]                               # pixel, clicks and unsubscribe pages; a proxy with TLS stands in front
host = "127.0.0.1"
port = 8025
trusted_proxies = ["127.0.0.1/32"]   # whose X-Forwarded-For is believed

[relay]                              # your programs send here instead of to your mail server
host = "127.0.0.1"
port = 2525

[smtp]                               # the mail server that takes it from there
host = "127.0.0.1"
port = 25

[brand]                              # how unsubscribe pages present you
name = "{brand}"
"""


def command(
    folder: Annotated[Path, typer.Argument(help="Where to put mailwake.toml and mailwake.keys.")] = Path(),
    base_url: Annotated[str, typer.Option(help="Tracking URL.")] = "https://track.example.com",
    brand: Annotated[str, typer.Option(help="Your name, for unsubscribe pages.")] = "This sender",
    individual: Annotated[
        bool,
        typer.Option("--individual", help="Track people whose consent is unknown too. Only where your law allows it."),
    ] = False,
) -> None:
    """Make mailwake.toml and fresh keys; never touches files that exist.

    Example: mailwake init --base-url https://track.example.com --brand "Example Ltd"
    """
    for line in make(folder, base_url=base_url, brand=brand, individual=individual):
        print(line)


def make(folder: Path, *, base_url: str, brand: str, individual: bool) -> list[str]:
    """Write both files and say what was done.

    Raises:
        BadInput: a settings file is there already, a value cannot stand in it, or the folder cannot be written to.
        Misconfigured: a value cannot be; nothing was written.
    """
    if any(ord(sign) < 32 or sign in '"\\\x7f' or "\ud800" <= sign <= "\udfff" for sign in base_url + brand):
        raise BadInput("base URL and name must not hold quotes, backslashes or control characters")
    unknown = "individual" if individual else "aggregate"
    text = TEMPLATE.format(base_url=base_url, brand=brand, unknown=unknown)
    settings = parse(tomllib.loads(text), root=folder.resolve())
    try:
        said = _write(folder, text, settings.data_folder)
    except OSError as fault:
        raise BadInput(f"cannot write to {folder}: {fault.strerror}; name a folder that can be made") from None
    said.append("recipients of unknown consent are tracked " + ("individually" if individual else "in aggregate only"))
    said.append(f"next: set [smtp] to your mail server, then run `mailwake doctor` and `mailwake serve` in {folder}")
    return said


def _write(folder: Path, text: str, data: Path) -> list[str]:
    config, keys = folder / "mailwake.toml", folder / "mailwake.keys"
    if config.exists():
        raise BadInput(f"{config} is there already; edit it, or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")
    said = [f"wrote {config}"]
    if not keys.exists():
        append_key(keys, today=datetime.now(UTC).date())
        said.append(f"wrote {keys}: keep it secret, back it up; links in sent mail need it for ever")
    if not (data / "log").exists():
        write_empty(data / "inert.bin")
    return said
