"""The letters of an experiment on their way: whose turn it is, and which letter is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailwake.events import Handle
from mailwake.experiments.design import Design, NoSuchExperiment, Sent, design_of, sent_of, variant_of
from mailwake.merge.letter import Letter
from mailwake.merge.people import People
from mailwake.merge.source import parse_source
from mailwake.merge.variants import Variants
from mailwake.send.tracker import Tracker
from mailwake.store.state import Campaign, Experiment


@dataclass(kw_only=True)
class Mailing:
    """One run over a list: whose turn it is, and which letter is theirs."""

    tracker: Tracker
    experiment: Experiment
    listed: People
    #: messages a second; 0: that of the first mailing, or as fast as it goes
    rate: float = 0.0

    @property
    def design(self) -> Design:
        """What it was told."""
        return design_of(self.experiment)

    @property
    def pace(self) -> float:
        """Messages a second; 0: as fast as it goes."""
        sent = sent_of(self.experiment)
        return self.rate or (sent.rate if sent else 0.0)

    @property
    def are_some_waiting(self) -> bool:
        """There is a rest, and no winner for it yet."""
        return self.experiment.winner is None and self.design.share < 1

    def is_due(self, handle: Handle) -> bool:
        """The tested at once, the others when there is a winner."""
        return self.experiment.winner is not None or variant_of(self.experiment, self.design, handle) is not None

    def write(self, campaign: Campaign) -> Variants:
        """All letters; the pages of those that are sent now are kept for reports."""
        design, letters = self.design, {}
        raw = self.tracker.state.experiment_letters(self.experiment.id)
        for number, (each, variant) in enumerate(zip(raw, design.variants, strict=True)):
            source = parse_source(each, Path(variant.file), variant.given)
            for sort in ("variant", "rest"):
                mark = f"\0{self.experiment.id} {sort} {number}"  # two experiments may be of one campaign
                letters[f"{sort} {number}"] = Letter(
                    source, self.tracker, campaign, columns=self.listed.columns, variant=mark
                )
        self._note(design, letters)
        winner = self.experiment.winner
        rest = f"rest {winner}"
        kept = {name: letter for name, letter in letters.items() if name.startswith("variant") or name == rest}

        def choose(handle: Handle) -> str:
            number = variant_of(self.experiment, design, handle)
            return rest if number is None else f"variant {number}"

        return Variants(kept, choose)

    def _note(self, design: Design, letters: dict[str, Letter]) -> None:
        """What the first mailing has; later ones have the same."""
        if sent_of(self.experiment) is not None:
            return
        handles = self.tracker.state.known_handles([person.address for person in self.listed.people]).values()
        planned = sum(variant_of(self.experiment, design, handle) is not None for handle in handles)
        numbers = range(len(design.variants))
        sent = Sent(
            templates=tuple(letters[f"variant {number}"].template for number in numbers),
            rest=tuple(letters[f"rest {number}"].template for number in numbers),
            planned=planned,
            at=self.tracker.clock(),
            rate=self.rate,
        )
        if not self.tracker.state.put_experiment_sent(self.experiment.id, msgspec.to_builtins(sent)):
            raise NoSuchExperiment(f"experiment {self.experiment.name!r} was deleted a moment ago; nothing was sent")
