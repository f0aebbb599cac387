"""What a notice says in words, apart from the mail that it returns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from mailwake.notices.mail import Part, addresses, header, readable, text
from mailwake.notices.phrases import FIRST_SIGNS, Phrases, says

#: A notice says what it has to say within a few screens; a transcript may be longer.
MAX_LINES = 400
MAX_LINE_CHARS = 1_000
_MAX_TEXTS = 3
_MAX_FOREIGN_SIGNS = 40
_EARLY_CHARS = 3_000
_SIGNS = " \t-=*#_<>[]:"
#: Where our own mail begins is looked for so far.
_MAX_NOTICE_CHARS = 16_000
_MAX_ENCLOSED_CHARS = 65_536
#: RFC 4155: what a mail begins with that was kept in a file
_MBOX = re.compile(r"From \S{1,300} +\w{3} +\w{3} +\d")
#: at the head of a line; the sign stands first, so that a text is skimmed for it
_QUOTE = re.compile(r">(?<![^\n]>) ?(?:> ?)*")
_HEADER_TYPES = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_MAILS = frozenset({"message/rfc822", "message/global"})


@dataclass(frozen=True)
class Told:
    """One mail, with its words read once.

    Args:
        message: the mail.
        phrases: the words to know it by.
        which: which of its texts to take for the notice.
    """

    message: Part
    phrases: Phrases
    #: which of its texts is the notice; the first, unless that names nobody
    which: int = 0

    @cached_property
    def coded(self) -> dict[str, bool]:
        """Lines that were looked at, and whether a reply code stands in them."""
        return {}

    @cached_property
    def subject(self) -> str:
        """The subject in lower case."""
        return header(self.message, "subject").lower()

    @cached_property
    def sender(self) -> tuple[str, ...]:
        """Addresses in From."""
        return addresses(self.message, "from")

    @cached_property
    def written_by(self) -> str:
        """From, in lower case."""
        return header(self.message, "from").lower()

    @cached_property
    def is_from_a_server(self) -> bool:
        """Whether a mail server stands in From."""
        return says(self.written_by, self.phrases.servers)

    @cached_property
    def has_no_sender(self) -> bool:
        """Whether nobody is to be told that this did not arrive: the empty return path of RFC 5321 section 4.5.5."""
        path = self.message.first("return-path").replace(" ", "").lower()
        return path == "<>" or path.startswith(("<mailer-daemon", "mailer-daemon"))

    @cached_property
    def _texts(self) -> list[str]:
        leaves = [part for part in self.message.own if not part.inside]
        plain = [
            part
            for part in leaves
            if part.kind.startswith(("text/plain", "multipart/", "text ")) or part.kind == "text"
        ]
        found = [words for part in plain[:_MAX_TEXTS] if (words := text(part)).strip()]
        if not found or self.which >= len(found):
            marked = (part for part in leaves if part.kind == "text/html")
            found += [words for part in marked if (words := readable(part)).strip()]
        return found[: _MAX_TEXTS + 1]

    @property
    def tells_a_stage(self) -> bool:
        """Whether it may say at which command the other server refused; cheap, to be asked first."""
        words = self._texts[0] if self._texts else ""
        # Postfix folds its lines wherever they are full
        signs = ("to talk", "in reply", "(in\n", ">>>", "\n    to ")
        return any(sign in words for sign in signs)

    def others(self) -> Iterator[Told]:
        """The same mail, with another of its texts for the notice, where that text says that a mail failed."""
        for number in range(self.which + 1, _MAX_TEXTS + 1):
            other = replace(self, which=number)
            if not other.lines:
                return
            if other.tells_surely:
                yield other

    @cached_property
    def _halves(self) -> tuple[list[str], str]:
        """The lines of the notice, and what stands behind them."""
        if self.which >= len(self._texts):
            return [], ""
        lines = self._texts[self.which].replace("\r", "\n").replace("\u2019", "'").split("\n", MAX_LINES)
        rest = lines.pop() if len(lines) > MAX_LINES else ""
        low = self._texts[self.which][:_MAX_NOTICE_CHARS].lower()
        said = self.phrases.returned_holds.in_which(low)
        first = self.phrases.returned_first
        end = len(lines)
        for number, line in enumerate(lines):
            if (said or line[:FIRST_SIGNS] in first) and self._opens_the_mail(line, said):
                end = number
                break
        return [line[:MAX_LINE_CHARS] for line in lines[:end]], "\n".join([*lines[end:], rest])

    @cached_property
    def lines(self) -> list[str]:
        """The words of the notice itself."""
        return self._halves[0]

    @cached_property
    def low_lines(self) -> list[str]:
        """The same in lower case, made once for all who are looked for in them."""
        return "\n".join(self.lines).lower().split("\n")

    @cached_property
    def lowered(self) -> str:
        """The same in lower case, lines joined."""
        return " ".join(" ".join(self.lines).lower().split())

    @cached_property
    def early(self) -> str:
        """The beginning of it, where a notice says what it is."""
        return self.lowered[:_EARLY_CHARS]

    @cached_property
    def tells_failure(self) -> bool:
        """Whether it begins with words for a mail that failed."""
        return says(self.early, self.phrases.failure)

    @cached_property
    def tells_surely(self) -> bool:
        """Whether it begins with words that are said only where a mail really failed."""
        return says(self.early, self.phrases.sure)

    @cached_property
    def tells_delay(self) -> bool:
        """Whether it begins with words for a mail that is still tried."""
        return says(self.early, self.phrases.delay)

    def _opens_the_mail(self, line: str, said: list[str]) -> bool:
        if not line or (line[0] in " \t" and len(line) > 100):
            return False
        if line.startswith(self.phrases.returned_begins) or (line.startswith("From ") and _MBOX.match(line)):
            return True
        if not said or len(line) > 120:
            return False
        low = line.lower()
        said = [word for word in said if word in low]
        if not said:
            return False
        # Languages without spaces say "your mail" in sentences too; what opens the mail is a line of few signs there.
        short = len(low.strip(_SIGNS)) <= _MAX_FOREIGN_SIGNS
        return any(short or word.isascii() for word in said) and not says(low, self.phrases.returned_unless)

    @cached_property
    def returned(self) -> Part | None:
        """The mail that the notice gives back, or its headers alone."""
        for part in self.message.own:
            if part is self.message:
                continue
            if part.kind in _MAILS and part.inside:
                return part.inside[0]
            if part.kind in _HEADER_TYPES:
                return Part(text(part).lstrip() + "\n\n")
        return self._returned_in_words

    @cached_property
    def _returned_in_words(self) -> Part | None:
        """The mail that stands as text below the notice."""
        if self.enclosed is not None:
            held = Part(self.enclosed.partition("\n\n")[0] + "\n\n")
            if held.has("from") or held.has("to") or held.has("message-id"):
                return held
        for words in self._texts[self.which + 1 :]:
            held = Part(words[:20_000].lstrip().partition("\n\n")[0] + "\n\n")
            if held.has("from") and (held.has("to") or held.has("subject")):
                return held
        return None

    @cached_property
    def enclosed(self) -> str | None:
        """A mail that stands as text in this one, quoted or not, without the quoting."""
        below = self._halves[1][:_MAX_ENCLOSED_CHARS]
        if ">" in below[:2_000]:
            below = _QUOTE.sub("", below)
        lines = below.split("\n", 40)
        for number, line in enumerate(lines[:40]):
            if _MBOX.match(line) or (_is_field(line) and any(map(_is_field, lines[number + 1 : number + 3]))):
                return "\n".join(lines[number:])
        return None


def _is_field(line: str) -> bool:
    name, colon, _ = line.partition(":")
    return bool(colon) and 1 < len(name.strip()) < 40 and " " not in name.strip()
