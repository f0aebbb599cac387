"""`mailwake report`: the same numbers in a terminal, as JSON and as CSV, with and without a running dashboard."""

import csv
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.atlas.answers import to_json as atlas_to_json
from mailwake.atlas.domains import atlas
from mailwake.cli import report
from mailwake.cli.init import make
from mailwake.cli.report import domains as report_domains
from mailwake.drawing.rows import safe_cell
from mailwake.errors import BadInput, Misconfigured, Unavailable
from mailwake.events import CampaignId, EventType, Micros
from mailwake.insight.answers import to_json
from mailwake.insight.metrics import metrics
from mailwake.insight.report import campaign_report, find, overview
from mailwake.serving import address
from mailwake.serving.address import Address
from mailwake.settings import load
from mailwake.store.state import Refusal, open_state

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation without mail."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the installation; gives what it printed."""
    monkeypatch.setenv("COLUMNS", "120")

    def run(campaign: str = "", **options: Any) -> str:
        report.command(campaign, config=str(folder / "mailwake.toml"), **options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def seeded(folder: Path) -> dict[str, bytes]:
    """What the API would say of a campaign counted by hand, and one with a name a spreadsheet would run."""
    stores = seeding.open_stores(folder / "mailwake-data")
    campaign = seeding.by_hand(stores)
    seeding.crowd(stores, '=HYPERLINK("http://evil.example")', people=12)
    seeding.crowd(stores, "\x1b[31mred[bold]alert[/bold]", people=4, seed=3)
    answers = {"": to_json(overview(stores)), "By hand": to_json(campaign_report(stores, campaign))}
    answers["1"] = answers["By hand"]
    seeding.close(stores)
    return answers


@pytest.mark.parametrize("campaign", ["", "By hand", "1"])
def test_json_is_the_answer_of_the_api_to_the_byte(run: Run, seeded: dict[str, bytes], campaign: str) -> None:
    assert run(campaign, as_json=True).encode() == seeded[campaign]


def test_a_campaign_shows_every_rate_with_its_base_and_interval(run: Run, seeded: dict[str, bytes]) -> None:
    lines = [line.split("  ") for line in run("By hand").replace("\N{NO-BREAK SPACE}", " ").splitlines()]
    shown = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["Opened by people", "2", "33.3 %", "4.5\N{EN DASH}72.1 %", "7 delivered with a pixel"] in shown
    assert ["Sorted as opened by people", "2", "28.6 %", "8.2\N{EN DASH}64.1 %", "7 delivered with a pixel"] in shown
    assert ["Bounced", "2", "20.0 %", "5.7\N{EN DASH}51.0 %", "10 sent"] in shown
    assert {metric.label for metric in metrics().values() if metric.source != "earnings"} <= {
        line[0] for line in shown if line
    }


@pytest.mark.long
def test_what_cannot_be_estimated_says_why_and_an_estimate_says_how(run: Run, folder: Path) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    seeding.by_hand(stores)
    seeding.crowd(stores, "Crowd", people=900)
    found = campaign_report(stores, find(stores, "Crowd")).true_opens
    seeding.close(stores)
    few, many = (" ".join(run(name).split()) for name in ("By hand", "Crowd"))
    assert "Opened by people, estimated \N{EN DASH} cannot say" in few
    assert "is about 1, and it takes 20" in few
    assert found.size is not None
    assert f"\N{ALMOST EQUAL TO} {found.size:.0f}" in many
    assert "Whoever clicks has opened." in many


def test_people_possibly_machines_and_raw_stand_apart(run: Run, seeded: dict[str, bytes]) -> None:
    text = run("By hand")
    opened = next(line for line in text.splitlines() if line.strip().startswith("Opened  "))
    assert opened.split() == ["Opened", "2", "1", "1", "4"]


def test_the_overview_fits_a_terminal_of_eighty_columns(
    run: Run, seeded: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = run()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "By hand" in text
    assert "4.5\N{EN DASH}72.1" in text


def test_names_cannot_steer_the_terminal(run: Run, seeded: dict[str, bytes]) -> None:
    text = run()
    assert "\x1b" not in text
    assert "[31mred[bold]alert[/bold]" in text


def test_csv_has_a_row_per_campaign_and_runs_nowhere(run: Run, seeded: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(run(as_csv=True))))
    names = {row["name"] for row in rows}
    assert '\'=HYPERLINK("http://evil.example")' in names
    hand = next(row for row in rows if row["name"] == "By hand")
    assert (hand["sent"], hand["opened_human"], hand["opened_raw"]) == ("10", "2", "4")
    assert float(hand["bounce_rate__sent"]) == 0.2
    assert float(hand["bounce_rate__sent__low"]) < 0.2 < float(hand["bounce_rate__sent__high"])


def test_csv_of_a_campaign_has_a_row_per_rate(run: Run, seeded: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("By hand", as_csv=True))))
    assert [row["metric"] for row in rows] == [name for name, each in metrics().items() if each.source != "earnings"]
    assert (rows[0]["count"], rows[0]["base"], rows[0]["base_name"]) == ("7", "10", "sent")


