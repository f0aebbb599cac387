"""`mailwake bench` runs the scripts of a checkout and says so where there is none."""

from pathlib import Path

import pytest

from mailwake.cli.bench import command, find_scripts
from mailwake.errors import BadInput, MailwakeError


def test_the_scripts_of_a_checkout_are_found_with_the_three_that_face_the_world_first() -> None:
    found = find_scripts(Path(__file__).parents[2] / "benchmarks")
    assert list(found)[:3] == ["compose", "edge", "log"]
    assert all(path.is_file() for path in found.values())


def test_an_installed_package_has_none_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="clone the repository"):
        find_scripts(tmp_path)


def test_an_unknown_benchmark_is_told_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match="choose one of compose, edge, log"):
        command(["edge", "nonsense"])


def test_a_script_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.setattr("mailwake.cli.bench.find_scripts", lambda _: {"broken": tmp_path / "broken.py"})
    with pytest.raises(MailwakeError, match="did not finish: broken"):
        command(["all"])


def test_several_run_in_the_order_they_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scripts = {name: tmp_path / f"{name}.py" for name in ("one", "two", "three")}
    for name, path in scripts.items():
        path.write_text(f"print('ran {name}')", encoding="utf-8")
    monkeypatch.setattr("mailwake.cli.bench.find_scripts", lambda _: scripts)
    command(["three", "one"])
    assert capfd.readouterr().out.split("\n") == ["== three", "ran three", "== one", "ran one", ""]


def test_a_flame_graph_without_the_program_for_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("mailwake.cli.bench.shutil.which", lambda *_, **__: None)
    with pytest.raises(BadInput, match="make bench"):
        command(["log"], flames=str(tmp_path))
