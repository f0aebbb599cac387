"""Where a notice in words names the addresses that failed, the surest place first.

An address counts by where it stands: at the head of a line, behind a label, in the sentence that says what went wrong.
Whoever wrote the mail, runs the server or is to be asked for help is named too, and did not fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailwake.notices.mail import addresses
from mailwake.notices.phrases import says
from mailwake.notices.told import Told

#: letters beyond ASCII of scripts that put spaces between words; elsewhere a word may stand right before an address
_LETTERS = r"A-Za-z0-9\u00c0-\u024f\u0370-\u052f"
_LOCAL = rf"{_LETTERS}._%+=&'*/{{}}|~!#$^?\-"
#: begins only where a word begins, so that a long word is looked at once
ADDRESS = re.compile(
    rf"(?<![{_LOCAL}@])[{_LOCAL}]{{1,128}}@(?:[{_LETTERS}_](?:[{_LETTERS}_.-]{{0,250}}[{_LETTERS}])?)(?!@)"
)
_LEAD = re.compile(
    r"[\s*•·\u2013>|#\"'<(\[:-]{0,16}(?:(?:smtp|mailto|rfc-?822|internet|local)[:;]\s?)?(?:[245]\d\d[ -]<?)?<?",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"[>\"'\])]{0,3}(?:$|[\s:;,.(\[<…\-])")
_BEFORE = " \t<([{\"'`:=>;-.#*|「『【\uff08\uff1a\u2018\u201c"
_TYPES = ("[smtp", "smtp", "mailto", "<smtp", "rfc822", "[rfc822", "(smtp", "internet")
_RCPT = re.compile(r"\brcpt to:? ?<?", re.IGNORECASE)
#: In front of the address that was written to, where a server resolved an alias (Postfix, Exim, sendmail).
_RESOLVED = re.compile(
    rf"\((?:expanded|generated|ultimately generated)\s{{1,80}}(?:from|by):?\s{{0,80}}<?({ADDRESS.pattern})>?\)"
)
#: The same on two lines (Sun's and iCloud's servers, PMDF).
_RESOLVED_TO, _WRITTEN_TO = "recipient address:", "original address:"
#: At the head of a line: what two servers said to each other.
_DIALOGUE = (">>>", "<<<", "-->", "<--")
_PREFIXES = ("smtp=", "rfc822=", "rfc-822=", "mailto=")
#: A line this long whose last sign is a letter goes on in the next.
_FLOWING_CHARS = 40
#: Where a sentence ends.
_ENDS = re.compile("[.!?;][\"')]?\\s|[\u3002\uff01\uff1f\uff1b]")
#: Between the addresses of one list.
_AND = re.compile(r"[\s<>\[\](),;\"']*(?:(?:and|und|et|y|e|i|en|och|og)\s)?[\s<>\[\](),;\"']*")
#: More words than this are no name of a person.
_NAME_WORDS = 5
#: No further from an address than this stands what is said of it.
_REACH = 400
#: Addresses looked at in one notice; one whose sentence is read counts for many.
_MAX_LOOKED, _SENTENCE_COSTS = 2_000, 100
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,40}")


def find_recipients(told: Told) -> list[str]:
    """The addresses that failed: of the surest place that names any."""
    known = {*addresses(told.message, "to", "cc", "delivered-to", "x-original-to"), *told.sender, *_writers(told)}
    spare: list[str] = []
    behind = _aliases(told)
    for place in _PLACES:
        named = list(dict.fromkeys(behind.get(address, address) for address in place(told)))
        others = [address for address in named if address not in known and not address.startswith(told.phrases.nobody)]
        if len(others) > 1 and place not in (_leading, _in_dialogue):
            others = [each for each in others if not each.startswith(told.phrases.helpers)] or others
        if others:
            return others
        if not spare and len(named) == 1 and place in (_leading, _labelled):
            spare = named
    return spare


def _writers(told: Told) -> tuple[str, ...]:
    """Who wrote the mail that came back, but for those who wrote to themselves."""
    returned = told.returned
    if returned is None:
        return ()
    readers = addresses(returned, "to", "cc")
    return tuple(each for each in addresses(returned, "from", "sender", "return-path") if each not in readers)


def _aliases(told: Told) -> dict[str, str]:
    """Of each alias that a server resolved, the address that was written to."""
    if not any(words in told.lowered for words in ("expanded from", "generated from", _WRITTEN_TO)):
        return {}
    behind, alias = {}, ""
    for number, (line, low) in enumerate(zip(told.lines, told.low_lines, strict=False)):
        found = ADDRESS.search(line)
        if found and alias and low.lstrip().startswith(_WRITTEN_TO):
            behind[alias] = _clean(found[0])
        elif found and (heads(line, found) or low.lstrip().startswith(_RESOLVED_TO)):
            alias = _clean(found[0])
        written = _RESOLVED.search("\n".join(told.lines[number : number + 2]).lower())
        if alias and written and written.start() < len(line):
            behind[alias] = _clean(written[1])
    return behind


def _leading(told: Told) -> Iterator[str]:
    """Addresses at the head of a line; deeper below one stands its reason, and within a sentence somebody else."""
    before, deep, said = "", -1, False
    for line, low in zip(told.lines, told.low_lines, strict=False):
        if said and says(low, told.phrases.transcript):
            return
        if not line.strip():
            deep = -1
        elif "@" in line and not line.lstrip().startswith(_DIALOGUE):
            lead = _LEAD.match(line)
            found = ADDRESS.match(line, lead.end() if lead else 0)
            depth = len(line) - len(line.lstrip())
            if (
                found
                and _BEHIND.match(line, found.end())
                and not 0 <= deep < depth
                and not _goes_on(told, before, bare=found.start() == depth)
            ):
                yield _clean(found[0])
                deep, said = depth, True
        before = line


def _goes_on(told: Told, line: str, *, bare: bool) -> bool:
    """Whether the sentence of a line ends only in the next one, and leads to nobody who failed."""
    words = _words_before(line)
    if not line.strip() or words.endswith(told.phrases.labels):
        return False
    flows = bare and "@" not in line and len(line.strip()) > _FLOWING_CHARS and line.rstrip()[-1].islower()
    return flows or words.endswith(told.phrases.others)


def _clean(found: str) -> str:
    """An address as it is compared, without what a gateway puts before it."""
    address = found.lower().strip("'\"")
    for prefix in _PREFIXES if "=" in address else ():
        address = address.removeprefix(prefix)
    return address


def _listed(told: Told) -> Iterator[str]:
    """The address behind a name, below a line that says whom a mail did not reach."""
    listing = False
    for line in told.lines:
        found = ADDRESS.search(line) if listing and "@" in line else None
        if found and _is_named(line, found):
            yield _clean(found[0])
        elif line.strip():
            low = line.strip().lower()
            listing = low.endswith((":", "\uff1a")) and says(low, told.phrases.failure)


def _labelled(told: Told) -> Iterator[str]:
    """Addresses behind a word such as *recipient*; behind *for*, where the sentence says what went wrong."""
    before, left = "", _MAX_LOOKED
    for number, line in enumerate(told.lines):
        for found in ADDRESS.finditer(line) if "@" in line and left > 0 else ():
            start = line[: found.start()]
            words = _words_before(start if start.strip() else f"{before} {start}")
            left -= 1
            if words.endswith(told.phrases.labels) and not words.endswith(told.phrases.others):
                weak = words.endswith(told.phrases.labels_weak)
                left -= _SENTENCE_COSTS * weak
                if not weak or (left > 0 and _says_why(told, number, found.start())):
                    yield _clean(found[0])
        before = line


def _says_why(told: Told, number: int, place: int) -> bool:
    """Whether the sentence around a place in a line says what went wrong."""
    above = told.lines[number - 1] if number else ""
    words = " ".join((above, *told.lines[number : number + 3]))
    said = _sentence(words, len(above) + 1 + place).lower()
    return says(said, told.phrases.failure) or says(said, told.phrases.delay)


def _sentence(words: str, place: int) -> str:
    """The sentence around a place."""
    start = max((found.end() for found in _ENDS.finditer(words, 0, place)), default=0)
    end = _ENDS.search(words, place)
    return words[max(start, place - _REACH) : min(end.start() if end else len(words), place + _REACH)]


def _is_named(line: str, found: re.Match[str]) -> bool:
    """Whether a line holds nothing but a name and an address."""
    return not line[found.end() :].strip(" \t>)]\"'.;,") and len(line[: found.start()].split()) <= _NAME_WORDS


def _in_sentences(told: Told) -> Iterator[str]:
    """The first address of a sentence that says what went wrong, and those named with it."""
    for paragraph in _paragraphs(told.lines):
        if "@" not in paragraph or not says(paragraph.lower(), told.phrases.failure):
            continue
        for sentence in _ENDS.split(paragraph):
            if "@" in sentence and says(sentence.lower(), told.phrases.failure):
                yield from _first_named(told, sentence)


def _first_named(told: Told, sentence: str) -> Iterator[str]:
    place = -1
    for found in ADDRESS.finditer(sentence):
        words = _words_before(sentence[max(0, found.start() - 60) : found.start()])
        if place < 0 and words.endswith(told.phrases.others):
            continue
        if place not in (-1, found.start()):
            return
        yield _clean(found[0])
        behind = _AND.match(sentence, found.end())
        place = behind.end() if behind else found.end()


def _in_subject(told: Told) -> Iterator[str]:
    for found in ADDRESS.finditer(told.subject):
        yield _clean(found[0])


def _in_dialogue(told: Told) -> Iterator[str]:
    """Recipients in the dialogue of two servers."""
    for line in told.lines:
        opening = _RCPT.search(line)
        found = ADDRESS.match(line, opening.end()) if opening else None
        if found:
            yield found[0].lower()


def _bare(told: Told) -> Iterator[str]:
    """Names without a domain on lines of their own, as servers write that know only one: theirs."""
    domain = told.sender[0].partition("@")[2] if told.sender and told.is_from_a_server else ""
    listing = False
    for line in told.lines:
        word = line.strip()
        if listing and domain and _NAME.fullmatch(word):
            yield f"{word.lower()}@{domain}"
        elif word:
            listing = word.endswith(":") and ("recipient" in word.lower() or says(word.lower(), told.phrases.failure))


def _in_field(told: Told) -> Iterator[str]:
    """The recipient where a notice describes the mail by its fields."""
    named = [line.strip()[3:] for line in told.lines if line.strip()[:3].lower() == "to:" and "@" in line]
    found = [ADDRESS.search(words) for words in named[:1] if words.count("@") == 1]
    yield from (_clean(each[0]) for each in found if each)


def _returned_to(told: Told) -> Iterator[str]:
    """The recipient of the returned mail, where it had just one."""
    if told.returned is None:
        return
    named = addresses(told.returned, "x-failed-recipients", "to", "cc")
    if len(named) == 1 and ADDRESS.fullmatch(named[0]):
        yield named[0]


def _alone(told: Told) -> Iterator[str]:
    """The only address that the notice names, but for who wrote, who is to be asked and the server's own."""
    ours = {*told.sender, *addresses(told.message, "to"), *_writers(told)}
    named = {
        _clean(found[0]) for line in told.lines[:100] if "@" in line for found in ADDRESS.finditer(line[:_REACH])
    } - ours
    left = [each for each in named if not each.startswith((*told.phrases.nobody, *told.phrases.helpers))]
    for address in left if len(left) == 1 else ():
        if not _words_before(told.lowered.partition(address)[0][-60:]).endswith(told.phrases.others):
            yield address


#: Where addresses are looked for, the surest place first.
_PLACES = (
    _leading,
    _labelled,
    _listed,
    _in_sentences,
    _in_subject,
    _in_dialogue,
    _bare,
    _in_field,
    _returned_to,
    _alone,
)


def _words_before(words: str) -> str:
    """What stands before an address, in lower case, without the signs in between."""
    low = words.lower().rstrip(_BEFORE)
    for kind in _TYPES:
        if low.endswith(kind):
            low = low[: -len(kind)].rstrip(_BEFORE)
    return f" {low}"


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    current: list[str] = []
    for line in (*lines, ""):
        if line.strip():
            current.append(line.strip())
        elif current:
            yield " ".join(current)[:2_000]
            current = []


def heads(line: str, found: re.Match[str]) -> bool:
    """Whether an address stands at the head of its line."""
    lead = _LEAD.match(line)
    return found.start() <= (lead.end() if lead else 0)
