"""Work grows with the size of the input and not faster, whatever the input: counted, never timed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.calls import calls_in
from tests.compose.baits import BAITS

from mailwake.compose import passage
from mailwake.markup import quoted, scan
from mailwake.markup.memory import Memory

ROOT = Path(__file__).parents[2]
SMALL, TIMES = 2_000, 4
#: a run of `make test` takes one bait in so many; neighbours are of one kind, so every kind has its turn
PARTS = 5


class Forgetful(Memory[Any, Any]):
    """Knows nothing: all work is done, however often."""

    def get(self, key: Any) -> None:
        del key


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (passage, quoted, scan):
        for name, value in vars(module).items():
            if isinstance(value, Memory):
                monkeypatch.setattr(module, name, Forgetful(0))


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, PARTS))])
def test_four_times_the_bait_is_four_times_the_work(part: int) -> None:
    for name in list(BAITS)[part::PARTS]:
        entrance, bait = BAITS[name]
        entrance(bait(100))  # what is read or compiled once
        small, large = bait(SMALL), bait(TIMES * SMALL)
        allowed = 1.25 * TIMES * calls_in(lambda: entrance(small)) + 500  # noqa: B023 - called at once
        assert calls_in(lambda: entrance(large)) <= allowed, name  # noqa: B023 - called at once


#: The long test goes through the baits in this many processes, one after the other.
SHARES = 8
GUARDED = """
import faulthandler, sys
from tests.compose.baits import BAITS
for name in list(BAITS)[int(sys.argv[1]) :: int(sys.argv[2])]:
    faulthandler.dump_traceback_later(600, exit=True)
    entrance, bait = BAITS[name]
    entrance(bait(int(sys.argv[3])))
    faulthandler.cancel_dump_traceback_later()
    print(name, flush=True)
"""


@pytest.mark.long
@pytest.mark.parametrize("share", range(SHARES))
def test_a_megabyte_of_any_bait_comes_to_an_end(share: int) -> None:
    """Guards against hanging and nothing else: a minute a megabyte would pass, the square of it never ends."""
    command = [sys.executable, "-c", GUARDED, str(share), str(SHARES), "1000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"after {done.stdout.splitlines()[-1:]}: {done.stderr[-2000:]}"
    assert len(done.stdout.splitlines()) == len(range(share, len(BAITS), SHARES))


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", ["8bit: one line of", "quoted-printable: one line of", "base64:", "template: one line of"]
)
def test_five_megabytes_of_links_come_to_an_end_in_every_encoding(kind: str) -> None:
    entrance, bait = BAITS[f"{kind} links"]
    entrance(bait(5_000_000))
