"""Whether receivers will take this very message for mail of its From domain.

Source: RFC 6376 (DKIM), RFC 7208 (SPF), RFC 7489 (DMARC), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mailwake.errors import Misconfigured
from mailwake.language import noted
from mailwake.preflight.findings import Finding, Unknown, finding
from mailwake.preflight.mail import Mail
from mailwake.preflight.names import is_aligned, owner
from mailwake.preflight.surroundings import Surroundings
from mailwake.spf import check as spf
from mailwake.spf.check import Result
from mailwake.spf.names import Names, NoAnswer

T = TypeVar("T")
#: Findings on the way to an answer.
Found = Generator["Finding | Unknown", None, T]
_TAG = re.compile(r"\s*([A-Za-z]+)\s*=\s*([^;]*?)\s*(?:;|\Z)")
_POLICIES = ("none", "quarantine", "reject")
#: Signatures beyond these are not looked at.
_MOST_SIGNATURES = 5


@dataclass(frozen=True, kw_only=True)
class _Way:
    """One of the two ways to pass DMARC."""

    #: None: cannot say
    passes: bool | None
    #: names one owner with the From address, at least relaxed; of those that pass or may
    domain: str = ""


def check_authentication(mail: Mail, around: Surroundings) -> Iterator[Finding | Unknown]:
    """SPF, DKIM and DMARC of a message; needs the DNS."""
    if around.names is None or not mail.sender_domain:
        return
    try:
        record = yield from _dmarc_record(mail, around.names)
        signed = yield from _dkim(mail, around, around.names)
        sent = yield from _spf(mail, around, around.names)
    except NoAnswer as fault:
        what = noted("SPF, DKIM and DMARC: the DNS does not answer (%(fault)s)")
        yield Unknown(what=what, values={"fault": str(fault)})
        return
    if record is not None:
        yield from _dmarc(mail, (*signed, sent), record)


def tags(text: str) -> dict[str, str]:
    """The tags of a DKIM or DMARC record, names in lower case."""
    return {name.lower(): value for name, value in _TAG.findall(text)}


def _dmarc_record(mail: Mail, names: Names) -> Found[dict[str, str] | None]:
    """The tags of the record that receivers will use; None: there is none that holds."""
    domain, line = mail.sender_domain, mail.line_of("from")
    for each in dict.fromkeys((domain, owner(domain))):
        found = [text.decode("latin-1") for text in names.texts(f"_dmarc.{each}")]
        records = [text for text in found if re.match(r"v=DMARC1\s*(?:;|\Z)", text)]
        if len(records) > 1 or (records and tags(records[0]).get("p", "").lower() not in _POLICIES):
            yield finding("dmarc_bad", line, records[0], domain=each)
            return None
        if records:
            return tags(records[0])
    yield finding("dmarc_missing", line, mail.first("from") or "", domain=domain)
    return None


def _dkim(mail: Mail, around: Surroundings, names: Names) -> Found[list[_Way]]:
    """Each signature that holds; one that does not is a finding where none does."""
    signatures = mail.values("dkim-signature")[:_MOST_SIGNATURES]
    if not signatures:
        if not around.signed_later:
            yield finding("dkim_missing", 1)
        return [_Way(passes=None, domain=mail.sender_domain)] if around.signed_later else []
    ways: list[_Way] = []
    for index, (written, line) in enumerate(signatures):
        found = tags(written)
        domain = found.get("d", "").lower()
        passes, reason = _verify(mail.raw, index, names)
        ways.append(_Way(passes=passes, domain=domain))
        if passes is False:
            yield finding("dkim_broken", line, written, domain=domain, selector=found.get("s", ""), reason=reason)
        elif passes is None:
            what = noted("DKIM: the signature of %(domain)s cannot be checked here (%(reason)s)")
            yield Unknown(what=what, values={"domain": domain, "reason": reason})
    return ways


def _verify(raw: bytes, index: int, names: Names) -> tuple[bool | None, str]:
    """(whether a signature holds, why not); None: cannot say."""
    try:
        from dkim import DKIM, DKIMException, UnknownKeyTypeError
    except ImportError:
        raise Misconfigured("preflight", "install dkimpy, which is part of mailwake[server]") from None
    asked: list[bool] = []

    def text(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - how dkimpy asks
        records = names.texts(name.decode("ascii", "replace").rstrip("."))
        asked.append(bool(records))
        return records[0] if records else None

    try:
        if DKIM(raw).verify(index, dnsfunc=text):
            return True, ""
    except (UnknownKeyTypeError, NameError):
        return None, "ed25519"
    except DKIMException as fault:
        return False, str(fault).partition(" (got")[0]
    except (ValueError, KeyError, IndexError, TypeError) as fault:
        return False, type(fault).__name__
    if asked and not asked[-1]:
        return False, "no key in the DNS"
    return False, "the signature is of other bytes, or the key is another one"


def _spf(mail: Mail, around: Surroundings, names: Names) -> Found[_Way]:
    sender = around.envelope_sender or (mail.first("return-path") or "").strip("<> ")
    local, _, domain = sender.rpartition("@")
    domain = domain.lower() or mail.sender_domain
    answer = spf.check(f"{local}@{domain}", around.sending_address, names)
    line = mail.line_of("return-path" if mail.first("return-path") else "from")
    if answer.result is Result.NONE:
        yield finding("spf_missing", line, sender, domain=domain)
    elif answer.result is Result.PERMERROR:
        yield finding("spf_broken", line, sender, domain=domain, detail=answer.detail)
    elif answer.result is None:
        what = noted("SPF of %(domain)s: cannot say (%(detail)s)")
        yield Unknown(what=what, values={"domain": domain, "detail": answer.detail})
        return _Way(passes=None, domain=domain)
    elif answer.result is not Result.PASS:
        address = around.sending_address
        yield finding("spf_fails", line, sender, domain=domain, address=address, result=answer.result.value)
    return _Way(passes=answer.result is Result.PASS, domain=domain)


def _dmarc(mail: Mail, ways: tuple[_Way, ...], record: dict[str, str]) -> Iterator[Finding | Unknown]:
    """One way has to pass and name the owner of the From address; the last of the ways is SPF."""
    domain, line = mail.sender_domain, mail.line_of("from")
    able = []
    for place, way in enumerate(ways):
        strict = record.get("aspf" if place == len(ways) - 1 else "adkim", "r").lower() == "s"
        if is_aligned(way.domain, domain, strict=strict):
            able.append(way)
    if any(way.passes for way in able):
        return
    if any(way.passes is None for way in able):
        what = noted("DMARC of %(domain)s: depends on what cannot be looked at here")
        yield Unknown(what=what, values={"domain": domain})
        return
    others = ", ".join(sorted({way.domain for way in ways if way.domain and way not in able})) or "nobody"
    yield finding("dmarc_fails", line, mail.first("from") or "", domain=domain, others=others, policy=record["p"])
