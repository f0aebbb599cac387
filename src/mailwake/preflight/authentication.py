"""Whether receivers will take this very message for mail of its From domain.

Source: RFC 6376 (DKIM), RFC 7208 (SPF), RFC 7489 (DMARC), https://support.google.com/mail/answer/81126.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mailwake.language import noted
from mailwake.preflight.findings import Finding, Unknown, finding
from mailwake.preflight.mail import Mail
from mailwake.preflight.names import is_aligned, owner
from mailwake.preflight.surroundings import Surroundings
from mailwake.signatures.check import Signature
from mailwake.signatures.policy import find_policy
from mailwake.spf import check as spf
from mailwake.spf.check import Result
from mailwake.spf.names import Names, NoAnswer

T = TypeVar("T")
#: Findings on the way to an answer.
Found = Generator["Finding | Unknown", None, T]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """One of the two ways to pass DMARC."""

    #: None: cannot say
    passes: bool | None
    #: names one owner with the From address, at least relaxed; of those that pass or may
    domain: str = ""


def check_authentication(mail: Mail, around: Surroundings, found: tuple[Signature, ...]) -> Iterator[Finding | Unknown]:
    """SPF, DKIM and DMARC of a message with these signatures; needs the DNS."""
    if around.names is None:
        return
    if not mail.sender_domain:
        yield Unknown(what=noted("SPF, DKIM and DMARC: not judged, because From does not name one address"))
        return
    try:
        record = yield from _dmarc_record(mail, around.names)
        yield from _dkim(mail, around, found)
        sent = yield from _spf(mail, around, around.names)
    except NoAnswer as fault:
        what = noted("SPF, DKIM and DMARC: the DNS does not answer (%(fault)s)")
        yield Unknown(what=what, values={"fault": str(fault)})
        return
    if record is not None:
        later = [_Way(passes=None, domain=mail.sender_domain)] if around.signed_later and not found else []
        signed = [_Way(passes=each.passes, domain=each.domain) for each in found]
        yield from _dmarc(mail, (*later, *signed, sent), record)


def _dmarc_record(mail: Mail, names: Names) -> Found[Mapping[str, str] | None]:
    """The tags of the record that receivers will use; None: there is none that holds."""
    domain, line = mail.sender_domain, mail.line_of("from")
    record = find_policy((domain, owner(domain)), names)
    if record is None:
        yield finding("dmarc_missing", line, mail.first("from") or "", domain=domain)
    elif not record.holds:
        yield finding("dmarc_bad", line, record.text, domain=record.domain)
    return record.tags if record and record.holds else None


def _dkim(mail: Mail, around: Surroundings, found: tuple[Signature, ...]) -> Iterator[Finding | Unknown]:
    """That there is a signature, that each holds, and how well; one that does not is advice where an own one does."""
    if not found and not around.signed_later:
        yield finding("dkim_missing", 1)
    spare = any(each.passes and is_aligned(each.domain, mail.sender_domain) for each in found)
    for each, (written, line) in zip(found, mail.values("dkim-signature"), strict=False):
        values = {"domain": each.domain, "selector": each.selector, "reason": each.reason}
        if each.passes is False:
            code = "dkim_spare_broken" if spare else "dkim_weak" if each.is_weak else "dkim_broken"
            yield finding(code, line, written, **values)
        elif each.passes is None:
            what = noted("DKIM: the signature of %(domain)s cannot be checked here (%(reason)s)")
            yield Unknown(what=what, values=values)
        else:
            yield from _weak(each, line, written)


def _weak(signature: Signature, line: int, written: str) -> Iterator[Finding]:
    """What makes a signature that holds worth less."""
    values = {"domain": signature.domain, "selector": signature.selector}
    if "l" in signature.tags:
        yield finding("dkim_partial", line, written, octets=signature.tags["l"], **values)
    if "y" in signature.key.get("t", "").lower().split(":"):
        yield finding("dkim_testing", line, written, **values)


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
    elif answer.result is not Result.PASS:
        address = around.sending_address
        yield finding("spf_fails", line, sender, domain=domain, address=address, result=answer.result.value)
    if answer.result not in (Result.NONE, Result.PERMERROR) and spf.is_open(domain, names):
        yield finding("spf_open", line, sender, domain=domain)
    return _Way(passes=None if answer.result is None else answer.result is Result.PASS, domain=domain)


def _dmarc(mail: Mail, ways: tuple[_Way, ...], record: Mapping[str, str]) -> Iterator[Finding | Unknown]:
    """One way has to pass and name the owner of the From address; the last of the ways is SPF."""
    domain, line = mail.sender_domain, mail.line_of("from")
    able = []
    for place, way in enumerate(ways):
        strict = record.get("aspf" if place == len(ways) - 1 else "adkim", "r").lower() == "s"
        if is_aligned(way.domain, domain, strict=strict):
            able.append(way)
    if any(way.passes for way in able):
        if able == [ways[-1]] and (signers := sorted({way.domain for way in ways[:-1] if way.domain})):
            line, words = mail.line_of("dkim-signature"), mail.first("dkim-signature") or ""
            yield finding("dkim_unaligned", line, words, domain=domain, others=", ".join(signers))
        return
    if any(way.passes is None for way in able):
        what = noted("DMARC of %(domain)s: depends on what cannot be looked at here")
        yield Unknown(what=what, values={"domain": domain})
        return
    others = ", ".join(sorted({way.domain for way in ways if way.domain and way not in able})) or "nobody"
    yield finding("dmarc_fails", line, mail.first("from") or "", domain=domain, others=others, policy=record["p"])
