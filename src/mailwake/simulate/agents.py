"""The crowd's behaviour as data and one function: everything that happens to one message in one mailbox."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mailwake.simulate.acts import Action
from mailwake.simulate.readers import Occasion, read
from mailwake.simulate.scanners import scan

TABLE = Path(__file__).parent / "agents.toml"
#: The demo's week is over by then; what would happen later does not happen.
WEEK_SECONDS = 6.5 * 86_400


def load_dials(path: Path = TABLE) -> Mapping[str, Any]:
    """The numbers of `agents.toml`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def actions(occasion: Occasion) -> list[Action]:
    """What scanners, proxies and people do with a message within a week, in the order of time."""
    both = (*scan(occasion), *read(occasion))
    return sorted((each for each in both if each.after_seconds < WEEK_SECONDS), key=lambda each: each.after_seconds)
