"""One language per installation, found as the standard library finds it; English wherever something is missing."""

import subprocess
import sys
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from mailwake.language import FOLDER, at_start, catalogue, inside, noted, say, several, speaking, tag

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With German, which has words for two messages."""
    made = tmp_path_factory.mktemp("languages")
    told = Catalog(locale="de")
    told.add("Sent", "Gesendet")
    told.add("%(count)s links", "%(anzahl)s Links")
    told.add("95 %% sure", "95 % sicher")
    told.add("5 % more", "5 % mehr")
    told.add(("%(count)s copy", "%(count)s copies"), ("%(count)s Kopie", "%(count)s Kopien"))
    written = BytesIO()
    write_mo(written, told)
    place = made / "de" / "LC_MESSAGES" / "mailwake.mo"
    place.parent.mkdir(parents=True)
    place.write_bytes(written.getvalue())
    return made


def copies(number: int) -> str:
    return several("%(count)s copy", "%(count)s copies", number, count=number)


def test_whoever_chose_nothing_gets_the_english_of_the_code() -> None:
    assert (say("Sent"), say("%(count)s of 5 %%", count=3), say("5 %"), say("")) == ("Sent", "3 of 5 %", "5 %", "")
    assert (copies(1), copies(2)) == ("1 copy", "2 copies")
    assert tag() == "en"


def test_a_catalogue_speaks_until_the_block_ends_and_english_fills_its_gaps(folder: Path) -> None:
    with speaking(catalogue("de", folder)):
        assert (say(noted("Sent")), copies(1), copies(2)) == ("Gesendet", "1 Kopie", "2 Kopien")
        assert say("Bounced") == "Bounced"
        assert say("") == ""
        assert tag() == "de"
    assert (say("Sent"), tag()) == ("Sent", "en")


def test_a_slip_of_a_translator_costs_the_message_and_not_the_page(folder: Path) -> None:
    with speaking(catalogue("de", folder)):
        assert say("%(count)s links", count=3) == "3 links"
        assert say("95 %% sure") == "95 %% sure"
        assert say("5 % more") == "5 % mehr"


def test_a_language_of_a_region_takes_the_language_and_an_unknown_one_english(folder: Path) -> None:
    with speaking(catalogue("de-AT", folder)):
        assert say("Sent") == "Gesendet"
    assert type(catalogue("xx", folder)) is NullTranslations
    assert type(catalogue("en")) is NullTranslations


def test_labels_become_small_within_english_sentences_alone(folder: Path) -> None:
    assert (inside("Opened by people"), at_start("dead address")) == ("opened by people", "Dead address")
    with speaking(catalogue("de", folder)):
        assert inside("Kopien") == "Kopien"


def test_the_template_for_translators_holds_every_message() -> None:
    script = [sys.executable, str(ROOT / "tools" / "collect_messages.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with (FOLDER / "mailwake.pot").open("rb") as file:
        template = read_po(file)
    assert len(template) > 500
    for told in ("Skip to the numbers", "Delivered", "These links as"):
        assert told in template
