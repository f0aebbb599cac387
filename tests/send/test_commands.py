"""`mailwake send` and `mailwake relay` as a user runs them: real processes, real sockets, real kills."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailwake.events import Micros

if TYPE_CHECKING:
    from tests.conftest import Home, Sink

NOW = Micros(1_800_000_000_000_000)
PAGE = (
    "---\nsubject: Spring, {{name}}\nfrom: News <news@example.com>\n---\n"
    '<p>Hello {{name}}</p><a href="https://example.com/shop">Shop</a><a href="mailwake:unsubscribe">Stop</a></body>\n'
)


def command(home: Home, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailwake", *words, "--config", str(home.config)]


def run(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, *words), capture_output=True, text=True, cwd=home.folder, timeout=120, check=False
    )


def write(home: Home, count: int, more: str = "") -> tuple[str, str]:
    home.settings()
    (home.folder / "spring.html").write_text(PAGE, encoding="utf-8")
    lines = "".join(f"p{number}@example.com,Person {number}\n" for number in range(count))
    (home.folder / "people.csv").write_text(f"email,name\n{lines}{more}", encoding="utf-8")
    return "spring.html", "people.csv"


def result(home: Home, *words: str) -> tuple[int, dict[str, Any]]:
    done = run(home, "send", *words, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_list_is_mailed_with_a_plain_summary(home: Home, sink: Sink) -> None:
    done = run(home, "send", *write(home, 20, more="broken,x\np3@example.com,again\n"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "spring: 20 people · 20 delivered",
        "  line 22: broken skipped: is no address",
        "  line 23: p3@example.com skipped: the same address as in line 5",
    ]
    assert done.stderr == (
        "list: 20 of 22 addresses are fine · not an address: 1 · stands in the list twice: 1; "
        "`mailwake check-list` names them\n"
        "2 pieces of advice are not shown; --examined FILE writes the message, and `mailwake preflight FILE "
        "--signed-later` has all\n"
    )
    assert len(sink.mails) == 20
    assert all(b"https://track.example.com/" in mail.content for mail in sink.mails)


@pytest.mark.long
def test_a_second_call_says_that_it_is_done_and_another_campaign_starts_anew(home: Home, sink: Sink) -> None:
    files = write(home, 3)
    run(home, "send", *files)
    again = run(home, "send", *files)
    assert again.returncode == 0
    assert "nobody was mailed now: this campaign is complete" in again.stdout
    assert len(sink.mails) == 3
    run(home, "send", *files, "--campaign", "again")
    assert len(sink.mails) == 6


def test_a_dry_run_shows_three_messages_and_sends_nothing(home: Home, sink: Sink) -> None:
    done = run(home, "send", *write(home, 5, more="broken,x\n"), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Subject: Spring, Person") == 3
    assert "Hello Person 2\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "spring: 5 would be mailed, 0 suppressed, 1 skipped; nothing was sent"
    assert sink.commands == []
    state = home.state()
    assert (state.campaigns(), state.known_handles(["p0@example.com"])) == ([], {})
    state.close()


def test_a_missing_merge_field_is_named_and_nothing_is_sent(home: Home, sink: Sink) -> None:
    write(home, 2)
    (home.folder / "people.csv").write_text("email\np0@example.com\n", encoding="utf-8")
    done = run(home, "send", "spring.html", "people.csv")
    assert done.returncode == 1
    assert done.stderr.strip() == "mailwake: the list has no column name, which the message uses; it has email"
    assert sink.mails == []


def test_the_suppressed_are_not_mailed_and_counted(home: Home, sink: Sink) -> None:
    files = write(home, 3)
    state = home.state()
    handle = state.handles(["p1@example.com"], now=NOW)["p1@example.com"]
    state.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream="marketing")
    state.close()
    code, told = result(home, *files)
    assert (code, told["delivered"], told["suppressed"]) == (0, 2, 1)
    assert sink.to("p1@example.com") == []


@pytest.mark.long
def test_who_is_refused_is_named_and_who_is_put_off_asks_for_another_run(home: Home, sink: Sink) -> None:
    answers = {"p0@example.com": "550 5.1.1 nobody", "p1@example.com": "421 4.7.0 not now"}
    sink.on_data = lambda mail: answers.get(mail.recipients[0])
    files = write(home, 3)
    code, told = result(home, *files, "--back-off", "0,0")
    assert code == 1
    assert told["refused"] == [{"address": "p0@example.com", "reason": "550 5.1.1 nobody"}]
    assert (told["delivered"], told["deferred"]) == (1, 1)
    answers.clear()
    code, told = result(home, *files)
    assert (code, told["delivered"], told["bounced"], told["deferred"]) == (0, 2, 1, 0)


@pytest.mark.long
def test_in_doubt_is_told_by_name_with_what_to_do(home: Home, sink: Sink) -> None:
    sink.on_data = lambda mail: "cut after" if mail.recipients == ("p1@example.com",) else None
    files = write(home, 3)
    done = run(home, "send", *files)
    assert done.returncode == 1
    assert "  in doubt: p1@example.com" in done.stdout
    assert "--retry-doubtful" in done.stderr
    sink.on_data = lambda _: None
    code, _ = result(home, *files)
    assert (code, len(sink.to("p1@example.com"))) == (1, 1)
    code, told = result(home, *files, "--retry-doubtful")
    assert (code, told["doubtful"], len(sink.to("p1@example.com"))) == (0, 0, 2)


def test_a_server_that_is_away_is_one_line_that_says_what_to_do(home: Home) -> None:
    home.sink.port = 1
    files = write(home, 2)
    done = run(home, "send", *files, "--back-off", "")
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "pieces of advice" not in line]
    assert len(said) == 1
    assert "127.0.0.1:1 cannot be reached" in done.stderr or "does not let us in" in done.stderr
    assert "run the same command again" in done.stderr


@pytest.mark.long
def test_two_runs_of_one_campaign_do_not_work_at_once(home: Home, sink: Sink) -> None:
    files = write(home, 5)
    second: list[subprocess.CompletedProcess[str]] = []

    def look(_: object) -> None:
        if not second:
            second.append(run(home, "send", *files))

    sink.on_data = look
    assert run(home, "send", *files, "--connections", "1").returncode == 0
    assert second[0].returncode == 1
    assert "is being sent by another process" in second[0].stderr
    assert len(sink.mails) == 5


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 9))])
@pytest.mark.long
def test_killed_at_any_moment_and_run_again_nobody_is_mailed_twice_or_forgotten(
    home: Home, sink: Sink, seed: int
) -> None:
    """Kill -9 at random commands of the SMTP dialogue, again and again, until a run comes through."""
    chance = random.Random(seed)
    files = write(home, 60)
    process: subprocess.Popen[bytes]
    fuse = 0

    def burn(_: object) -> None:
        nonlocal fuse
        fuse -= 1
        if fuse == 0:
            process.kill()

    sink.on_mail = sink.on_rcpt = sink.on_data = burn
    for _ in range(6 if seed else 3):  # the seeds of the long run take longer
        fuse = chance.randrange(1, 120)
        with subprocess.Popen(
            command(home, "send", *files), cwd=home.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            process.wait(60)
    fuse = -1
    _, told = result(home, *files)
    got = Counter(mail.recipients[0] for mail in sink.mails)
    everybody = {f"p{number}@example.com" for number in range(60)}
    assert set(got.values()) == {1}
    assert everybody - set(got) <= set(told["in_doubt"])
    assert told["delivered"] + told["doubtful"] == 60
    assert told["doubtful"] <= 6 * 3  # one per connection and kill


@pytest.mark.long
def test_stopped_by_ctrl_c_it_ends_cleanly_and_goes_on_later(home: Home, sink: Sink) -> None:
    files = write(home, 40)
    process: subprocess.Popen[bytes]

    def stop(_: object) -> None:
        if len(sink.mails) == 10:
            process.send_signal(signal.SIGINT)

    sink.on_data = stop
    with subprocess.Popen(
        command(home, "send", *files, "--rate", "200/s"),
        cwd=home.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.wait(60) == 1
    assert len(sink.mails) < 40
    sink.on_data = lambda _: None
    code, told = result(home, *files)
    assert (code, told["delivered"], told["doubtful"]) == (0, 40, 0)
    assert len(sink.mails) == 40


@contextmanager
def relaying(home: Home) -> Iterator[tuple[subprocess.Popen[str], int]]:
    home.settings()
    process = subprocess.Popen(command(home, "relay"), cwd=home.folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("relay listening on 127.0.0.1:")
        yield process, int(line.rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()


@pytest.mark.long
def test_a_relay_asked_to_stop_finishes_the_message_under_way(home: Home, sink: Sink) -> None:
    with relaying(home) as (process, port):
        sink.on_data = lambda _: process.send_signal(signal.SIGTERM)
        client = smtplib.SMTP("127.0.0.1", port, timeout=20)
        assert client.sendmail("me@example.com", ["anna@example.com"], b"Subject: x\r\n\r\nx\r\n") == {}
        client.close()
        assert process.wait(30) == 0
    assert home.outcomes() == [("sent", "anna@example.com"), ("delivered", "anna@example.com")]


def test_mail_of_mailwake_send_through_our_own_relay_is_tracked_and_counted_once(home: Home, sink: Sink) -> None:
    files = write(home, 10)
    with relaying(home) as (_, port):
        home.config.write_text(home.config.read_text().replace(f"port = {sink.port}", f"port = {port}"))
        code, told = result(home, *files)
    assert (code, told["delivered"]) == (0, 10)
    assert all(mail.content.count(b"X-Mailwake: ") == 1 for mail in sink.mails)
    assert home.events("relay") == []
    assert Counter(event.type for event in home.events("send-1")) == {"sent": 10, "delivered": 10}


def test_a_relay_killed_between_two_recipients_mails_nobody_twice(home: Home, sink: Sink) -> None:
    people = ["anna@example.com", "ben@example.com", "eve@example.com"]
    message = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"

    def kill(mail: object) -> None:
        if len(sink.mails) == 1:
            process.kill()

    sink.on_data = kill
    with relaying(home) as (process, port):
        client = smtplib.SMTP("127.0.0.1", port, timeout=20)
        with pytest.raises(smtplib.SMTPException):
            client.sendmail("me@example.com", people, message)
        client.close()
    sink.on_data = lambda _: None
    with relaying(home) as (_, port), smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail("me@example.com", people, message)
    got = Counter(mail.recipients[0] for mail in sink.mails)
    assert got["anna@example.com"] == got["eve@example.com"] == 1
    assert got["ben@example.com"] <= 2  # in the air when the relay died: only its sender's retry can make sure


# ---- clients that others wrote


def loudly(program: str) -> str:
    """The path of a program; a test that cannot run says so as a warning that is not an error."""
    found = shutil.which(program)
    if found is None:
        warnings.warn(pytest.PytestWarning(f"{program} is not installed: its test did NOT run"), stacklevel=2)
    return found or ""


@pytest.mark.filterwarnings("default::pytest.PytestWarning")
def test_swaks_sends_through_the_relay(home: Home, sink: Sink) -> None:
    if not (swaks := loudly("swaks")):
        return
    (home.folder / "m.eml").write_text(
        "From: me@example.com\nTo: anna@example.com\nSubject: swaks\nX-Odd:nospace \nMIME-Version: 1.0\n"
        'Content-Type: text/html\n\n<a href="https://example.com/">x</a>\n.\n..\n</body>\n',
        encoding="ascii",
    )
    with relaying(home) as (_, port):
        done = subprocess.run(
            [swaks, "--server", "127.0.0.1", "--port", str(port), "--from", "me@example.com",
             "--to", "anna@example.com", "--data", f"@{home.folder / 'm.eml'}"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "250 2.0.0 kept as number 1" in done.stdout
    content = sink.mails[0].content
    assert b"X-Odd:nospace \r\n" in content
    assert b"https://track.example.com/c/" in content


@pytest.mark.long
@pytest.mark.filterwarnings("default::pytest.PytestWarning")
def test_nodemailer_sends_through_the_relay(home: Home, sink: Sink, tmp_path: Path) -> None:
    if not (npm := loudly("npm")) or not (node := loudly("node")):
        return
    folder = tmp_path / "node"
    folder.mkdir()
    got = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "nodemailer@7"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    if got.returncode:
        warnings.warn(pytest.PytestWarning("nodemailer could not be installed: its test did NOT run"), stacklevel=1)
        return
    with relaying(home) as (_, port):
        (folder / "send.js").write_text(
            'const mail = require("nodemailer");\n'
            f'const transport = mail.createTransport({{host: "127.0.0.1", port: {port}, secure: false}});\n'
            'transport.sendMail({from: "me@example.com", to: "anna@example.com, ben@example.com", subject: "Grüße",\n'
            '  text: "Hällo", html: \'<p>Hällo</p><a href="https://example.com/">x</a>\'})\n'
            "  .then(info => { console.log(info.response); transport.close(); });\n",
            encoding="utf-8",
        )
        done = subprocess.run([node, "send.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("250 2.0.0 kept")
    assert sorted(mail.recipients[0] for mail in sink.mails) == ["anna@example.com", "ben@example.com"]
    assert all(b"https://track.example.com" in mail.content.replace(b"=\r\n", b"") for mail in sink.mails)


# ---- what the documentation shows


EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_list_can_be_sent(home: Home, sink: Sink) -> None:
    done = run(home, "send", str(EXAMPLES / "spring.html"), str(EXAMPLES / "people.csv"))
    assert done.stdout == "spring: 3 people · 3 delivered\n"
    assert len(sink.mails) == 3


def test_the_example_program_sends_a_tracked_message(home: Home, sink: Sink) -> None:
    code = (EXAMPLES / "track_one.py").read_text(encoding="utf-8").replace(", 25)", f", {sink.port})")
    subprocess.run([sys.executable, "-c", code, "anna@example.com"], cwd=home.folder, check=True, timeout=60)
    assert b"https://track.example.com/c/" in sink.mails[0].content


def test_the_five_lines_of_the_howto_work(home: Home, sink: Sink) -> None:
    page = (EXAMPLES.parent / "docs" / "howto" / "python.md").read_text(encoding="utf-8")
    lines = page.partition("```python\n")[2].partition("```")[0].replace(", 25)", f", {sink.port})")
    made = "message = b'Subject: x\\nMIME-Version: 1.0\\nContent-Type: text/html\\n\\n<p>x</p>\\n'\n"
    subprocess.run([sys.executable, "-c", made + lines], cwd=home.folder, check=True, timeout=60)
    assert len(sink.to("anna@example.com")) == 1
