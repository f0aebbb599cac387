"""`mailwake judge`: JSON lines in, verdicts out, in the order of the input."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.judge.rules import CURRENT, load_rules

START = 1_790_000_000.0
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
)
STALE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/97.0.4692.99 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BROWSER = {"accept-LANGUAGE": "en", "SEC-fetch-mode": "navigate", "Host": "t.example.com"}


def hit(name: str, kind: str, seconds: float, **more: Any) -> dict[str, Any]:
    facts = {"delivery": "d1", "recipient": "r1", "domain": "example.com", "links": 8, "stream": "marketing"}
    return {"id": name, "type": kind, "at": START + seconds, **facts, **more}


def person(name: str, seconds: float, **more: Any) -> dict[str, Any]:
    facts = {"ip": "73.1.1.1", "ua": CHROME, "method": "GET", "headers": BROWSER, "signature_ok": True}
    return hit(name, "clicked", seconds, **facts | {"link": 2} | more)


def microsoft(name: str, seconds: float, **more: Any) -> dict[str, Any]:
    facts = {"ip": "20.72.100.79", "ua": STALE, "method": "GET", "headers": {"Host": "t.example.com"}}
    return hit(name, "clicked", seconds, **facts | more)


def run(*words: str, lines: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "mailwake", "judge", *words]
    return subprocess.run(program, input=lines, capture_output=True, text=True, check=False)


def judge(*hits: dict[str, Any], words: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    done = run(*words, lines="".join(json.dumps(each) + "\n" for each in hits))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


SCENE = [
    hit("sent", "sent", 0),
    hit("delivered", "delivered", 1),
    *(microsoft(f"ms{n}", 44 + n / 20, link=n) for n in range(1, 9)),
    hit("gmail", "opened", 600, delivery="d2", ip="66.249.93.84", ua=GMAIL, headers={"Host": "t.example.com"}),
    person("person", 9000),
    hit("view", "unsub_view", 45, ip="20.72.100.79", ua=STALE, headers={"Host": "x"}),
    hit("post", "unsub_post", 9100, ip="66.249.1.1", ua="", method="POST", headers={"Content-Length": "26"}),
    hit("reply", "replied", 20_000),
]


def test_one_line_comes_out_for_each_in_the_order_of_the_input() -> None:
    found = judge(*SCENE[::-1])
    assert [each["id"] for each in found] == [each["id"] for each in SCENE[::-1]]


def test_people_and_machines_are_told_apart() -> None:
    found = {each["id"]: each for each in judge(*SCENE)}
    assert found["person"]["p_human"] > 0.95
    assert found["person"]["class"] == "human"
    assert found["ms3"]["p_human"] < 0.01
    assert found["ms3"]["class"] == "scanner"
    assert found["view"]["p_human"] < 0.1
    assert found["gmail"]["class"] == "proxy"
    assert found["post"]["p_human"] > 0.9
    assert found["reply"]["p_human"] > 0.99
    assert found["sent"]["p_human"] is None
    assert {"code", "weight", "fact"} == set(found["person"]["reasons"][0])
    assert found["person"]["ruleset"] == load_rules().id
    assert found["person"]["state"] == "settled"


def test_the_order_of_the_input_does_not_change_the_verdicts() -> None:
    forwards = {each["id"]: each for each in judge(*SCENE)}
    backwards = {each["id"]: each for each in judge(*SCENE[::-1])}
    assert forwards == backwards


def test_live_tells_the_verdict_of_that_moment_and_final_the_last_word() -> None:
    visitor = {"ip": "20.72.100.79", "ua": CHROME, "headers": BROWSER}
    first, trap = hit("first", "clicked", 9000, link=1, **visitor), hit("trap", "decoy", 9010, **visitor)
    live = judge(SCENE[1], first, trap, words=("--live",))
    final = judge(SCENE[1], first, trap, words=("--final",))
    assert live[1]["p_human"] > 0.5 > final[1]["p_human"]
    assert live[1]["state"] == "provisional"
    assert final[1]["state"] == "settled"


def test_a_broken_signature_is_evidence() -> None:
    found = judge(person("x", 9000, signature_ok=False))
    assert "altered" in {reason["code"] for reason in found[0]["reasons"]}


def test_nothing_known_is_no_verdict() -> None:
    bare = {"id": "x", "type": "clicked", "at": START, "ip": None, "ua": None, "headers": {}, "link": None}
    assert judge(bare)[0]["p_human"] is None


@pytest.mark.parametrize("agent", ["xxxx", "' or 1=1 --", "<b>", "\x1b[31m"])
def test_a_program_that_nobody_knows_is_no_evidence(agent: str) -> None:
    (told,) = judge({"type": "clicked", "at": START, "ua": agent})
    assert (told["p_human"], told["class"], told["reasons"]) == (None, "unknown", [])


def test_different_events_under_one_id_are_each_judged() -> None:
    """Some sources give all events of a copy the same id."""
    found = judge(*({**each, "id": "m0"} for each in SCENE))
    apart = judge(*SCENE)
    assert [each["p_human"] for each in found] == [each["p_human"] for each in apart]


def test_a_mark_before_the_first_line_and_halves_of_characters_are_read_over() -> None:
    line = json.dumps(person("a", 9000))
    half = json.dumps(person("a", 9000, ua=CHROME + " \ud800x \udc00")).encode()
    program = [sys.executable, "-m", "mailwake", "judge"]
    for text in (b"\xef\xbb\xbf" + line.encode(), half):
        done = subprocess.run(program, input=text + b"\n", capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["p_human"] > 0.5


def test_withheld_address_and_agent_are_not_held_against_anybody() -> None:
    found = judge(SCENE[1], person("x", 9000, ip=None, ua=None, headers={}))
    assert found[1]["p_human"] > 0.5


def test_the_agent_is_taken_from_the_headers_when_it_stands_there_alone() -> None:
    found = judge(person("x", 9000, ua=None, headers={**BROWSER, "User-Agent": "curl/8.5"}))
    assert found[0]["p_human"] < 0.5


def test_a_web_form_s_unsubscription_is_judged_like_a_click() -> None:
    form = {"Origin": "https://t.example.com", "Host": "t.example.com"}
    found = judge(SCENE[1], hit("x", "unsub_post", 44, ip="20.72.100.79", ua=STALE, method="POST", headers=form))
    assert found[1]["p_human"] < 0.1


@every(
    "line",
    [
        "nonsense",
        "[]",
        '{"id":7}',
        '{"id":7,"type":"clicked"}',
        '{"id":7,"type":"hopped","at":1}',
        '{"id":7,"type":"clicked","at":1e300}',
        '{"id":7,"type":"clicked","at":-1}',
        '{"id":7,"type":"clicked","at":1,"stream":"pigeon"}',
        '{"id":7,"type":"clicked","at":1,"link":"x"}',
        "[" * 5000,
        "\x00",
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_keeps_its_place(line: str) -> None:
    lines = [json.dumps(person("a", 0)), line, json.dumps(person("b", 9000))]
    done = run(lines="\n".join(lines) + "\n")
    found = [json.loads(each) for each in done.stdout.splitlines()]
    assert done.returncode == 1
    assert "line 2:" in done.stderr
    assert "Traceback" not in done.stderr
    assert [each["id"] for each in found] == ["a", 7 if '"id":7' in line else None, "b"]
    assert found[1]["p_human"] is None
    assert found[1]["reasons"][0]["code"] == "unreadable"


def test_bytes_that_are_no_text_are_named_too() -> None:
    program = [sys.executable, "-m", "mailwake", "judge"]
    done = subprocess.run(program, input=b'{"id":"\xff","type":"clicked","at":1}\n', capture_output=True, check=False)
    assert done.returncode == 1
    assert b"line 1:" in done.stderr


def test_hostile_values_are_judged_in_passing() -> None:
    wild = person("x", 9000, ua="\u202e" * 5000, ip="1" * 5000, headers={"\u2028": "\x00", "Accept-Language": None})
    assert judge(wild)[0]["id"] == "x"


def test_negative_delays_and_duplicates_do_no_harm() -> None:
    found = judge(hit("d", "delivered", 100), person("x", 0), person("x", 0), person("x", 0, ip="::1"))
    assert len(found) == 4
    assert found[1] == found[2] == found[3]


def test_the_example_in_the_documentation_is_what_it_prints() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain" / "judging.md").read_text(encoding="utf-8")
    given, printed = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[:2]
    assert run(lines=given).stdout == printed


def test_no_input_is_no_output() -> None:
    done = run(lines="\n\n")
    assert (done.returncode, done.stdout) == (0, "")


def test_another_ruleset_is_named_in_the_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(CURRENT.read_text(encoding="utf-8").replace(f'"{CURRENT.stem}"', '"mine"'), encoding="utf-8")
    assert judge(person("x", 0), words=("--ruleset", str(path)))[0]["ruleset"].startswith("mine-")


def test_a_ruleset_that_is_none_is_one_line_and_exit_one(tmp_path: Path) -> None:
    done = run("--ruleset", str(tmp_path / "none.toml"), lines="")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "none.toml" in done.stderr
