"""Fits the weights of a ruleset to simulated worlds whose truth is known, and writes the ruleset.

`python tools/fit_ruleset.py 30 NAME` lives through 30 worlds of each kind (worlds 1 to 30; the benchmark uses others),
takes from each event the cells that the judge sees, and finds by logistic regression what each cell adds to the
log-odds: first for events by themselves, then with what is known of others, three times over. Each world weighs the
same, and within a world an agent that did much weighs less per event, so that no machine's thousand clicks decide for
all.

`python tools/fit_ruleset.py 30 NAME wide` does so in wide worlds, with small lists and addresses that mislead, and goes
half of the way from the ruleset in force to what it found: neither kind of world is the real one.

`python tools/fit_ruleset.py 4 NAME speed pair` fits these families alone, in a quarter of the time: all other weights
stay those of the ruleset in force. That is for evidence that was not looked at before.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize, minimize_scalar

from mailwake.events import Evidence
from mailwake.exchange.lines import Hit, evidence_of, source_of
from mailwake.judge.combine import open_case
from mailwake.judge.delivery import Sort
from mailwake.judge.families.learned import Reputations
from mailwake.judge.rules import Rules, Scope, load_rules, rules_of
from mailwake.judge.verdicts import gather, learn
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich
from mailwake.worlds.world import KINDS, draw_plan, live

BASE = Path(__file__).parent / "ruleset_base.toml"
RULESETS = Path(__file__).parents[1] / "src" / "mailwake" / "judge" / "rulesets"
#: kinds of worlds that are fitted to; the others are for the benchmark alone
FITTED = [kind for kind in KINDS if kind not in {"broken", "wide"}]
#: strength of the pull to zero, per unit of weight
PULL = 1e-5
#: worlds of each kind for the temperature; the benchmark begins at 101
CALIBRATION = range(81, 84)
#: an agent with n events in a world weighs n to the power of 1 - this
CROWDING = 0.3
#: events of a cell below which it is left out
LEAST_EVENTS = 40
#: messages of a world to which some families alone are fitted: what they look at is rare, many small worlds tell more
REFIT_COPIES = 1_500
_KEY = b"mailwake fit"

Weights = dict[Scope, dict[str, float]]
Vector = NDArray[np.float64]


class Place(NamedTuple):
    """A world to be lived through."""

    kind: str
    seed: int
    #: messages; 0: as many as its kind has
    copies: int = 0
    wide: bool = False


class Sample(NamedTuple):
    """The events of one world and scope: cells by number, names of the numbers, truth, weight."""

    names: list[str]
    starts: NDArray[np.int64]
    cells: NDArray[np.int32]
    human: NDArray[np.float64]
    weight: NDArray[np.float64]


def main(worlds: int, name: str) -> None:
    """Fit both stages and write the ruleset."""
    with Pool() as pool:
        final, alone = _fit_both(pool, _worlds(worlds), name)
        _write(name, _sharpened(pool, name, final, alone), alone)


def widen(worlds: int, name: str) -> None:
    """Fit both stages to wide worlds, go half of the way there from the ruleset in force, and write the ruleset."""
    rules = load_rules()
    with Pool() as pool:
        final, alone = _fit_both(pool, _worlds(worlds, wide=True), name)
        final = _sharpened(pool, name, final, alone, wide=True)
    _write(name, _half_way(rules.weights, final), _half_way(rules.alone, alone))


def _worlds(worlds: int, *, wide: bool = False) -> list[Place]:
    return [Place(kind, seed, wide=wide) for kind in FITTED for seed in range(1, worlds + 1)]


def _fit_both(pool: Pool, places: Sequence[Place], name: str) -> tuple[Weights, Weights]:
    nothing: Weights = {scope: {"base.start": 0.0} for scope in Scope}
    alone = _fit_all(pool, places, tree_of(name, nothing, nothing), rounds=0)
    first = _fit_all(pool, places, tree_of(name, nothing, alone), rounds=1)
    again = _fit_all(pool, places, tree_of(name, first, alone), rounds=2)
    # what is learned of others is to come from the weights that judge by it
    return _fit_all(pool, places, tree_of(name, again, alone), rounds=2), alone


def _half_way(here: Mapping[Scope, Mapping[str, float]], there: Weights) -> Weights:
    """The mean of two sets of weights; a cell that one does not have weighs nothing there."""
    return {
        scope: {name: (here[scope].get(name, 0.0) + there[scope].get(name, 0.0)) / 2
                for name in sorted({*here[scope], *there[scope]})}
        for scope in Scope
    }  # fmt: skip


def _write(name: str, final: Weights, alone: Weights) -> None:
    path = RULESETS / f"{name}.toml"
    path.write_text(_written(name, final, alone), encoding="utf-8")
    print(f"{path}: {rules_of(tree_of(name, final, alone)).id}")


def refit(worlds: int, name: str, families: Sequence[str]) -> None:
    """Fit some families beside the weights in force, which stay, and write the ruleset."""
    places, rules = [place._replace(copies=REFIT_COPIES) for place in _worlds(worlds)], load_rules()
    final: Weights = {scope: dict(rules.weights[scope]) for scope in Scope}
    alone: Weights = {scope: dict(rules.alone[scope]) for scope in Scope}
    with Pool() as pool:
        for weights, rounds in ((alone, 0), (final, 2)):
            tree = tree_of(name, final, alone)
            found = pool.starmap(sample_world, [(each, tree, rounds) for each in places], chunksize=1)
            weights[Scope.CLICK] = _fit_beside([each[Scope.CLICK] for each in found], weights[Scope.CLICK], families)
    _write(name, final, alone)


def _fit_beside(samples: Sequence[Sample], weights: Mapping[str, float], families: Sequence[str]) -> dict[str, float]:
    """The weights with those of some families fitted to clicks; where there is little to go by they are the prior's."""
    stays = {name: value for name, value in weights.items() if name.partition(".")[0] not in families}
    prior = tomllib.loads(BASE.read_text(encoding="utf-8"))["prior"][Scope.CLICK.value]
    known = {name: value for name, value in prior.items() if name.partition(".")[0] in families}
    matrix, names, human, weight = _together(samples)
    places = [place for place, name in enumerate(names) if name.partition(".")[0] in families]
    given = matrix @ np.array([stays.get(name, 0.0) for name in names])
    found = _regress(
        matrix[:, places], human, weight / weight.sum(), pulled=np.ones(len(places)),
        towards=np.array([known.get(names[place], 0.0) for place in places]), given=given,
    )  # fmt: skip
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    for place, value in zip(places, found, strict=True):
        print(f"{names[place]} {value:.2f}, seen {counts[place]:.0f} times", flush=True)
    fitted = {
        names[place]: float(value) for place, value in zip(places, found, strict=True) if counts[place] >= LEAST_EVENTS
    }
    return stays | known | fitted