@every("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Spring news", "a=b", "1"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_an_unknown_campaign_names_the_nearest(run: Run, seeded: dict[str, bytes]) -> None:
    with pytest.raises(BadInput, match="the nearest is 'By hand'"):
        run("by hnd")


def test_an_installation_without_mail_says_what_to_do_and_leaves_nothing_behind(run: Run, folder: Path) -> None:
    assert "`mailwake send`" in run()
    assert json.loads(run(as_json=True))["campaigns"] == []
    assert run(as_csv=True) == ""
    with pytest.raises(BadInput, match="nor any other yet"):
        run("Spring")
    assert [path.name for path in (folder / "mailwake-data").iterdir()] == ["inert.bin"], "what `init` made"


def test_json_and_csv_at_once_is_refused(run: Run) -> None:
    with pytest.raises(Misconfigured):
        run(as_json=True, as_csv=True)


@pytest.mark.long
def test_an_address_that_nobody_answers_any_more_is_passed_over(
    run: Run, folder: Path, seeded: dict[str, bytes]
) -> None:
    """A dashboard that was killed leaves its address behind."""
    address.write(folder / "mailwake-data", Address(url="http://127.0.0.1:9", pid=1))
    assert run("By hand", as_json=True).encode() == seeded["By hand"]


def test_a_store_that_somebody_else_has_open_is_said_in_one_sentence(run: Run, folder: Path) -> None:
    """Another process, which says nowhere how to be asked."""
    path = str(folder / "mailwake-data" / "events.duckdb")
    hold = f"from mailwake.store.events import open_events; held = open_events({path!r}); print(1, flush=True); input()"
    program = [sys.executable, "-c", hold]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(Unavailable, match="another process"):
            run()
        holder.communicate("\n")


@pytest.fixture
def gateways(folder: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What the API would say of domains: one that scans, one that does not, and one of too few people."""
    now = seeding.micros(86_400)
    monkeypatch.setattr("mailwake.cli.report.reports.time.time_ns", lambda: now * 1_000)
    stores = seeding.open_stores(folder / "mailwake-data")
    mail = seeding.sending(stores, "Domains")
    names = ["corp.example"] * 12 + ["gmail.com"] * 90 + ["tiny.example"] * 2
    mail.people([f"p{number}@{name}" for number, name in enumerate(names)])
    for number, name in enumerate(names):
        more = {"domain": name if name == "gmail.com" else f"~{name}", "links": 4}
        mail.add(EventType.SENT, number, 0, **more)
        mail.add(EventType.DELIVERED, number, 1, **more)
        if name == "corp.example":
            mail.add(EventType.CLICKED, number, 30, link=1, role="cta", asn=22843, **seeding.SCANNER, **more)
        elif number % 4 == 0:
            mail.add(EventType.CLICKED, number, 900, link=1, role="cta", **seeding.HUMAN, **more)
    mail.write()
    answer = atlas_to_json(atlas(stores, now=now))
    seeding.close(stores)
    return answer


def test_domains_as_json_are_the_answer_of_the_api_to_the_byte(run: Run, gateways: bytes) -> None:
    assert run(domains=True, as_json=True).encode() == gateways


def test_domains_show_gateway_shares_and_what_to_expect(run: Run, gateways: bytes) -> None:
    text = run(domains=True).replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"corp\.example +12 +9\d\.\d % .* 20 s to 60 s +Proofpoint", text)
    assert re.search(r"other domains +2 ", text)
    assert "tiny.example" not in text
    assert "To expect of a send to everybody above, with 4 links:" in text


def test_domains_as_csv_have_a_row_each(run: Run, gateways: bytes) -> None:
    rows = list(csv.DictReader(io.StringIO(run(domains=True, as_csv=True))))
    assert [row["domain"] for row in rows] == ["gmail.com", "corp.example", ""]
    assert (rows[1]["gateway_by_clicks"], rows[1]["clicks_below_60_s"], rows[1]["clicks_later"]) == (
        "Proofpoint",
        "12",
        "0",
    )


@pytest.mark.long
def test_a_list_of_people_is_forecast_by_its_domains(run: Run, gateways: bytes, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"x{n}@CORP.example\n" for n in range(30)) + "y@never.example\nbroken\n")
    told = json.loads(run(domains=True, people=people, as_json=True))
    assert (told["copies"], told["known"], told["links"]) == (31, 30, 4)
    assert told["machine_copies"]["rate"] > 0.8
    more = json.loads(run(domains=True, people=people, links=12.0, as_json=True))
    assert more["false_clicks"]["rate"] > told["false_clicks"]["rate"]
    assert "31 people, 30 of them at known domains" in run(domains=True, people=people)
    assert next(csv.DictReader(io.StringIO(run(domains=True, people=people, as_csv=True))))["copies"] == "31"


def test_domains_are_looked_up_only_when_asked_for(run: Run, folder: Path, gateways: bytes) -> None:
    class Answering:
        def exchangers(self, domain: str) -> list[str]:
            return [f"mx.{domain}.pphosted.com"]

    report_domains.look_up(load(folder / "mailwake.toml"), Answering())
    lines = {line["name"]: line["gateway"] for line in json.loads(run(domains=True, as_json=True))["domains"]}
    assert lines["gmail.com"]["exchangers"] == ["mx.gmail.com.pphosted.com"]
    assert lines["gmail.com"]["by_exchanger"] == "Proofpoint"
    store = open_state(folder / "mailwake-data" / "state.sqlite")
    assert set(store.exchangers(["gmail.com", "corp.example", "tiny.example"])) == {"gmail.com", "corp.example"}
    store.close()


@pytest.mark.parametrize("options", [{"people": Path("x")}, {"links": 3.0}, {"look_up": True}])
def test_options_of_domains_without_domains_are_refused(run: Run, options: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="--domains"):
        run(**options)
    with pytest.raises(Misconfigured, match="leave the name out"):
        run("Spring", domains=True)


def test_domains_of_an_empty_installation_say_what_to_do(run: Run, folder: Path) -> None:
    assert "send a campaign first" in run(domains=True)
    assert [path.name for path in (folder / "mailwake-data").iterdir()] == ["inert.bin"], "what `init` made"


def test_a_campaign_is_found_by_name_before_number(folder: Path, run: Run) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    seeding.by_hand(stores, "First")
    seeding.sending(stores, "1")
    expected = to_json(campaign_report(stores, find(stores, "1")))
    seeding.close(stores)
    assert run("1", as_json=True).encode() == expected
    assert json.loads(expected)["name"] == "1"


@pytest.mark.long
def test_both_sides_of_a_campaign_are_told_as_table_json_and_csv(run: Run, seeded: dict[str, bytes]) -> None:
    answer = json.loads(run("By hand", reconcile=True, as_json=True))
    assert answer["name"] == "By hand"
    assert not answer["reports"]
    assert {"type", "only_esp", "only_we", "both"} <= set(answer["lines"][0])
    assert "No ESP has told anything" in run("By hand", reconcile=True)
    rows = list(csv.DictReader(io.StringIO(run("By hand", reconcile=True, as_csv=True))))
    assert [row["type"] for row in rows] == [line["type"] for line in answer["lines"]]


def test_both_sides_are_those_of_one_campaign(run: Run) -> None:
    with pytest.raises(Misconfigured, match="--reconcile"):
        run(reconcile=True)
    with pytest.raises(BadInput, match="no campaign"):
        run("Nobody", reconcile=True)


def test_what_came_back_is_told_as_table_json_and_csv(folder: Path, run: Run) -> None:
    assert run(bounces=True) == "Nothing was refused.\n"
    stores = seeding.open_stores(folder / "mailwake-data")
    seeding.by_hand(stores)
    (known,) = stores.state.handles(["ann@example.com"], now=Micros(1)).values()
    at = Micros(time.time_ns() // 1_000 - 86_400 * 1_000_000)
    told = Refusal(
        event=1, handle=known, at=at, category="auth_failure", klass="block", action="never", rule="x",
        quoted="550 5.7.26 =DMARC\x1b[2J", domain="example.com", campaign=CampaignId(1),
    )  # fmt: skip
    stores.state.put_refusals([told])
    seeding.close(stores)
    for name in ("", "By hand"):
        shown = run(name, bounces=True)
        assert "SPF, DKIM or DMARC failed (blames the sender), 1 since" in shown
        assert "Stop sending and mend SPF" in shown
        assert "\x1b[2J" not in shown
        total = json.loads(run(name, bounces=True, as_json=True))["total"]
        assert (total["causes"][0]["category"], total["causes"][0]["count"]) == ("auth_failure", 1)
    assert (total["refused"]["count"], total["causes"][-1]["category"]) == (1 + 2, "no_cause")
    (row, *_) = csv.DictReader(io.StringIO(run("By hand", bounces=True, as_csv=True)))
    assert (row["by"], row["cause"], row["count"]) == ("place", "auth_failure", "1")
    with pytest.raises(Misconfigured, match="report of its own"):
        run(bounces=True, domains=True)


@pytest.mark.long
def test_what_changed_and_providers_are_told_as_text_json_and_csv(folder: Path, run: Run) -> None:
    assert "no mail was sent" in run(changes=True)
    assert run(deliverability=True) == "Nothing was sent lately.\n"
    stores = seeding.open_stores(folder / "mailwake-data")
    start = datetime.now(UTC) - timedelta(days=3)
    mail = seeding.sending(stores, "=Spring\x1b[2J", start=start)
    mail.people([f"p{n}@gmail.com" for n in range(30)])
    for number in range(30):
        mail.add(EventType.SENT, number, 0, domain="gmail.com")
        mail.add(EventType.DELIVERED, number, 1, domain="gmail.com")
    mail.write()
    seeding.close(stores)
    shown = run(changes=True)
    assert "1 new campaign: =Spring\N{REPLACEMENT CHARACTER}[2J." in shown
    assert json.loads(run(changes=True, as_json=True))["begun"][0]["copies"] == 30
    assert {row["metric"]: row["base"] for row in csv.DictReader(io.StringIO(run(changes=True, as_csv=True)))}[
        "delivery_rate__sent"
    ] == "30"
    assert "Too little was sent to tell a change at: Gmail." in run(deliverability=True)
    assert json.loads(run(deliverability=True, as_json=True))["providers"][0]["sent"] == 30
    rows = list(csv.DictReader(io.StringIO(run(deliverability=True, as_csv=True))))
    assert {(row["kind"], row["name"]) for row in rows} == {("provider", "Gmail"), ("domain", "gmail.com")}
    with pytest.raises(Misconfigured, match="report of its own"):
        run(deliverability=True, changes=True)
