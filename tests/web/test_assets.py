"""Foreign files are the ones we looked at, and everything is found by its content."""

import hashlib
import re
import tomllib

import pytest
from tests.web.conftest import Asking

from mailwake.serving import assets

VENDOR = assets.FOLDER / "vendor"
MANIFEST = tomllib.loads((VENDOR / "manifest.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MANIFEST)
def test_a_foreign_file_is_the_one_in_the_manifest(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == MANIFEST[name]["sha256"]


@pytest.mark.parametrize("name", MANIFEST)
def test_a_foreign_file_has_its_version_in_its_name_and_its_licence_beside_it(name: str) -> None:
    entry = MANIFEST[name]
    assert re.search(r"-\d+\.\d+\.\d+\.", name)
    assert entry["licence"] in ("0BSD", "MIT")
    assert len((VENDOR / entry["licence_file"]).read_text(encoding="utf-8")) > 300


def test_nothing_else_lies_among_the_foreign_files() -> None:
    known = {"manifest.toml", *MANIFEST, *(entry["licence_file"] for entry in MANIFEST.values())}
    assert {path.name for path in VENDOR.iterdir()} == known


def test_a_file_is_asked_for_by_its_content_and_kept_for_ever(asking: Asking) -> None:
    response = asking.get(assets.address("own.css"))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_asked_for_by_name_alone_is_not_kept(asking: Asking) -> None:
    assert asking.get("/static/own.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/vendor/../../app.py", "/static/"]
)
def test_nothing_outside_is_served(asking: Asking, path: str) -> None:
    assert asking.get(path).status_code in (404, 405)


def test_our_own_style_names_colours_in_variables_only() -> None:
    css = (assets.FOLDER / "own.css").read_text(encoding="utf-8")
    rules = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for rule in rules.split("}"):
        if ":root" not in rule and "@media print" not in rule:
            assert not re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(", rule.partition("{")[2]), rule


def test_every_variable_of_the_style_says_where_it_shows() -> None:
    css = (assets.FOLDER / "own.css").read_text(encoding="utf-8")
    first = css[css.index(":root {") : css.index("}", css.index(":root {"))]
    for line in first.splitlines():
        if line.strip().startswith("--"):
            assert "/*" in line, line


def test_our_own_scripts_ask_nobody_else_and_write_no_markup() -> None:
    script = (assets.FOLDER / "series.js").read_text(encoding="utf-8")
    for word in ("http", "innerHTML", "eval(", "new Function", "document.write", "fetch("):
        assert word not in script