def _sharpened(pool: Pool, name: str, final: Weights, alone: Weights, *, wide: bool = False) -> Weights:
    """The weights at the temperature that fits worlds which nothing was fitted to: pulling them made them timid.

    Source: Guo et al. 2017, "On calibration of modern neural networks", section 4.2
    """
    places = [Place(kind, seed, wide=wide) for kind in FITTED for seed in CALIBRATION]
    found = pool.starmap(sample_world, [(place, tree_of(name, final, alone), 2) for place in places], chunksize=1)
    return {scope: _at_temperature(final[scope], [each[scope] for each in found]) for scope in Scope}


def _at_temperature(weights: dict[str, float], samples: Sequence[Sample]) -> dict[str, float]:
    def log_odds(sample: Sample) -> Vector:
        each = np.array([weights.get(name, 0.0) for name in sample.names])[sample.cells]
        return np.add.reduceat(each, sample.starts[:-1])

    known = [(log_odds(sample), sample.human) for sample in samples if len(sample.human)]

    def loss(temperature: float) -> float:
        signed = [np.where(human > 0, -z, z) / temperature for z, human in known]
        return float(sum(np.logaddexp(0, each).mean() for each in signed))

    temperature = minimize_scalar(loss, bounds=(0.5, 1.5), method="bounded").x
    print(f"temperature {temperature:.2f}")
    return {name: value / temperature for name, value in weights.items()}


