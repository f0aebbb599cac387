"""Bounces without a machine-readable part, read as a person would: which address stands where a refusal is told.

No server product is known here by name. A mail that a server wrote names the address at the head of a line, behind a
word such as *recipient*, or in the sentence that says what went wrong; the words of each place are in ``formats.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailwake.ingest.dsn import find_reply, find_status, shorten
from mailwake.ingest.mail import addresses, header
from mailwake.ingest.notice import Action, Report
from mailwake.ingest.phrases import says
from mailwake.ingest.told import Told

_MAX_RECIPIENTS = 50
_MAX_CONTEXT = 40
#: signs that a machine tells of a failure; each alone stands in other mail too
_ENOUGH = 3
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
_STAGE = re.compile(r"in reply to (?:the )?(?:end of )?([a-z]{4}(?: from| to)?) command", re.IGNORECASE)
_TRANSCRIPT = re.compile(r">>> (RCPT|MAIL|DATA|EHLO|HELO)")
_CODE = re.compile(r"(?:^|[\s(:;'\"#<-])[245](?:[0-5]\d|\.\d{1,3}\.\d{1,3})(?=[\s\-:,#)<]|$)")
#: An alias, and the address that was written to (Postfix, Exim).
_ALIAS = re.compile(
    rf"({ADDRESS.pattern})>? {{0,3}}\((?:expanded|generated|ultimately generated) from:? ?<?({ADDRESS.pattern})>?\)"
)
#: At the head of a line: what two servers said to each other.
_DIALOGUE = (">>>", "<<<", "-->", "<--")
_PREFIXES = ("smtp=", "rfc822=", "rfc-822=", "mailto=")
#: A line this long whose last sign is a letter goes on in the next.
_FLOWING_CHARS = 40
#: More words than this are no name of a person.
_NAME_WORDS = 5
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,40}")
_NOBODY = (
    "mailer-daemon@",
    "postmaster@",
    "abuse@",
    "noreply@",
    "no-reply@",
    "support@",
    "helpdesk@",
    "hostmaster@",
    "webmaster@",
)


def read_failed_header(told: Told) -> list[Report]:
    """The recipients in ``X-Failed-Recipients``, which Exim and Google write."""
    if not told.message.has("x-failed-recipients"):
        return []
    named = addresses(told.message, "x-failed-recipients")
    action = Action.DELAYED if is_delay(told) else Action.FAILED
    return [_report(told, address, action, len(named)) for address in named[:_MAX_RECIPIENTS]]


def read_plain(told: Told) -> list[Report]:
    """The recipients of a notice that tells them in words; empty where the mail is none or names nobody."""
    if not is_notice(told):
        return []
    action = Action.DELAYED if is_delay(told) else Action.FAILED
    named = find_recipients(told)
    for other in told.others() if not named else ():
        named = find_recipients(other)
        if named:
            told = other
            break
    if named:
        return [_report(told, address, action, len(named)) for address in named[:_MAX_RECIPIENTS]]
    if not told.is_from_a_server:
        return []
    words = shorten(" ".join(told.lines[:_MAX_CONTEXT]))
    return [Report(address=None, action=action, status=find_status(words), smtp=find_reply(words), diagnostic=words)]


def is_notice(told: Told) -> bool:
    """Whether a mail server wrote this to say that a mail did not arrive, or not yet.

    Several signs must come together, because each stands in other mail too: vacation programs write to nobody, people
    quote bounces, and newsletters talk about them.
    """
    message, phrases = told.message, told.phrases
    by_subject = says(told.subject, phrases.subject) or says(told.subject, phrases.delay_subjects)
    says_so = by_subject or says(told.subject, phrases.failure) or says(told.lowered[:3_000], phrases.failure)
    says_so = says_so or says(told.lowered[:3_000], phrases.delay)
    if not says_so or not _tells_of_a_mail(told, by_subject=by_subject):
        return False
    machine = [
        told.is_from_a_server,
        told.has_no_sender,
        message.kind == "multipart/report" or message.has("x-ms-exchange-message-is-ndr"),
        not told.sender,
        any(address.startswith(phrases.silent) for address in told.sender),
        says(header(message, "from").lower(), phrases.likely),
    ]
    if not any(machine):
        return False
    signs = sum(machine) + told.is_from_a_server + 2 * by_subject
    signs += told.is_from_a_server and says(told.subject, phrases.failure)
    signs += told.returned is not None
    signs += says(told.lowered[:3_000], phrases.sure) or says(told.lowered[:3_000], phrases.reasons)
    signs += _CODE.search(told.lowered[:3_000]) is not None
    by_itself = told.has_no_sender or (told.is_from_a_server and (by_subject or says(told.subject, phrases.failure)))
    if not by_itself and (message.has("list-unsubscribe") or message.has("list-id")):
        signs -= 2
    signs -= message.has("return-path") and not told.has_no_sender and not told.is_from_a_server
    if told.subject.startswith(("re:", "aw:", "sv:", "rv:", "fwd:", "fw:", "wg:", "tr:")):
        signs -= 1 if told.is_from_a_server else 2
    if says(told.subject[:60], phrases.auto_subjects) or any(message.has(name) for name in phrases.auto_headers):
        signs -= 1 if told.is_from_a_server else 3
    return signs >= _ENOUGH


def _tells_of_a_mail(told: Told, *, by_subject: bool) -> bool:
    """Whether it is about one mail that failed: lists of refusals, logs and texts on bounces tell reasons alone."""
    phrases, early = told.phrases, told.lowered[:3_000]
    if says(told.subject, phrases.no_notice) or says(early, phrases.no_notice):
        return False
    return (
        by_subject
        or told.has_no_sender
        or told.returned is not None
        or told.message.kind == "multipart/report"
        or says(told.subject, phrases.failure)
        or says(early, phrases.sure)
        or says(early, phrases.delay)
    )


def is_delay(told: Told) -> bool:
    """Whether somebody is still trying."""
    phrases = told.phrases
    early = told.lowered[:3_000]
    if says(early, phrases.delay_unless):
        return False
    if says(early, phrases.delay):
        return True
    return says(told.subject, phrases.delay_subjects) and not says(told.subject, ("returned mail", "undeliver", "fail"))


def find_recipients(told: Told) -> list[str]:
    """The addresses that failed: of the surest place that names any."""
    known = {*addresses(told.message, "to", "cc", "delivered-to", "x-original-to"), *told.sender}
    spare: list[str] = []
    behind = _aliases(told)
    for place in _PLACES:
        named = list(dict.fromkeys(behind.get(address, address) for address in place(told)))
        others = [address for address in named if address not in known and not address.startswith(_NOBODY)]
        if others:
            return others
        if not spare and len(named) == 1 and place in (_leading, _labelled):
            spare = named
    return spare


def _aliases(told: Told) -> dict[str, str]:
    """Of each alias that a server resolved, the address that was written to."""
    if " from" not in told.lowered or not any(f"{word} from" in told.lowered for word in ("expanded", "generated")):
        return {}
    found = _ALIAS.findall(told.lowered)
    return {_clean(alias): _clean(written) for alias, written in found}


def _leading(told: Told) -> Iterator[str]:
    """Addresses at the head of a line; deeper below one stands its reason, and within a sentence somebody else."""
    before, deep, said = "", -1, False
    for line in told.lines:
        if said and says(line.lower(), told.phrases.transcript):
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
    for prefix in _PREFIXES:
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
    """Addresses behind a word such as *recipient*."""
    before = ""
    for line in told.lines:
        if "@" in line:
            for found in ADDRESS.finditer(line):
                words = _words_before(
                    f"{before} {line[: found.start()]}" if not line[: found.start()].strip() else line[: found.start()]
                )
                ours = words.endswith((*told.phrases.others, " mail from", "sent from"))
                if words.endswith(told.phrases.labels) and not ours:
                    yield _clean(found[0])
        before = line


def _is_named(line: str, found: re.Match[str]) -> bool:
    """Whether a line holds nothing but a name and an address."""
    return not line[found.end() :].strip(" \t>)]\"'.;,") and len(line[: found.start()].split()) <= _NAME_WORDS


def _in_sentences(told: Told) -> Iterator[str]:
    """Addresses in a paragraph that says what went wrong."""
    for paragraph in _paragraphs(told.lines):
        if "@" in paragraph and says(paragraph.lower(), told.phrases.failure):
            for found in ADDRESS.finditer(paragraph):
                words = _words_before(paragraph[max(0, found.start() - 60) : found.start()])
                if not words.endswith(told.phrases.others):
                    yield _clean(found[0])


def _in_subject(told: Told) -> Iterator[str]:
    for found in ADDRESS.finditer(told.subject):
        yield _clean(found[0])


def _in_transcript(told: Told) -> Iterator[str]:
    """Recipients in the dialogue of two servers."""
    for line in told.lines:
        opening = _RCPT.search(line)
        found = ADDRESS.match(line, opening.end()) if opening else None
        if found:
            yield found[0].lower()


def _bare_names(told: Told) -> Iterator[str]:
    """Names without a domain on lines of their own, as servers write that know only one: theirs."""
    domain = told.sender[0].partition("@")[2] if told.sender and told.is_from_a_server else ""
    listing = False
    for line in told.lines:
        word = line.strip()
        if listing and domain and _NAME.fullmatch(word):
            yield f"{word.lower()}@{domain}"
        elif word:
            listing = word.endswith(":") and ("recipient" in word.lower() or says(word.lower(), told.phrases.failure))


def _in_fields(told: Told) -> Iterator[str]:
    """The recipient where a notice describes the mail by its fields."""
    named = [line.strip()[3:] for line in told.lines if line.strip()[:3].lower() == "to:" and "@" in line]
    found = [ADDRESS.search(words) for words in named[:1] if words.count("@") == 1]
    yield from (_clean(each[0]) for each in found if each)


def _in_returned(told: Told) -> Iterator[str]:
    """The recipient of the returned mail, where it had just one."""
    if told.returned is None:
        return
    named = addresses(told.returned, "x-failed-recipients", "to", "cc")
    if len(named) == 1 and ADDRESS.fullmatch(named[0]):
        yield named[0]


#: Where addresses are looked for, the surest place first.
_PLACES = (
    _leading,
    _labelled,
    _listed,
    _in_sentences,
    _in_subject,
    _in_transcript,
    _bare_names,
    _in_fields,
    _in_returned,
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


def _report(told: Told, address: str, action: Action, of: int) -> Report:
    words = shorten(" ".join(_about(told, address, alone=of == 1)))
    return Report(address=address, action=action, status=find_status(words), smtp=find_reply(words), diagnostic=words)


def about(told: Told, address: str | None, *, alone: bool) -> str:
    """The words of a notice on one recipient, on one line."""
    return shorten(" ".join(_about(told, address or "", alone=alone)))


def _about(told: Told, address: str, *, alone: bool) -> list[str]:
    """Beside and below the address up to the next one; where that says little, all that the notice says."""
    near: list[str] = []
    taking, blank = False, False
    for line in told.lines:
        low = line.lower()
        if address in low and len(near) < _MAX_CONTEXT:
            near.append(line)
            taking, blank = True, False
        elif (
            taking
            and "@" in line
            and (found := ADDRESS.search(line))
            and _heads(line, found)
            and found[0].lower() != address
        ):
            taking = False
        elif taking and not line.strip():
            blank = True
            taking = not _CODE.search(" ".join(near))
        elif taking and len(near) < _MAX_CONTEXT and not (blank and len(near) > 12):
            near.append(line)
    if _CODE.search(" ".join(near)) or (not alone and len(near) > 1):
        return near
    coded = [line for line in told.lines if _CODE.search(line) or "<<<" in line] if alone else []
    telling = (
        line
        for line in told.lines[:_MAX_CONTEXT]
        if line.strip() and (not (near or coded) or says(line.lower(), told.phrases.failure))
    )
    whole = [line for line in telling if line not in near and line not in coded] if alone else []
    return [*near, *(line for line in coded[:_MAX_CONTEXT] if line not in near), *whole] or [
        header(told.message, "subject")
    ]


def _heads(line: str, found: re.Match[str]) -> bool:
    lead = _LEAD.match(line)
    return found.start() <= (lead.end() if lead else 0)


def stage_told(told: Told, address: str, *, alone: bool) -> str:
    """At which command the other server refused, in Postfix's words; empty where the notice does not tell."""
    if not told.tells_a_stage:
        return ""
    words = told.lowered if alone else " ".join(_about(told, address, alone=False)).lower()
    if "refused to talk to me" in words:
        return "(refused to talk to me)"
    said = _STAGE.search(words)
    if said:
        return f"(in reply to {said[1].upper()} command)"
    asked = _TRANSCRIPT.findall("\n".join(told.lines)) if alone else []
    return f"(in reply to {asked[-1]} command)" if asked and len(set(asked)) == 1 else ""
