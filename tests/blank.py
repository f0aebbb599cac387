"""Empty stores as files: making their tables takes a tenth of a second, copying them a thousandth."""

import tempfile
from functools import cache
from pathlib import Path

from mailwake.store.events import open_events
from mailwake.store.state import open_state


def lay_out(folder: Path, *, state: str = "state.sqlite", events: str = "events.duckdb") -> None:
    """Put stores without a row where there are none, ready to be opened."""
    for name, content in zip((state, events), _contents(), strict=True):
        if not (folder / name).exists():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)


@cache
def _contents() -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as name:
        state, events = Path(name) / "state.sqlite", Path(name) / "events.duckdb"
        open_state(state).close()
        open_events(events, threads=1).close()
        return state.read_bytes(), events.read_bytes()