def tree_of(name: str, final: Weights, alone: Weights) -> dict[str, Any]:
    """A ruleset as its TOML file would be read."""
    return tomllib.loads(_written(name, final, alone))


def _fit_all(pool: Pool, places: Sequence[Place], tree: dict[str, Any], *, rounds: int) -> Weights:
    found: list[dict[Scope, Sample]] = pool.starmap(
        sample_world, [(place, tree, rounds) for place in places], chunksize=1
    )
    base = tomllib.loads(BASE.read_text(encoding="utf-8"))
    return {
        scope: _centred(_fit([each[scope] for each in found], base["prior"][scope.value]), base["usual"]["cells"])
        for scope in Scope
    }


def _centred(weights: dict[str, float], usual: Sequence[str]) -> dict[str, float]:
    """The same sums for usual events, with the usual cells at zero."""
    shifts = {name.partition(".")[0]: weights.get(name, 0.0) for name in usual}
    moved = {name: value - shifts.get(name.partition(".")[0], 0.0) for name, value in weights.items()}
    moved["base.start"] = weights["base.start"] + (sum(shifts.values()) if "within_1_s" in _families(weights) else 0.0)
    return {name: value for name, value in moved.items() if name not in usual}


def _families(weights: Mapping[str, float]) -> set[str]:
    return {name.partition(".")[0] for name in weights}


def read_world(place: Place) -> tuple[list[Evidence], dict[int, tuple[bool, str]]]:
    """The evidence of a world as `mailwake judge` would see it, and the truth by event."""
    reader = EvidenceReader(Networks(Enrich(), _KEY), _KEY)
    rows = list(live(draw_plan(place.kind, place.seed, copies=place.copies, wide=place.wide)).lines())
    hits = [msgspec.convert(line, Hit) for line, _ in rows]
    source = source_of(hits)
    evidence, truth = [], {}
    for number, (hit, (_, real)) in enumerate(zip(hits, rows, strict=True)):
        evidence.append(evidence_of(hit, reader, number, source))
        if real is not None:
            truth[evidence[-1].id] = real.human, real.agent
    return evidence, truth


def sample_world(place: Place, tree: dict[str, Any], rounds: int) -> dict[Scope, Sample]:
    """The cells of all opens and clicks of one world."""
    rules = rules_of(tree)
    evidence, truth = read_world(place)
    rows: dict[Scope, list[tuple[set[str], bool, str]]] = {scope: [] for scope in Scope}
    for event, cells in cells_of(rules, evidence, rounds=rounds):
        if event.sort in (Sort.CLICK, Sort.OPEN) and not event.own.proxy and event.id in truth:
            rows[event.scope].append((cells, *truth[event.id]))
    return {scope: _sample(each) for scope, each in rows.items()}


def cells_of(rules: Rules, evidence: Iterable[Evidence], *, rounds: int) -> Iterable[tuple[Any, set[str]]]:
    """Every judged event with the names of its cells.

    Args:
        rounds: of learning from others before its cells are taken; 0: the event by itself; 2: as `learn` does.
    """
    known, copies = Reputations(), gather(rules, evidence)
    if rounds == 2:
        cases = learn(rules, copies, known)
    else:
        cases = [open_case(rules, copy, anchor) for copy, anchor in copies]
        for case in cases:
            known.add(case.shares)
    for case in cases:
        for look in case.looks:
            names = {cell.name for cell in look.cells}
            if rounds:
                names |= {cell.name for cell in known.cells(look.keys, case.shares, look.event.own.group)}
            yield look.event, names


def _sample(rows: Sequence[tuple[set[str], bool, str]]) -> Sample:
    numbers: dict[str, int] = {}
    cells = [numbers.setdefault(name, len(numbers)) for names, _, _ in rows for name in sorted(names)]
    crowd = Counter(agent for _, _, agent in rows)
    weight = np.array([crowd[agent] ** -CROWDING for _, _, agent in rows])
    return Sample(
        names=list(numbers),
        starts=np.cumsum([0, *(len(names) for names, _, _ in rows)]),
        cells=np.array(cells, dtype=np.int32),
        human=np.array([human for _, human, _ in rows], dtype=float),
        weight=weight / weight.sum() * min(1.0, len(rows) / 150) if rows else weight,
    )


