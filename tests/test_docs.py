"""The documentation says what the code does: printed output, settings, commands, links and reasons."""

import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.every import every

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def tool(name: str = "regenerate_docs") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_and_printed_output_are_fresh() -> None:
    wrong = [path.name for path, wanted in tool().pages() if not path.exists() or path.read_text("utf-8") != wanted]
    assert not wrong, f"run `make docs`: {', '.join(wrong)}"


def test_every_option_has_a_sentence_of_reason_or_a_telling_name() -> None:
    page = tool().settings_page()
    bare = {"host", "port", "name"}
    rows = re.findall(r"^\| `(\w+)` \| `.*` \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 30
    assert not [name for name, sentence in rows if not sentence and name not in bare and "bytes" not in name]


@every("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", target):
            assert (path.parent / target).exists(), f"{path.name} points at {target}"


def test_each_picture_is_taken_by_the_script_and_shown_on_a_page() -> None:
    shown = {
        name
        for page in PAGES
        for name in re.findall(r"!\[[^]]+\]\([\w./]*images/(\w+)\.png\)", page.read_text("utf-8"))
    }
    there = {path.stem for path in (ROOT / "docs/images").iterdir()}
    assert there == set(tool("show_demo").PICTURES) == shown


def headings(page: str) -> Iterator[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    met: dict[str, int] = {}
    for title in re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    ):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).strip().lower())
        anchor = words.replace(" ", "-")
        yield f"{anchor}-{met[anchor]}" if anchor in met else anchor
        met[anchor] = met.get(anchor, 0) + 1


@every("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_into_pages_lead_to_a_heading(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8")):
        page = path.parent / target if target else path
        assert anchor in set(headings(page.read_text(encoding="utf-8"))), f"{path.name} points at {target}#{anchor}"


