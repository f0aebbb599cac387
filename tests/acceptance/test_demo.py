"""The main job in its real commands: sent, read, bounced, judged and reported; and nothing lost when processes die."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailwake.cli.demo.experiments import DECIDED, RUNNING
from mailwake.cli.demo.kept import SEGMENTS
from mailwake.eventlog.sqlite import SqliteReader

MAILWAKE = (sys.executable, "-m", "mailwake")
MESSAGES = 150
PATIENCE_SECONDS = 600.0


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ("demo", "--exit", "--folder", str(folder), "--port", "0", *more)
    return subprocess.Popen((*MAILWAKE, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(demo: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """The result of a demo that ended well."""
    out, err = demo.communicate(timeout=PATIENCE_SECONDS)
    log = (folder / "serve.log").read_text() if (folder / "serve.log").exists() else ""
    assert demo.returncode == 0, f"{out}\n{err}\n{log}"
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    result["printed"] = out
    return result


def report(folder: Path, *arguments: str) -> dict[str, Any]:
    command = (*MAILWAKE, "report", *arguments, "--json", "--config", str(folder / "mailwake.toml"))
    answer: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return answer


def until(true: Callable[[], Any], demo: subprocess.Popen[str]) -> Any:
    """Wait for something that the demo is bound to do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert demo.poll() is None, "the demo ended before it came to that"
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def records(folder: Path, writer: str) -> int:
    """How many events a role wrote so far."""
    if not (folder / "data" / "log" / f"{writer}.log").exists():
        return 0
    segments = SqliteReader(folder / "data" / "log").read({}, limit_records=1_000_000)
    return sum(len(segment.records) for segment in segments if segment.writer == writer)


def pid_of(folder: Path, role: str) -> int:
    try:
        state = json.loads((folder / "data" / "serve.json").read_text())
    except (OSError, ValueError):
        return 0
    return int(state["roles"][role]["pid"] or 0)


def processes() -> str:
    """Number and command line of everything that runs, a line each."""
    listing = ("ps", "-axww", "-o", "pid=,command=")
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout


def assert_exact(result: dict[str, Any]) -> None:
    wrong = [(name, row) for name, rows in result["comparisons"].items() for row in rows if not row["holds"]]
    assert not wrong, result["printed"]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One demo in peace, for everything that only looks at its outcome."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    return folder, finish(start(folder, "--messages", str(MESSAGES)), folder)


@pytest.mark.long
def test_every_count_that_has_to_be_right_is(played: tuple[Path, dict[str, Any]]) -> None:
    _, result = played
    assert_exact(result)
    counts = {row["what"]: row["mailwake"] for row in result["comparisons"]["November newsletter"]}
    assert counts["sent"] == MESSAGES * 0.6
    assert counts["pixel loaded"] > 0
    assert counts["link followed"] > 0


@pytest.mark.long
def test_the_printed_numbers_are_those_of_the_report(played: tuple[Path, dict[str, Any]]) -> None:
    folder, result = played
    assert result["report"] == report(folder)
    shown = [each for each in report(folder)["campaigns"] if each["name"] in result["comparisons"]]
    assert len(shown) == len(result["comparisons"])
    for campaign in shown:
        tally = campaign["tally"]
        printed = table_of(result["printed"], campaign["name"])
        assert printed["sent"] == tally["sent"]
        assert printed["delivered"] == tally["delivered"]
        assert printed["pixel loaded"] == tally["opened"]["raw"]
        assert printed["link followed"] == tally["clicked"]["raw"]
        assert printed["unsubscribed"] == tally["unsubscribed"]


