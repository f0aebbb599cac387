"""What a list makes of a letter is looked at before anybody is mailed; a run that is stopped leaves nothing behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Home

from mailwake.cli import preflight, send
from mailwake.cli.preflight import gate as module
from mailwake.cli.preflight import merged
from mailwake.errors import BadInput
from mailwake.preflight.surroundings import Surroundings, around_installation
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import End, Hop, Visit, Visitor

PAGE = '<html><body>Hello {{name}}, <a href="https://shop.example.com/%s">Look at what grows now</a>%s</body></html>'
LEAVE = '<a href="mailwake:unsubscribe">Unsubscribe</a>'
LIST = "email,name,page\nann@example.com,Ann,tulips\nben@example.com,,gone\ncleo@example.com,Cleo,tulips\n"
ARGS: dict[str, Any] = {"subject": "Spring", "sender": "News <news@example.com>", "back_off": ""}


@dataclass
class Shop(Visitor):
    """Has no page at the paths that are named."""

    dead: Sequence[str] = ("gone",)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(Wall())

    def visit(self, url: str, *, only_head: bool = False) -> Visit:
        del only_head
        self.asked.append(url)
        status = 404 if url.rpartition("/")[2] in self.dead else 200
        return Visit(hops=(Hop(url=url, status=status, seconds=0.1),), end=End.ANSWER)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Links are asked of it, and nobody else is asked."""
    made = Shop()

    def around(*given: Any, online: bool, **named: Any) -> Surroundings:
        found = around_installation(*given, **named, online=False)
        return replace(found, visitor=made) if online else found

    monkeypatch.setattr(module, "around_installation", around)
    return made


@pytest.fixture
def mail(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Runs `mailwake send` over a page and a list: (why it was refused, standard error)."""
    monkeypatch.setenv("COLUMNS", "300")

    def run(page: str, people: str, **options: Any) -> tuple[str, str]:
        (home.folder / "spring.html").write_text(page)
        (home.folder / "people.csv").write_text(people)
        fault = ""
        try:
            paths = home.folder / "spring.html", home.folder / "people.csv"
            send.command(*paths, **{**ARGS, "config": str(home.config), **options})
        except BadInput as refused:
            fault = str(refused)
        return fault, capsys.readouterr().err

    return run


def names(home: Home) -> list[str]:
    state = home.state()
    found = [each.name for each in state.campaigns()]
    state.close()
    return found


def test_an_address_that_only_some_rows_make_is_followed(home: Home, shop: Shop, mail: Callable[..., Any]) -> None:
    fault, told = mail(PAGE % ("{{page}}", LEAVE), LIST, preflight=True)
    assert "finds a problem, and nobody was mailed" in fault
    assert "(link_dead)" in told
    assert "https://shop.example.com/gone answers 404, in the mail to line 3 of the list" in told
    assert sorted(each for each in shop.asked if "shop" in each) == [
        "https://shop.example.com/gone",
        "https://shop.example.com/tulips",
    ], "each once, though two rows have the same"
    assert home.sink.mails == []


def test_a_list_whose_addresses_answer_is_mailed(home: Home, shop: Shop, mail: Callable[..., Any]) -> None:
    shop.dead = ()
    fault, told = mail(PAGE % ("{{page}}", LEAVE), LIST.replace("com,,", "com,Ben,"), preflight=True)
    assert fault == ""
    assert "list makes" not in told
    assert "column" not in told
    assert len(home.sink.mails) == 3


def test_empty_fields_are_told_with_how_many_rows_and_stop_nothing(
    home: Home, shop: Shop, mail: Callable[..., Any]
) -> None:
    fault, told = mail(PAGE % ("tulips", LEAVE), LIST, preflight=True)
    assert fault == ""
    assert "column name is empty in 1 row of 3, first in line 3 of the list" in told
    assert "column page" not in told, "the letter does not use it"
    assert len(home.sink.mails) == 3


def test_one_persons_own_address_is_not_used_up(shop: Shop, mail: Callable[..., Any]) -> None:
    people = "email,name,page\n" + "".join(f"p{n}@example.com,P,confirm-{n}\n" for n in range(4))
    _, told = mail(PAGE % ("{{page}}", LEAVE), people, preflight=True)
    assert "3 addresses that the list makes were not followed: a look may do something there" in told
    assert len([each for each in shop.asked if "confirm" in each]) == 1, "that of the copy that is looked at"


def test_a_list_that_makes_too_many_addresses_says_how_many_were_left(
    shop: Shop, mail: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merged, "MOST_TARGETS", 3)
    people = "email,name,page\n" + "".join(f"p{n}@example.com,P,{n}\n" for n in range(6))
    _, told = mail(PAGE % ("{{page}}", LEAVE), people, preflight=True)
    assert "2 further addresses that the list makes were not followed" in told
    assert len([each for each in shop.asked if "shop" in each]) == 4


def test_without_the_network_nothing_is_followed(shop: Shop, mail: Callable[..., Any]) -> None:
    _, told = mail(PAGE % ("{{page}}", LEAVE), LIST)
    assert shop.asked == []
    assert "column name is empty" in told


def test_a_run_that_is_stopped_leaves_no_campaign(home: Home, shop: Shop, mail: Callable[..., Any]) -> None:
    assert "nobody was mailed" in mail(PAGE % ("gone", LEAVE), LIST, preflight=True)[0]
    assert names(home) == []
    assert "has no column" in mail(PAGE % ("{{town}}", LEAVE), LIST)[0]
    assert names(home) == []
    assert mail(PAGE % ("gone", LEAVE), LIST, preflight=True, force=True)[0] == ""
    assert names(home) == ["spring"]
    assert "nobody was mailed" in mail(PAGE % ("gone", ""), LIST + "dee@example.com,D,x\n", preflight=True)[0]
    assert len(home.sink.mails) == 3, "of a campaign that is there, those who have it not yet are looked at"


def test_a_line_says_its_part_and_advice_is_counted_and_can_be_seen(
    home: Home, mail: Callable[..., Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, told = mail(PAGE % ("tulips", ""), LIST)
    assert "(page): " in told or "(header): " in told
    assert "There is no List-Id" not in told
    assert "pieces of advice are not shown; --examined FILE" in told
    path = tmp_path / "looked.eml"
    _, told = mail(PAGE % ("tulips", ""), LIST, examined=path, campaign="again")
    assert f"mailwake preflight {path} --signed-later" in told
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SystemExit):
        preflight.command(path, offline=True, signed_later=True, config=str(home.config))
    assert "There is no List-Id" in capsys.readouterr().out


def test_a_list_id_of_the_settings_is_no_advice_any_more(home: Home, mail: Callable[..., Any], tmp_path: Path) -> None:
    home.settings('[compose]\nlist_id = "News <news.example.com>"\nfeedback_id = "news"\n')
    path = tmp_path / "looked.eml"
    mail(PAGE % ("tulips", LEAVE), LIST, examined=path)
    assert b"\r\nList-Id: News <news.example.com>\r\n" in path.read_bytes()
