"""`mailwake preflight`: a message is judged from the command line, and before `mailwake send` mails it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.preflight.letters import letter, unsigned, world_in

from mailwake.cli import preflight
from mailwake.cli.init import make
from mailwake.cli.preflight.gate import Gate
from mailwake.errors import BadInput
from mailwake.events import CampaignId, DeliveryId, Handle, Micros
from mailwake.merge.letter import Letter
from mailwake.merge.people import Person
from mailwake.merge.run import Addressee
from mailwake.merge.source import parse_source
from mailwake.modes import INDIVIDUAL
from mailwake.preflight.surroundings import around_installation
from mailwake.send.tracker import Tracker
from mailwake.settings import load
from mailwake.store.state import Campaign

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)

    def run(raw: bytes, **options: object) -> tuple[int, str]:
        path = tmp_path / "mail.eml"
        path.write_bytes(raw)
        try:
            preflight.command(path, **{"offline": True, **options})  # type: ignore[arg-type]
        except SystemExit as left:
            return int(str(left.code)), capsys.readouterr().out
        return 0, capsys.readouterr().out

    return run


def saved(raw: bytes) -> Path:
    path = Path("mail.eml")
    path.write_bytes(raw)
    return path


def good(folder: Path, **changes: str | None) -> bytes:
    with world_in(folder) as world:
        return letter(world, change={"Date": None, "X-Mailwake": None, **changes})


def test_a_table_for_people_and_json_for_programs_and_a_page_as_a_file(run: Run, tmp_path: Path) -> None:
    raw = good(tmp_path, Subject="Hello *|FNAME|* <b>[red]x[/red]\x1b[31m")
    code, printed = run(raw, html=tmp_path / "report.html")
    assert code == 1
    line = raw.split(b"\nSubject: ")[0].count(b"\n") + 2
    assert f"problem  line {line}: A merge tag is left over: *|FNAME|* (placeholder)" in printed
    assert "[red]x[/red]" in printed
    assert "\x1b[31m" not in printed
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    code, printed = run(raw, as_json=True)
    told = json.loads(printed)
    assert (code, told["problems"], told["file"]) == (1, 2, str(tmp_path / "mail.eml"))
    assert {each["code"] for each in told["findings"]} == {"placeholder", "date_missing"}
    assert all(each["source"].startswith("https://") for each in told["findings"])


def test_exit_is_0_where_nothing_must_be_mended_and_strict_minds_warnings(run: Run, tmp_path: Path) -> None:
    from datetime import UTC, datetime
    from email.utils import format_datetime

    raw = good(tmp_path, Date=format_datetime(datetime.now(UTC)), **{"Message-ID": None})
    assert run(raw)[0] == 0
    assert run(raw, strict=True)[0] == 1


LETTER = b"From: a@example.com\n\nx"


@pytest.mark.parametrize(
    ("raw", "options", "line"),
    [
        (b"", {}, "is empty; give a message"),
        (LETTER, {"sending_address": "here"}, "the sending address 'here' is no IP address; write it as 203.0.113.7"),
        (LETTER, {"envelope_sender": "garbage"}, "the envelope sender 'garbage' is no address; write it as"),
        (
            LETTER,
            {"html": Path("none/report.html")},
            "No such file or directory; give a file that can",
        ),
        (LETTER, {"relayed": True}, "needs an installation"),
        (LETTER, {"config": "other.toml"}, "no such file"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_cannot_be_done_is_one_line_and_no_verdict(
    capsys: pytest.CaptureFixture[str], raw: bytes, options: dict[str, Any], line: str
) -> None:
    with pytest.raises(SystemExit) as left:
        preflight.command(**{"mail": saved(raw), "offline": True, **options})
    told = capsys.readouterr().err
    assert (left.value.code, told.count("\n")) == (2, 1)
    assert line in told


@pytest.mark.usefixtures("run")
def test_a_file_that_is_not_there_is_no_verdict_either() -> None:
    with pytest.raises(SystemExit) as left:
        preflight.command(Path("none.eml"), offline=True)
    assert left.value.code == 2


def test_relayed_mail_is_judged_with_what_the_relay_adds(run: Run, tmp_path: Path) -> None:
    make(tmp_path, base_url="https://t.example.com", brand="Example", individual=True)
    with world_in(tmp_path) as world:
        fields = {name: value for name, value in world.fields().items() if not name.startswith(("List-Un", "X-"))}
    page = b'<a href="https://www.example.com/">Roses</a> <a href="{{unsubscribe_url}}">Off</a>\r\n'
    raw = unsigned(fields, b"\r\nRoses\r\n", b"Content-Type: text/html\r\n\r\n" + page)
    found = {each["code"] for each in json.loads(run(raw, as_json=True)[1])["findings"]}
    assert "unsubscribe_missing" in found
    found = {each["code"] for each in json.loads(run(raw, as_json=True, relayed=True)[1])["findings"]}
    assert not {"unsubscribe_missing", "one_click_missing", "placeholder_link", "own_link_dead"} & found


PAGE = '<html><body><p>Hello {{name}}</p><a href="https://www.example.com/">Roses</a>%s</body></html>'
LEAVE = '<a href="mailwake:unsubscribe">Unsubscribe</a>'


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    make(tmp_path, base_url="https://t.example.com", brand="Example", individual=True)
    return Tracker.open(load(tmp_path / "mailwake.toml"))


def looked(tracker: Tracker, page: str, gate: Gate, stream: str = "marketing") -> None:
    source = parse_source(page.encode(), Path("a.html"), {"subject": "Roses", "from": "N <news@example.com>"})
    campaign = Campaign(id=CampaignId(1), name="Roses", stream=stream, created_at=Micros(0))
    made = Letter(source, tracker, campaign, columns=["email", "name"])
    person = Person(address="ann@example.org", fields={"email": "ann@example.org", "name": "Ann"}, line=2)
    addressees = [Addressee(person=person, handle=Handle(1), modes=INDIVIDUAL)]
    assert made.copy(addressees[0], DeliveryId(1)).message
    asyncio.run(gate.look(tracker.hosts, made, addressees, stream=stream))


def test_the_gate_shows_what_it_finds_and_stops_only_where_it_is_told_to(
    tracker: Tracker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked over the network here: there is none in this test."""
    from mailwake.cli.preflight import gate as module

    monkeypatch.setattr(
        module, "around_installation", lambda *given, **named: around_installation(*given, **{**named, "online": False})
    )
    try:
        gate = Gate.of(tracker.settings, wanted=False, force=False)
        assert gate.kind == "show"
        looked(tracker, PAGE % "", gate)
        assert "unsubscribe_link_missing" in capsys.readouterr().err
        closed = Gate.of(tracker.settings, wanted=True, force=False)
        with pytest.raises(BadInput, match="finds a problem, and nobody was mailed; mend it, or give --force"):
            looked(tracker, PAGE % "", closed)
        looked(tracker, PAGE % "", replace(closed, force=True))
        looked(tracker, PAGE % LEAVE, closed)
        looked(tracker, PAGE % "", closed, stream="transactional")
        capsys.readouterr()
        looked(tracker, PAGE % "", replace(gate, kind="off"))
        assert capsys.readouterr().err == ""
    finally:
        tracker.state.close()


def test_the_whole_look_goes_through_the_command(tmp_path: Path) -> None:
    """What the command gives `examine` is what an installation says of itself."""
    make(tmp_path, base_url="https://t.example.com", brand="Example", individual=True)
    settings = load(tmp_path / "mailwake.toml")
    around = preflight._around(settings, online=False)
    assert dict(around.hosts) == {"t.example.com": "https://t.example.com"}
    assert (around.names, around.visitor, around.wall) == (None, None, None)
