"""The list of an experiment, kept while somebody on it waits for the winner."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailwake.errors import BadInput
from mailwake.experiments.design import design_of
from mailwake.merge.people import People, read_people
from mailwake.store.state import Experiment


def kept_list(data: Path, experiment: Experiment) -> Path:
    """Where the list of an experiment stands while somebody on it waits."""
    return _folder(data) / f"{experiment.id}.csv"


def _folder(data: Path) -> Path:
    return data / "experiments"


def list_of(experiment: Experiment, people: Path | None, data: Path) -> People:
    """The list, kept for the rest where there is one.

    Args:
        experiment: whose.
        people: the CSV; None: the one that was kept.
        data: the installation's data folder.

    Raises:
        BadInput: it cannot be read, or there is none.
    """
    kept = kept_list(data, experiment)
    if people is None:
        if not kept.exists():
            raise BadInput(f"experiment {experiment.name!r} has no list kept; name the CSV")
        return read_people(kept)
    listed = read_people(people)
    if design_of(experiment).share < 1:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        spare = kept.with_suffix(".new")
        spare.touch(mode=0o600)
        spare.write_bytes(people.read_bytes())
        spare.replace(kept)
    return listed


def forget_list(data: Path, experiment: Experiment) -> None:
    """Nobody on it waits any more, and it holds addresses."""
    kept_list(data, experiment).unlink(missing_ok=True)


def forget_strays(data: Path, known: Iterable[Experiment]) -> None:
    """Lists of experiments that were deleted hold addresses of nobody who waits."""
    kept = {kept_list(data, each) for each in known}
    for path in _folder(data).glob("*.csv"):
        if path not in kept:
            path.unlink(missing_ok=True)