def options_of() -> dict[str, set[str]]:
    """Every command, also those below others, with the options that its printed help names."""
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    found = re.findall(r"^##+ ([^\n]+)\n\n```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return {words: set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_)) for words, help_ in found}


def commands_in(page: str) -> Iterator[list[str]]:
    """The words of each command that a page shows, between backticks or on a line of a console."""
    page = page.replace("\\\n", " ")
    for quoted, typed in re.findall(r"`mailwake ([a-z][^`]*)`|^\$ mailwake ([a-z].*)$", page, re.MULTILINE):
        yield re.sub(r"\s#.*", "", quoted or typed).replace("\n", " ").split()


@every("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_that_a_page_shows_exist_with_their_options(path: Path) -> None:
    options = options_of()
    for words in commands_in(path.read_text(encoding="utf-8")):
        pair = " ".join(words[:2])
        known = pair if pair in options else words[0].strip(".,;:")
        if known in {"is", "unix"}:  # "mailwake is ready" and Postfix's master.cf
            continue
        assert known in options, f"{path.name} shows mailwake {pair}"
        for option in re.findall(r"(?:^|\s)(--?[a-zA-Z][\w-]*)", " ".join(words).partition("|")[0]):
            assert option in options[known], f"{path.name} shows {option} of mailwake {known}"


@every("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_settings_that_a_page_shows_exist(path: Path) -> None:
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    sections = {
        part.partition("\n")[0]: set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) for part in text.split("\n## ")
    }
    for block in re.findall(r"^ *```toml\n(.*?)^ *```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for section, content in tomllib.loads(block).items():
            assert section in sections or section in sections["Top level"], f"{path.name} shows [{section}]"
            named = section in {"webhooks", "notify", "reports", "hosts", "salesforce_goals"}
            for table in content.values() if named else [content] if isinstance(content, dict) else []:
                assert set(table) <= sections[section], (
                    f"{path.name} shows {set(table) - sections[section]} of [{section}]"
                )


def test_the_glossary_says_each_word_once_in_the_order_of_the_alphabet() -> None:
    told = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [words.replace("*", "") for words in re.findall(r"^(\*\*.+?) — ", told, re.MULTILINE)]
    assert len(words) > 100
    assert words == sorted(set(words), key=lambda word: re.sub(r"[^a-z]", "", word.lower()))


@every("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_tests_that_a_page_names_exist(path: Path) -> None:
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", path.read_text(encoding="utf-8")):
        assert (ROOT / file).is_file(), f"{path.name} names {file}"
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{path.name} names {name} in {file}"
    for place in re.findall(
        r"`((?:src|tests|docs|tools|examples|benchmarks)/[\w./-]+)`", path.read_text(encoding="utf-8")
    ):
        assert (ROOT / place).exists(), f"{path.name} names {place}"


def test_every_promise_names_its_test_or_says_that_it_is_not_kept_yet() -> None:
    page = (ROOT / "docs" / "explain" / "promises.md").read_text(encoding="utf-8")
    table = page.partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (P\d+)? ?\| ([^|]+) \| ([^|]*)\| ([^|]+) \|$", table, re.MULTILINE)
    assert len(rows) == table.count("\n") + 1
    assert [number for number, *_ in rows if number] == [f"P{n}" for n in range(1, 19)]
    for number, promise, tests, result in rows:
        assert "`tests/" in tests or "**not yet**" in result, number or promise
        assert re.search(r"20\d\d-\d\d-\d\d|passes in `make test`|not yet", result), number or promise


def test_no_promise_says_that_make_test_holds_what_it_leaves_to_the_long_run() -> None:
    page = (ROOT / "docs" / "explain" / "promises.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| P\d+ .*$", page, re.MULTILINE):
        result = row.split(" | ")[-1]
        for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row):
            marks = (ROOT / file).read_text(encoding="utf-8").partition(f"def {name}(")[0].rpartition("\n\n\n")[2]
            is_long = "@pytest.mark.long\n" in marks
            told = re.search(r"20\d\d-\d\d-\d\d|`make test-long`|no result kept yet", result)
            assert told or not is_long, f"{name} is long: {result}"


def test_decisions_have_numbers_of_their_own_and_state_what_keeps_them_true() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(numbers) == len(set(numbers)) >= 5
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {path.name[:4]} \S", text)
        for part in ("Status:", "**Context.**", "**Decision.**", "**Costs.**", "**Kept true by**"):
            assert part in text, f"{path.name} lacks {part}"


def test_every_dependency_has_its_reason_written_down() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["server"]
    declared += project["dependency-groups"]["dev"]
    told = (ROOT / "docs/decisions/0002-dependencies-and-their-reasons.md").read_text(encoding="utf-8")
    for requirement in declared:
        assert ">=" in requirement, f"{requirement} has no lower bound"
        name = re.split(r"[>=<\[ ]", requirement)[0]
        known = name in told or name.removesuffix("-builtins").removesuffix("-rs").removesuffix("-stubs") in told
        assert known, f"{name} has no reason in decision 0002"


def test_locks_name_no_index_and_pin_with_hashes() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_the_glossary_has_every_event_type_and_mode() -> None:
    from mailwake.events import EventType
    from mailwake.modes import Mode

    told = (ROOT / "docs/glossary.md").read_text(encoding="utf-8") + (ROOT / "docs/reference/events.md").read_text(
        encoding="utf-8"
    )
    for word in [*EventType, *(mode.word for mode in Mode)]:
        assert word in told, f"{word} is explained nowhere"


def test_the_project_speaks_of_itself_alone() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    place = re.compile(r"(?<![\w.])/(?:home|root|work)/\w")
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".sql", ".html", ".css", ""}
            and path.is_file()
            and "vendor" not in name
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")
            if name != "tests/test_docs.py":
                assert not place.search(text), f"{name} names a path of one machine"


def test_every_promise_names_a_test_that_exists() -> None:
    told = (ROOT / "docs" / "explain" / "promises.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`:]+)", told)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_case_of_the_list_of_attacks_stands_once_with_what_keeps_it() -> None:
    """AT-01 to AT-96: each in one row, which names tests that there are, or why there is none."""
    told = (ROOT / "docs/explain/abuse.md").read_text(encoding="utf-8")
    rows = [line for line in told.splitlines() if line.startswith("| AT-")]
    cases = [int(number) for row in rows for number in re.findall(r"AT-(\d\d)", row.split(" | ")[0])]
    assert sorted(cases) == list(range(1, 97))
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
        assert named or "no test, because" in row, row
        for file, name in named:
            text = (ROOT / file).read_text(encoding="utf-8")
            assert name.startswith("test_"), f"{row[:20]} names {file} and no test of it"
            assert f"def {name}(" in text, f"{row[:20]} names {name}, which is not in {file}"
