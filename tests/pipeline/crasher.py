"""A worker in a process of its own, for tests that kill it: takes in a log, and says so batch by batch."""

import sys
from pathlib import Path

from tests.pipeline.house import House


def main() -> None:
    house = House(Path(sys.argv[1]), batch_records=40)
    print("ready", flush=True)
    while True:
        print(house.worker.run_once().records, flush=True)


if __name__ == "__main__":
    main()
