"""Reasons in few bytes, and back to the letter."""

import json
import random
import string

import pytest
from tests.every import every

from mailwake.store.events import phrases
from mailwake.store.events.phrases import Phrases

JUDGED = (
    '[["delay",-2.17,"5 s after delivery"],["known_kind",1.0,"this kind: 3% people at 16 other deliveries"],'
    '["rest",-0.055,"24 lesser observations together"]]'
)


def test_reasons_come_back_to_the_letter_and_take_a_sixth() -> None:
    kept = Phrases()
    packed = kept.pack(JUDGED)
    assert packed == "A-2170 5;B1000 3 16;C-55 24"
    assert kept.unpack(packed) == JUDGED
    assert Phrases(kept.fresh).unpack(packed) == JUDGED, "what a store keeps is all that is needed"


@every(
    "told",
    [
        "",
        "[]",
        "{",
        '[["late", 1.2, "spaces between"]]',
        r'[["network",-2.1,"of [\"x\",-9"]]',
        '[["network",-2.1,"],["]]',
        '[["network",-2.1,"number # of 3"]]',
        '[["network",-2,"a whole number"]]',
        '[["network",-2.1,"' + "x" * 201 + '"]]',
        '[["Network",-2.1,"capitals"]]',
        '[["network",1e-05,"tiny"]]',
        "[[]]",
        '[["a",1.0,"b"],]]',
    ],
)
def test_what_has_another_form_stays_as_it_is(told: str) -> None:
    kept = Phrases()
    assert kept.pack(told) == told
    assert kept.unpack(told) == told
    assert kept.fresh == []


def test_any_text_comes_back() -> None:
    chance, kept = random.Random(7), Phrases()
    signs = string.ascii_letters + string.digits * 4 + ' .,;:"\\[]{}#-%éß\u2028'
    for _ in range(2_000):
        told = [
            [
                "".join(chance.choices("abc_9", k=3)),
                chance.choice([0.0, -0.0, 1.5, -17.25, round(chance.gauss(0, 3), 3), 0.1 + 0.2, 12345.678]),
                "".join(chance.choices(signs, k=chance.randrange(30))),
            ]
            for _ in range(chance.randrange(1, 6))
        ]
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=chance.random() < 0.5)
        assert kept.unpack(kept.pack(text)) == text


def test_what_was_not_kept_is_learned_anew() -> None:
    kept = Phrases()
    kept.pack(JUDGED)
    kept.keep()
    lost = kept.pack('[["lost",1.0,"by a fault"]]')
    kept.drop()
    again = kept.pack('[["other",2.0,"words"]]')
    assert again[0] == lost[0], "the letters are free again"
    assert kept.unpack(again) == '[["other",2.0,"words"]]'
    assert kept.unpack(kept.pack(JUDGED)) == JUDGED


def test_words_without_end_do_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "MOST", 3)
    kept = Phrases()
    texts = [f'[["agent",1.0,"mail program {letter}"]]' for letter in "abcdef"]
    packed = [kept.pack(text) for text in texts]
    assert packed[:3] == ["A1000", "B1000", "C1000"]
    assert packed[3:] == texts[3:]
    assert [kept.unpack(each) for each in packed] == texts


def test_facts_go_and_codes_stay() -> None:
    kept = Phrases()
    bare = '[["delay",-2.17,""],["known_kind",1.0,""],["rest",-0.055,""]]'
    assert kept.unpack(kept.without_facts(kept.pack(JUDGED))) == bare
    assert kept.unpack(kept.without_facts('[["late", 1.2, "5 minutes"]]')) == '[["late",1.2,""]]'
    assert kept.without_facts("") == ""


def test_letters_are_as_many_as_it_takes() -> None:
    kept = Phrases()
    found = [kept.pack(f'[["c{"x" * n}",1.0,""]]')[:-4] for n in range(800)]
    assert (found[0], found[25], found[26], found[27], found[701], found[702]) == ("A", "Z", "AA", "AB", "ZZ", "AAA")
    assert len(set(found)) == 800
