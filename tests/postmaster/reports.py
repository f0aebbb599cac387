"""Reports for tests: one in the form of RFC 7489 appendix C, and ways to change, pack and mail it."""

import gzip
import io
import zipfile
from base64 import encodebytes
from pathlib import Path

from mailwake.events import SECOND, Micros

PLAIN = (Path(__file__).parents[1] / "data" / "dmarc" / "rfc7489.xml").read_bytes()
#: the day after the one that it is on
NOW = Micros(1_793_600_000 * SECOND)


def changed(old: str, new: str) -> bytes:
    """The report with one thing changed."""
    assert old.encode() in PLAIN
    return PLAIN.replace(old.encode(), new.encode(), 1)


def numbered(report_id: str, organisation: str = "acme.example") -> bytes:
    """The report under another number."""
    return changed("9391651994964116463", report_id).replace(
        b"<org_name>acme.example", f"<org_name>{organisation}".encode()
    )


def zipped(*documents: bytes) -> bytes:
    """A zip file of documents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, document in enumerate(documents):
            archive.writestr(f"report-{number}.xml", document)
    return file.getvalue()


def mailed(
    packed: bytes,
    *,
    kind: str = "application/gzip",
    name: str = "acme.example!example.com!1793491200!1793577599.xml.gz",
) -> bytes:
    """The report as a provider mails it."""
    lines = (
        b"From: noreply-dmarc-support@acme.example", b"To: dmarc@example.com",
        b"Subject: Report Domain: example.com Submitter: acme.example Report-ID: <9391651994964116463>",
        b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="b"', b"",
        b"--b", b"Content-Type: text/plain", b"", b"This is a DMARC aggregate report.",
        b"--b", f"Content-Type: {kind}".encode(), b"Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"'.encode(), b"",
    )  # fmt: skip
    return b"\r\n".join(lines) + b"\r\n" + encodebytes(packed).replace(b"\n", b"\r\n") + b"--b--\r\n"


GZIPPED = gzip.compress(PLAIN, mtime=0)
