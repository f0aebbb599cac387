"""Files with keys and secrets that settings point at by ``file:NAME``, written by somebody or the default."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from mailwake.backup.manifest import SETTINGS, Manifest
from mailwake.settings import Settings, load

_KIND = "file:"


def named(settings: Settings) -> tuple[str, ...]:
    """Names of the files as the settings have them, without detours, sorted; relative ones start at the settings."""
    texts = {text.removeprefix(_KIND) for text in _texts(settings) if text.startswith(_KIND)}
    return tuple(sorted(posixpath.normpath(text) for text in texts if text))


def lacking(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Files that the settings in a backup point at, and that it neither has nor says it left out.

    Backups were made like that by versions that looked for references in the text of the settings alone.

    Raises:
        Misconfigured: this version cannot use the settings.
    """
    there = {file.path for file in manifest.files}
    known = {posixpath.normpath(name) for name in manifest.left_out}
    settings = load(folder / SETTINGS / manifest.config)
    return tuple(name for name in named(settings) if f"{SETTINGS}/{name}" not in there and name not in known)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in (*value.keys(), *value.values()):
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield from _texts(getattr(value, one.name))