def _fit(samples: Sequence[Sample], prior: Mapping[str, float]) -> dict[str, float]:
    matrix, names, human, weight = _together(samples)
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    pulled = np.array([name != "base.start" for name in names], float)
    towards = np.array([prior.get(name, 0.0) for name in names])
    found = _regress(matrix, human, weight / weight.sum(), pulled=pulled, towards=towards)
    return dict(prior) | {
        name: float(value)
        for name, value, count in zip(names, found, counts, strict=True)
        if (count >= LEAST_EVENTS and abs(value) >= 0.02) or name == "base.start"
    }


def _together(samples: Sequence[Sample]) -> tuple[sparse.csr_matrix, list[str], Vector, Vector]:
    """All events of some worlds: which cells each has, the names of the cells, truth, weight."""
    numbers: dict[str, int] = {}
    cells, starts = [], [np.zeros(1, dtype=np.int64)]
    for each in samples:
        places = np.array([numbers.setdefault(name, len(numbers)) for name in each.names], dtype=np.int32)
        cells.append(places[each.cells] if len(each.cells) else each.cells)
        starts.append(each.starts[1:] + starts[-1][-1])
    column = np.concatenate(cells)
    human, weight = np.concatenate([each.human for each in samples]), np.concatenate([each.weight for each in samples])
    shape = (len(human), len(numbers))
    matrix = sparse.csr_matrix((np.ones(len(column), np.float32), column, np.concatenate(starts)), shape=shape)
    return matrix, list(numbers), human, weight


def _regress(
    matrix: sparse.csr_matrix,
    human: Vector,
    weight: Vector,
    *,
    pulled: Vector,
    towards: Vector,
    given: Vector | float = 0,
) -> Vector:
    """Weights of the columns, where the log-odds `given` stand already."""

    def loss(values: Vector) -> tuple[float, Vector]:
        log_odds = matrix @ values + given
        error = 1 / (1 + np.exp(-log_odds)) - human
        total = (weight * (human * np.logaddexp(0, -log_odds) + (1 - human) * np.logaddexp(0, log_odds))).sum()
        pull = pulled * (values - towards)
        return float(total + PULL * (pull * pull).sum()), matrix.T @ (weight * error) + 2 * PULL * pull

    found: Any = minimize(loss, towards.copy(), jac=True, method="L-BFGS-B", options={"maxiter": 600})
    values: Vector = found.x
    return values


def _written(name: str, final: Weights, alone: Weights) -> str:
    """The ruleset as TOML: the base, then every family with its columns."""
    base = BASE.read_text(encoding="utf-8")
    words: Mapping[str, str] = tomllib.loads(base)["words"]
    start, rest = base.index("[words]"), base.index("[operators]")
    parts = [f'name = "{name}"\n\n', base[base.index("[combination]") : start], base[rest:], "\n"]
    columns = {scope.value: final[scope] for scope in Scope} | {f"{scope.value}_alone": alone[scope] for scope in Scope}
    for family, says in words.items():
        parts.append(
            f'\n[family.{family}]\nsays = "{says}"\nsource = "fitted to simulated worlds, tools/fit_ruleset.py"\n'
        )
        for column, weights in columns.items():
            mine = {cell.partition(".")[2]: value for cell, value in weights.items() if cell.startswith(f"{family}.")}
            if mine:
                parts.append(f"\n[family.{family}.{column}]\n")
                parts += (f"{cell} = {value:.3f}\n" for cell, value in sorted(mine.items()))
    return "".join(parts)


if __name__ == "__main__":
    if sys.argv[3:] == ["wide"]:
        widen(int(sys.argv[1]), sys.argv[2])
    elif sys.argv[3:]:
        refit(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
    else:
        main(int(sys.argv[1]), sys.argv[2])
