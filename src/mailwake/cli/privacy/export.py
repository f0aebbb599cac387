"""`mailwake privacy export`: everything that is known of one person, as one page and as JSON."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import RECIPIENT, Action, Thing
from mailwake.cli.acting import audited
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.asking import asking
from mailwake.errors import BadInput
from mailwake.rights.told import Told
from mailwake.rights.words import to_html
from mailwake.settings import DEFAULT_FILE

AddressArgument = Annotated[str, typer.Argument(help="Whose; as mail was sent to it.")]


def export(
    address: AddressArgument,
    *,
    config: ConfigOption = DEFAULT_FILE,
    out: Annotated[str, typer.Option("--out", help="Name of the two files, without .html and .json.")] = "privacy",
) -> None:
    """Write everything that is known of one person: a page to read, and the same as JSON. Nothing of anybody else.

    Example: mailwake privacy export ada@example.com --out ada
    """
    from mailwake.rights.opening import EXPORT

    _need_a_name(out)
    with asking(config) as found:
        handle = str(found.handle(address))
        with audited(found.state, Action.PERSON_TOLD, Thing(RECIPIENT, handle)):
            raw = found.do(EXPORT, {"handle": handle})
    told = msgspec.json.decode(raw, type=Told)
    for ending, content in ((".html", to_html(told).encode()), (".json", raw)):
        print(_write(Path(f"{out}{ending}"), content))


def _need_a_name(out: str) -> None:
    """Before anything is asked: in a folder the two files would be hidden ones, or lie beside it."""
    if posixpath.basename(out) in ("", ".", "..") or Path(out).is_dir():
        inside = posixpath.join(out, "privacy")
        raise BadInput(f"--out {out} names no file; give the two files a name in that folder, such as {inside}")


def _write(path: Path, content: bytes) -> Path:
    try:
        path.touch(mode=0o600)
        path.write_bytes(content)
    except OSError as fault:
        raise BadInput(f"cannot write {path}: {fault.strerror}") from None
    return path
