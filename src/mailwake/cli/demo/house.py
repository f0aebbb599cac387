"""The demo's own installation: a folder with settings and keys, `mailwake serve`, and a mail server beside it."""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from mailwake.cli.keys import append_key
from mailwake.cli.serve import only_one, state_of
from mailwake.errors import BadInput, Unavailable
from mailwake.events import SECOND, Micros
from mailwake.monitoring.supervisor import end_with_parent
from mailwake.notifying.signing import PREFIX
from mailwake.rules.reading import Allowed, read_file
from mailwake.settings import Settings, load
from mailwake.simulate.clients import MAILS
from mailwake.simulate.people import Person
from mailwake.simulate.sink import LETTERS
from mailwake.store.workflows import open_workflows

#: says that a folder is a demo's and may be replaced
MARKER = ".mailwake-demo"
#: The crowd's week began this long ago and is over by now.
WEEK_SECONDS = 7 * 86_400
#: The role `web` gives way to everybody (monitoring.supervisor), so on a machine that is busy it takes its time.
START_SECONDS = 180.0
#: older than the letter of two hours ago, and younger than all that is stale
RULE_AGE_SECONDS = 3 * 3_600
CONFIG = """\
# Made by `mailwake demo`; the next one replaces this folder.
data = "data"

[tracking]
base_url = "http://127.0.0.1:{edge}"
# A demo of made-up people may look closely. For real ones the default is "aggregate".
unknown_consent = "individual"

[edge]
port = {edge}
# The crowd says in X-Forwarded-For where it seems to come from.
trusted_proxies = ["127.0.0.1/32"]

[relay]
port = {relay}

[smtp]
port = {sink}

[ingest]
port = {ingest}

[web]
port = {web}

[monitor]
port = {monitor}

[privacy]
# What a recipient may see, from the preference page in each mail.
port = {privacy}
page_url = "http://127.0.0.1:{privacy}"

[brand]
name = "Larkspur Tools"
color = "#2f6b3c"

[conversions]
# The crowd buys where its links lead, and the thank-you page hands the reference back.
reference_hosts = ["www.larkspur.example", "app.larkspur.example"]

[notify.shop]
# A program of ours that is told what happens, in the demo's own process; corrections come with it.
url = "http://127.0.0.1:{hooks}/mailwake"
secrets = ["file:notify.secret"]
events = ["clicked", "bounced", "complained", "unsubscribed", "verdict_changed"]
when = "provisional"
allow_private = true

[reports.weekly]
# Goes at the next full hour, to the mail server of the demo.
recipients = ["garden.team@larkspur.example"]
sender = "reports@larkspur.example"
weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
hour = {hour}

[demo]
# A week passes in seconds: hits say when they happen, everything else is moved a week back.
event_clock = true
shift_seconds = -{week}
"""


#: One is on: it acts for clicks in the letter that is two hours old, and tells a program. Those that would mail are
#: off, for nobody is to get more mail of a demo; the page tells for whom they would have acted. What happens in the
#: crowd's week is learned within seconds, so that all of it is late.
ON = "wants-a-call"
RULES = {
    ON: """\
about = "Somebody wants to be called: tell the shop"
trigger = "click"
labels = ["book a call"]
again = "once"
quiet = false

[webhook]
endpoint = "shop"
""",
    "planner-fans": """\
about = "Somebody looks at the plans: send what belongs to them"
enabled = false
trigger = "click"
labels = ["plans"]
again = "once"
late_hours = 240
mail = true

[letter]
file = "../newsletter.html"
""",
    "came-back": """\
about = "Somebody clicked on two days"
enabled = false
trigger = "return"
times = 2
late_hours = 240
mail = true

[letter]
file = "../newsletter.html"
""",
}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where everything listens, on this machine."""

    edge: int = 8025
    relay: int = 2525
    ingest: int = 2526
    sink: int = 2527
    web: int = 8026
    monitor: int = 8027
    privacy: int = 8029
    #: the program that is told by webhooks
    hooks: int = 8030


@dataclass(frozen=True, kw_only=True)
class House:
    """A running demo."""

    folder: Path
    ports: Ports
    settings: Settings
    serve: subprocess.Popen[bytes]

    @property
    def config(self) -> Path:
        """Its settings file."""
        return self.folder / "mailwake.toml"

    @property
    def letters(self) -> Path:
        """What the mail server keeps."""
        return self.folder / LETTERS

    @property
    def tracking_url(self) -> str:
        """Where links lead."""
        return self.settings.tracking.base_url

    @property
    def dashboard_url(self) -> str:
        """Where the numbers are."""
        return f"http://127.0.0.1:{self.ports.web}"

    def restarts(self) -> dict[str, int]:
        """Roles that had to be started again, and how often."""
        state = state_of(self.settings.data_folder)
        return {name: role["restarts"] for name, role in state.get("roles", {}).items() if role["restarts"]}


def prepare(folder: Path) -> None:
    """An empty folder; what an earlier demo left is removed.

    Raises:
        BadInput: something else is in it.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file; give --folder another name")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise BadInput(f"{folder} is not a demo's folder, so it stays as it is; give --folder another name")
        only_one(folder / "data").close()
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARKER).touch()


