"""`python -m salesforce_emulator`: an org as a process of its own."""

from __future__ import annotations

import argparse

from .clock import Clock, read_datetime
from .org import Org, Settings
from .server import Emulator


def main() -> None:
    """Read the options, print the address as one line of JSON, listen until ended."""
    options = argparse.ArgumentParser(
        prog="salesforce_emulator", description="A Salesforce org on loopback, for tests."
    )
    options.add_argument("--port", type=int, default=0, help="0: any that is free (default)")
    options.add_argument("--seed", type=int, default=0, help="of tokens")
    options.add_argument("--frozen-at", help="a time (ISO 8601 with zone) at which the org's clock stands still")
    options.add_argument("--person-accounts", action="store_true", help="an org with person accounts")
    options.add_argument("--mutation", action="append", default=[], help="put a known bug in, to try the tests")
    given = options.parse_args()
    clock = Clock(read_datetime(given.frozen_at) if given.frozen_at else None)
    settings = Settings(has_person_accounts=given.person_accounts, mutations=given.mutation)
    Emulator(Org(settings, clock=clock, seed=given.seed), port=given.port).serve()


if __name__ == "__main__":
    main()
