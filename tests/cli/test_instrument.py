"""`mailwake instrument`: bytes through a pipe, a list beside them, and nothing stored unless asked for."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.cli.instrument import looks_like_html
from mailwake.errors import BadInput
from mailwake.events import TemplateId
from mailwake.modes import Mode
from mailwake.settings import load
from mailwake.store.state import open_state
from mailwake.tokens import Purpose, TokenReader

MESSAGE = (
    b"From: a@example.com\r\nTo: Ada <ada@example.com>\r\nSubject: t\r\nContent-Type: text/html\r\n\r\n"
    b'<body><a href="https://shop.example.com/?a=1&amp;b=2">Shop</a> <a href="#top">up</a></body>\r\n'
)
PAGE = b'\xef\xbb\xbf \n<!doctype html><body><a href="https://shop.example.com/">Shop</a></body>'
HOST = "track.example.com"


@pytest.fixture
def config(tmp_path: Path) -> str:
    make(tmp_path, base_url=f"https://{HOST}", brand="Example", individual=False)
    return str(tmp_path / "mailwake.toml")


def run(config: str, *arguments: str, raw: bytes = MESSAGE) -> Result:
    return CliRunner().invoke(build(("instrument",)), ["instrument", "--config", config, *arguments], input=raw)


def reader(config: str, host: str = HOST) -> TokenReader:
    return TokenReader(load(config).load_keys(), [host])


def test_the_tracked_message_comes_out_and_the_list_stands_beside_it(config: str) -> None:
    result = run(config)
    assert result.exit_code == 0
    assert result.stdout_bytes.count(b"/c/") == 1
    assert result.stdout_bytes.count(b"/o/") == 1
    assert "1 of 2 links tracked, one pixel" in result.stderr
    assert "no: fragment" in result.stderr


def test_json_has_one_object_a_link_in_document_order(config: str) -> None:
    lines = [json.loads(line) for line in run(config, "--json").stderr.splitlines()]
    assert lines == [
        {
            "number": 1,
            "href": "https://shop.example.com/?a=1&b=2",
            "label": "Shop",
            "role": "text",
            "tracked": True,
            "why_not": None,
        },
        {"number": 2, "href": "#top", "label": "up", "role": "text", "tracked": False, "why_not": "fragment"},
    ]


def test_the_same_input_gives_the_same_output(config: str) -> None:
    assert run(config).stdout_bytes == run(config).stdout_bytes


def test_a_page_is_known_by_its_first_character(config: str) -> None:
    result = run(config, raw=PAGE)
    assert result.stdout_bytes.startswith(PAGE[:20])
    assert b"X-Mailwake" not in result.stdout_bytes
    assert b"/o/" in result.stdout_bytes


@pytest.mark.parametrize("raw", [b"<p>", b" \r\n<p>", b"\xef\xbb\xbf<p>", "\ufeff<p>".encode("utf-16-le")])
def test_a_page_may_start_with_a_mark_and_blanks(raw: bytes) -> None:
    assert looks_like_html(raw)
    assert not looks_like_html(b"From: <a@example.com>\r\n\r\n<p>")


@pytest.mark.parametrize(
    "raw",
    [
        b"---\nsubject: Autumn\n---\n\n<table><tr><td>x</td></tr></table>",
        b'{% extends "base" %}\n<p>x</p>',
        b'Hello,\n<a href="https://example.com">x</a>',
    ],
)
def test_a_template_that_begins_with_something_else_is_a_page(raw: bytes) -> None:
    assert looks_like_html(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\nFrom: <a@example.com>\r\nContent-Type: text/html\r\n\r\n<p>x</p>",
        b"Subject: x\r\nno header\r\n\r\n<p>x</p>",
        b"no markup at all, 1 < 2",
        b"",
    ],
)
def test_what_is_left_of_a_mail_is_no_page(raw: bytes) -> None:
    assert not looks_like_html(raw)


def test_html_can_be_forced(config: str) -> None:
    result = run(config, "--html", raw=b'words <a href="https://shop.example.com/">x</a>')
    assert b"/c/" in result.stdout_bytes


def test_the_one_address_in_to_can_unsubscribe(config: str) -> None:
    part = re.findall(rb"^List-Unsubscribe: <https://[^/]*/u/([\w-]+)>", run(config).stdout_bytes, re.MULTILINE)[0]
    token = reader(config).message(part.decode(), HOST, Purpose.UNSUBSCRIBE_HEADER)
    assert token.recipient
    assert token.delivery


def test_with_several_recipients_nobody_is_taken_for_the_one(config: str) -> None:
    raw = MESSAGE.replace(b"Ada <ada@example.com>", b"ada@example.com, grace@example.com")
    assert b"List-Unsubscribe" not in run(config, raw=raw).stdout_bytes
    assert b"List-Unsubscribe" in run(config, "--recipient", "ada@example.com", raw=raw).stdout_bytes


BRAND = '\n[hosts."links.brand.example"]\nsenders = ["brand.example"]\n'


@pytest.mark.parametrize(
    ("more", "host"),
    [
        ((), "links.brand.example"),
        (("--campaign", "spring"), "links.brand.example"),
        (("--tracking-host", "links.brand.example"), "links.brand.example"),
        (("--tracking-host", HOST), HOST),
        (("--tracking-host", "new.example.com"), "new.example.com"),
    ],
)
def test_the_author_chooses_the_host_unless_one_is_named(config: str, more: tuple[str, ...], host: str) -> None:
    Path(config).write_text(Path(config).read_text() + BRAND)
    done = run(config, *more, raw=MESSAGE.replace(b"From: a@example.com", b"From: a@brand.example"))
    assert done.exit_code == 0, done.stderr
    assert set(re.findall(rb"https://([a-z.]+)/[ocu]/", done.stdout_bytes)) == {host.encode()}
    part = re.findall(rb"/o/([\w-]+)", done.stdout_bytes)[0].decode()
    ring = load(config).load_keys()
    keys = ring.for_host(host) if host == "links.brand.example" else ring
    assert TokenReader(keys, [host]).message(part, host, Purpose.READ)


def test_a_page_without_author_carries_the_default_host(config: str) -> None:
    Path(config).write_text(Path(config).read_text() + BRAND)
    assert set(re.findall(rb"https://([a-z.]+)/[ocu]/", run(config, raw=PAGE).stdout_bytes)) == {HOST.encode()}


def test_our_placeholder_stays_where_there_is_nobody_to_unsubscribe(config: str) -> None:
    assert b"{{unsubscribe_url}}" in run(config, raw=b'<a href="{{unsubscribe_url}}">x</a>').stdout_bytes


def token_of_the_pixel(config: str, *arguments: str) -> tuple[Mode, int]:
    part = re.findall(rb"/o/([\w-]+)", run(config, *arguments).stdout_bytes)[0]
    token = reader(config).message(part.decode(), HOST, Purpose.READ)
    return token.modes.opens, token.recipient


def test_nobody_is_named_unless_the_mode_is_given(config: str) -> None:
    assert token_of_the_pixel(config) == (Mode.AGGREGATE, 0)
    opens, recipient = token_of_the_pixel(config, "--opens", "individual", "--clicks", "individual")
    assert opens is Mode.INDIVIDUAL
    assert recipient


def test_modes_above_the_installations_own_are_refused(config: str) -> None:
    Path(config).write_text(
        Path(config).read_text(encoding="utf-8").replace('opens = "individual"', 'opens = "aggregate"'),
        encoding="utf-8",
    )
    result = run(config, "--opens", "individual")
    assert isinstance(result.exception, BadInput)


def test_off_leaves_the_links(config: str) -> None:
    result = run(config, "--opens", "off", "--clicks", "off")
    assert result.stdout_bytes == MESSAGE
    assert "untouched: off" in result.stderr


def test_another_host_can_be_given(config: str) -> None:
    result = run(config, "--tracking-host", "go.example.org", raw=PAGE)
    assert b"https://go.example.org/c/" in result.stdout_bytes
    link = re.findall(rb"/c/[\w-]+/([\w-]+)", result.stdout_bytes)[0]
    assert reader(config, "go.example.org").link(link.decode(), "go.example.org").target == "https://shop.example.com/"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--utm", "nonsense"],
        ["--opens", "full"],
        ["--tracking-host", "https://go.example.org/path"],
        ["--tracking-host", "ftp://x"],
    ],
)
def test_what_cannot_be_is_refused_in_words(config: str, arguments: list[str]) -> None:
    result = run(config, *arguments)
    assert isinstance(result.exception, BadInput)
    assert "\n" not in str(result.exception)


def test_parameters_decoys_and_text_parts_are_switched_on(config: str) -> None:
    raw = (
        b"<body>" + b"".join(b'<p>x</p><a href="https://shop.example.com/%d">x</a>' % n for n in range(9)) + b"</body>"
    )
    result = run(config, "--utm", "utm_source=news", "--decoys", "--json", raw=raw)
    links = [json.loads(line) for line in result.stderr.splitlines()]
    assert [link["role"] for link in links[-2:]] == ["decoy", "decoy"]
    part = re.findall(rb"/c/[\w-]+/([\w-]+)", result.stdout_bytes)
    targets = {reader(config).link(each.decode(), HOST).target for each in part}
    assert "https://shop.example.com/8?utm_source=news" in targets
    text = b"Subject: x\r\n\r\nhttps://shop.example.com/\r\n"
    assert b"/c/" in run(config, "--text-parts", raw=text).stdout_bytes


def test_signed_mail_comes_out_as_it_went_in(config: str) -> None:
    raw = b"Subject: x\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
    result = run(config, raw=raw)
    assert result.stdout_bytes == raw
    assert "untouched: signed" in result.stderr


def test_a_message_without_html_comes_out_as_it_went_in(config: str) -> None:
    raw = b"Subject: x\r\n\r\nhttps://shop.example.com/\r\n"
    assert run(config, raw=raw).stdout_bytes == raw


def test_control_characters_never_reach_the_terminal(config: str) -> None:
    result = run(config, raw=b'<a href="https://shop.example.com/\x1b[31m">a\x1b[31mb\x07</a>')
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr


def test_without_a_campaign_nothing_is_stored(config: str) -> None:
    run(config)
    assert [path.name for path in load(config).data_folder.iterdir()] == ["inert.bin"], "what `init` made"


@pytest.mark.parametrize("raw", [MESSAGE, PAGE])
def test_with_a_campaign_template_links_and_recipient_are_known_to_reports(config: str, raw: bytes) -> None:
    result = run(config, "--campaign", "Spring", "--recipient", "ada@example.com", raw=raw)
    assert result.exit_code == 0
    state = open_state(load(config).data_folder / "state.sqlite")
    campaign = state.find_campaign("Spring")
    assert campaign is not None
    (template,) = state.templates(campaign.id)
    link = re.findall(rb"/c/[\w-]+/([\w-]+)", result.stdout_bytes)[0]
    assert TemplateId(reader(config).link(link.decode(), HOST).template) == template.id
    assert next(row.href for row in state.links(campaign.id) if row.tracked).startswith("https://shop.example.com/")
    assert state.known_handles(["ada@example.com"])
    state.close()