def free_ports(wanted: Ports) -> Ports:
    """The wanted ports, each replaced by a free one where it is taken."""
    with contextlib.ExitStack() as held:  # all at once, so that no two get the same
        return Ports(**{name: _bind(held, port) for name, port in vars(wanted).items()})


def _bind(held: contextlib.ExitStack, port: int) -> int:
    for each in (port, 0):
        probe = held.enter_context(socket.socket())
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", each))
            number: int = probe.getsockname()[1]
            return number
    raise Unavailable("there is no free port on 127.0.0.1")


def furnish(folder: Path, ports: Ports, newsletter: Sequence[Person], everybody: Sequence[Person]) -> None:
    """Settings, fresh keys, the newsletter with its list, and the mail server's mailboxes."""
    config = CONFIG.format(**vars(ports), week=WEEK_SECONDS, hour=(datetime.now(UTC).hour + 1) % 24)
    (folder / "mailwake.toml").write_text(config, encoding="utf-8")
    append_key(folder / "mailwake.keys", today=datetime.now(UTC).date())
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    (folder / "notify.secret").write_text(f"{PREFIX}{secret}\n", encoding="utf-8")
    shutil.copyfile(MAILS / "newsletter.html", folder / "newsletter.html")
    (folder / "workflows").mkdir()
    for name, text in RULES.items():
        (folder / "workflows" / f"{name}.toml").write_text(text, encoding="utf-8")
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "first_name", "customer"))
        rows.writerows((person.address, person.given, f"K-{20_000 + n}") for n, person in enumerate(newsletter))
    trouble = {person.address: person.trouble for person in everybody if person.trouble is not None}
    (folder / "mailboxes.json").write_text(json.dumps(trouble), encoding="utf-8")


def start_rules(folder: Path, *, now: Micros) -> None:
    """The rule that is on was there before the newest letter, so that it has something to act upon."""
    file = folder / "workflows" / f"{ON}.toml"
    (rule,) = read_file(file, Allowed(endpoints=frozenset(("shop",))))
    with contextlib.closing(open_workflows(folder / "data" / "state.sqlite")) as store:
        store.meet(rule.name, rule.version, now=Micros(now - RULE_AGE_SECONDS * SECOND))


@contextlib.contextmanager
def running(folder: Path, ports: Ports) -> Iterator[House]:
    """Start the mail server and everything of ours; stop both at the end.

    Args:
        folder: furnished.
        ports: where to listen.
    """
    with (folder / "serve.log").open("wb") as log, contextlib.ExitStack() as stack:
        sink = _start("-m", "mailwake.simulate", str(folder), "--port", str(ports.sink), "--notices", str(ports.ingest))
        stack.callback(_end, sink)
        serve = _start("-m", "mailwake", "serve", "--config", str(folder / "mailwake.toml"), log=log)
        stack.callback(_end, serve)
        yield House(folder=folder, ports=ports, settings=load(folder / "mailwake.toml"), serve=serve)


def _start(*arguments: str, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (sys.executable, *arguments),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for the demo, which then ends them in order
        preexec_fn=end_with_parent(),  # noqa: PLW1509 - no other thread runs yet
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_ready(house: House, told: Callable[[], None]) -> None:
    """Returns when every role and the mail server listen.

    Args:
        house: just started.
        told: called whenever another role is ready.

    Raises:
        Unavailable: something did not come up.
    """
    until = time.monotonic() + START_SECONDS
    ready = 0
    while time.monotonic() < until:
        state = state_of(house.settings.data_folder)
        count = sum(role["ready"] for role in state.get("roles", {}).values())
        for _ in range(count - ready):
            told()
        ready = max(ready, count)
        if state.get("ready") and _listens(house.ports.sink):
            return
        if house.serve.poll() is not None:
            break
        time.sleep(0.05)
    raise Unavailable(f"the demo did not start; {house.folder / 'serve.log'} says why")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
