"""A worker in a process of its own, for tests that kill it: reads the log of a folder until it is told to stop."""

import sys
import threading
from pathlib import Path

from tests.pipeline.house import House


def main() -> None:
    house = House(Path(sys.argv[1]), batch_records=40)
    print("ready", flush=True)
    house.worker.run(threading.Event())


if __name__ == "__main__":
    main()