@pytest.mark.long
def test_the_segments_left_to_look_at_tell_people_apart(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    command = (*MAILWAKE, "segment", "list", "--json", "--config", str(folder / "mailwake.toml"))
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["segments"]
    assert {each["name"] for each in found} == {each["name"] for each in SEGMENTS}
    sizes = {each["name"]: each["people"] for each in found}
    assert all(0 <= size < each["of"] for size, each in zip(sizes.values(), found, strict=True))
    assert sizes["Heard nothing from"] > 0
    assert sizes["Clicks by machines alone"] > 0


@pytest.mark.long
def test_one_experiment_is_decided_and_one_runs(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    command = (*MAILWAKE, "experiment", "list", "--json", "--config", str(folder / "mailwake.toml"))
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["experiments"]
    states = {each["name"]: each["state"] for each in found}
    assert (states.pop(DECIDED), states.pop(RUNNING)) == ("decided", "running")
    assert set(states.values()) == {"decided"}, "those of earlier letters"
    for each in found:
        if each["name"] not in {DECIDED, RUNNING}:
            continue
        assert sum(variant["sent"] for variant in each["variants"]) in (
            MESSAGES * 0.15 // 2,
            (MESSAGES * 0.15 + 1) // 2,
        )


@pytest.mark.long
def test_what_people_bought_is_credited_to_their_clicks(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    command = (*MAILWAKE, "goal", "list", "--json", "--config", str(folder / "mailwake.toml"))
    goals = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["goals"]
    assert [each["name"] for each in goals] == ["deal", "purchase", "trial"]
    assert sum(each["clicked"]["conversions"] for each in goals) > 0
    deal, purchase, trial = ({**each, **each["total"]} for each in goals)
    assert deal["conversions"] == deal["people"] > 0
    assert deal["clicked"]["conversions"] > 0, "of those who clicked some signed, as the org says"
    assert trial["by_picture"] == trial["conversions"] > 0
    assert 0 < purchase["by_picture"] < purchase["conversions"], "of an earlier letter a shop's server told"


@pytest.mark.long
def test_every_page_that_the_dashboard_leads_to_opens(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    command = (*MAILWAKE, "web", "--config", str(folder / "mailwake.toml"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dashboard:
        try:
            ready = re.search(r"http://\S+", dashboard.stdout.readline() if dashboard.stdout else "")
            assert ready is not None
            start_page = page_of(ready[0], "/")
            links = set(re.findall(r'<a href="(/[^"#]*)"', start_page.partition("</nav>")[0]))
            links |= {"/salesforce/reconcile", *re.findall(r'href="(/campaigns/\d+)"', start_page)}
            assert len(links) > 20
            assert {path for path in links if not page_of(ready[0], path)} == set()
            newsletter = page_of(ready[0], campaign_path(start_page, "November newsletter") + "/map/mail")
            assert newsletter.count("mw-area") > 2, "an image map"
            assert "(Outlook)" in newsletter, "a button that is written twice"
            notifications = page_of(ready[0], "/notifications")
            assert "shop" in notifications
            assert "weekly" in notifications
        finally:
            dashboard.terminate()


def page_of(url: str, path: str) -> str:
    """The page; empty: it does not open."""
    try:
        with urllib.request.urlopen(url + path, timeout=PATIENCE_SECONDS) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError:
        return ""


def campaign_path(page: str, name: str) -> str:
    """Where a campaign's page is, by the list of them."""
    found = re.search(rf'href="(/campaigns/\d+)"[^>]*>\s*{re.escape(name)}', page)
    assert found is not None
    return found[1]


@pytest.mark.long
def test_without_a_terminal_no_dashboard_is_named_that_is_gone(played: tuple[Path, dict[str, Any]]) -> None:
    assert "http://" not in played[1]["printed"]
    assert "Everything has stopped" in played[1]["printed"]


def table_of(printed: str, campaign: str) -> dict[str, int]:
    """What Mailwake says of a campaign, read off the table."""
    below = printed.partition("What the crowd did")[2].partition(f"\n{campaign}")[2]
    table = below.partition("complained")[0]
    rows = re.findall(r"^ +([a-z][a-z ]*?) {2,}[\d,-]+ +([\d,]+)(?: |$)", table, re.MULTILINE)
    return {what: int(number.replace(",", "")) for what, number in rows}


@pytest.mark.long
def test_the_report_of_one_campaign_says_the_same_as_the_overview(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    for line in report(folder)["campaigns"][:5]:
        assert report(folder, line["name"])["tally"] == line["tally"]


@pytest.mark.long
def test_the_org_lists_whom_the_dashboard_would_call_and_an_undo_gave_it_back_as_it_was(
    played: tuple[Path, dict[str, Any]],
) -> None:
    """The demo's own crowd, pushed into the emulated org, taken back and pushed again."""
    printed = " ".join(played[1]["printed"].split())
    same = "the same people as on the dashboard's page of calls"
    found = re.search(rf"hot prospects listed there: ([\d,]+), {same}", printed)
    assert found is not None
    assert int(found[1].replace(",", "")) > 0
    assert "the org held what it held before, to the byte; then it was pushed again" in printed


@pytest.mark.long
def test_nothing_of_the_demo_runs_on_after_it(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    assert str(folder) not in processes()


def test_a_demo_never_wipes_a_folder_that_is_not_a_demos(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear diary")
    demo = start(tmp_path, "--messages", "20")
    _, err = demo.communicate(timeout=PATIENCE_SECONDS)
    assert demo.returncode == 1
    assert "is not a demo's folder" in err
    assert (tmp_path / "letter.txt").read_text() == "dear diary"


@pytest.mark.parametrize(
    ("role", "writer", "after"),
    [("edge-0", "edge-0", 20), ("relay", "relay", 20), ("ingest", "ingest", 1), ("web", "edge-0", 20)],
)
@pytest.mark.long
def test_killing_a_role_loses_nothing_and_the_counts_stay_exact(
    tmp_path: Path, role: str, writer: str, after: int
) -> None:
    folder = tmp_path / "demo"
    demo = start(folder, "--messages", "300")
    until(lambda: records(folder, writer) >= after, demo)
    os.kill(until(lambda: pid_of(folder, role), demo), signal.SIGKILL)
    result = finish(demo, folder)
    assert_exact(result)
    assert result["restarts"] == {role: 1}


@pytest.mark.long
def test_killing_the_sender_mails_nobody_twice(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo = start(folder, "--messages", "300")

    def sender() -> int:
        listed = subprocess.run(
            ("ps", "-axww", "-o", "pid=,command="), capture_output=True, text=True, check=True
        ).stdout
        found = re.search(rf"^ *(\d+) .*mailwake send {re.escape(str(folder))}", listed, re.MULTILINE)
        return int(found[1]) if found else 0

    writers = folder / "data" / "log"
    until(lambda: any(records(folder, path.stem) >= 30 for path in writers.glob("send-*.log")), demo)
    os.kill(until(sender, demo), signal.SIGKILL)
    result = finish(demo, folder)
    assert_exact(result)
    (sent,) = (row for row in result["comparisons"]["November newsletter"] if row["what"] == "sent")
    assert sent["crowd"] <= 180


def labels(printed: str) -> list[str]:
    """The first column of every line, numbers masked: what stays the same whatever the crowd's size."""
    wrapped = " " * 40  # the last column goes on below itself
    whole = (line for line in printed.splitlines() if not line.startswith(wrapped))
    first = (re.split(r" {2,}", line.strip())[0] for line in whole)
    masked = (re.sub(r"[\d.,:\u2013%-]+", "N", label).strip() for label in first)
    return [label for label in masked if label and not set(label) <= {"N", " ", "─"}]


@pytest.mark.long
def test_the_readme_shows_what_the_demo_prints(played: tuple[Path, dict[str, Any]]) -> None:
    _, result = played
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = readme.partition("<!-- demo output -->")[2].partition("<!-- end demo output -->")[0]
    shown = [label for label in labels(block) if label not in {"```text", "```"} and not label.startswith("[")]
    assert len(shown) > 20
    missing = [label for label in shown if label not in labels(result["printed"])]
    assert not missing, "run tools/show_demo.py"
