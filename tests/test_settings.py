"""mailwake.toml: read strictly, explained kindly."""

from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.errors import Misconfigured
from mailwake.modes import INDIVIDUAL, Mode
from mailwake.settings import Settings, load, parse


def read(tree: dict[str, Any], root: Path = Path()) -> Settings:
    return parse(tree, root=root)


def test_an_empty_file_gives_the_defaults() -> None:
    settings = read({})
    assert settings.ceiling == INDIVIDUAL
    assert settings.unknown_consent.opens is Mode.AGGREGATE
    assert settings.edge.trusted_proxies == ()


@every(
    ("tree", "option", "hint"),
    [
        ({"edg": {}}, "edg", "edge?"),
        ({"edge": {"prot": 1}}, "edge.prot", "edge.port?"),
        ({"edge": 3}, "edge", "table"),
        ({"edge": {"port": "x"}}, "edge.port", "int"),
        ({"root": "x"}, "root", "no such option"),
        ({"tracking": {"opens": "all"}}, "tracking.opens", "individual"),
        ({"tracking": {"base_url": "track.example.com"}}, "tracking.base_url", "https://"),
        ({"tracking": {"base_url": "https://track.example.com/path"}}, "tracking.base_url", "host"),
        ({"smtp": {"security": "ssl"}}, "smtp.security", "starttls"),
        ({"edge": {"proxy_protocol": True}}, "edge.proxy_protocol", "edge.trusted_proxies"),
        ({"hosts": 3}, "hosts", "table"),
        ({"hosts": {"a.example": 3}}, 'hosts."a.example"', "table"),
        ({"hosts": {"a.example": {"sender": []}}}, 'hosts."a.example".sender', 'hosts."a.example".senders?'),
        ({"hosts": {"https://a.example": {}}}, 'hosts."https://a.example"', "without scheme"),
        ({"hosts": {"A.example": {}}}, 'hosts."A.example"', "lower case"),
        ({"hosts": {"a.example:443": {}}}, 'hosts."a.example:443"', "port"),
        ({"hosts": {"-a.example": {}}}, 'hosts."-a.example"', "no host name"),
        ({"hosts": {"a.example": {"senders": ["me@a.example"]}}}, 'hosts."a.example".senders', "without name or @"),
        ({"hosts": {"a.example": {"senders": ["*.a.example"]}}}, 'hosts."a.example".senders', "no domain"),
        ({"hosts": {"a.example": {"senders": [""]}}}, 'hosts."a.example".senders', "no domain"),
        (
            {"hosts": {"a.example": {"senders": ["x.example"]}, "b.example": {"senders": ["X.example."]}}},
            'hosts."b.example".senders',
            "a.example too",
        ),
        ({"logging": {"format": "xml"}}, "logging.format", "json"),
        ({"web": {"language": "../de"}}, "web.language", "pt-BR"),
        ({"logging": {"level": "loud"}}, "logging.level", "warning"),
    ],
)
def test_a_wrong_option_is_named_with_what_to_write_instead(tree: dict[str, Any], option: str, hint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(tree)
    assert caught.value.option == option
    assert hint in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="mailwake init"):
        load(tmp_path / "mailwake.toml")


def test_a_file_that_is_no_toml_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "mailwake.toml"
    file.write_bytes(b"\xff\xfe not toml")
    with pytest.raises(Misconfigured, match="TOML"):
        load(file)


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "mailwake.toml").write_text('data = "here"\n')
    assert load(tmp_path / "mailwake.toml").data_folder == tmp_path / "here"


def test_secrets_come_from_the_environment_or_a_file_and_from_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read({}, tmp_path)
    (tmp_path / "word").write_text("from the file\n")
    monkeypatch.setenv("MAILWAKE_TEST_WORD", "from the environment")
    assert settings.secret("file:word", "x") == "from the file"
    assert settings.secret("env:MAILWAKE_TEST_WORD", "x") == "from the environment"
    for reference in ("plain-text-password", "env:", "env:MAILWAKE_NOT_THERE", "file:not-there"):
        with pytest.raises(Misconfigured) as caught:
            settings.secret(reference, "smtp.password")
        assert caught.value.option == "smtp.password"
        assert "plain-text-password" not in str(caught.value)


def test_every_name_that_is_answered_for_is_known_in_lower_case() -> None:
    settings = read(
        {
            "tracking": {"base_url": "https://Track.example.com", "former_hosts": ["OLD.example.com"]},
            "hosts": {"links.brand.example": {"senders": ["brand.example"]}},
        }
    )
    assert settings.own_hosts == {"track.example.com", "old.example.com", "links.brand.example"}
    assert settings.plain_hosts == {"track.example.com", "old.example.com"}


def test_the_tracking_host_is_lower_case_without_port() -> None:
    settings = read({"tracking": {"base_url": "http://Track.Example.COM:8025"}})
    assert settings.tracking_host == "track.example.com"


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), (" \n", "is empty"), ("changeme", "everybody knows"), ("Password\n", "everybody")],
)
def test_what_is_no_secret_starts_nothing_and_is_not_quoted(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "word").write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=words) as caught:
        parse({}, root=tmp_path).secret("file:word", "smtp.password")
    assert caught.value.option == "smtp.password"
    assert not text.strip() or text.strip() not in str(caught.value)
