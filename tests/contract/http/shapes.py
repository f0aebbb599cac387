"""Requests that are no good, by the name of what is wrong with them.

Sources: RFC 9112 sections 2.2, 3, 5, 6, 7, 11.2; the families of request smuggling (CL.TE, TE.CL, TE.TE, CL.0, chunk
extensions, bare line ends) as proxies and servers disagreed on them from 2005 to today.
"""

from tests.contract.http.requests import HOST, get, post

ZERO = b"0\r\n\r\n"
_HELLO = b"5\r\nhello\r\n" + ZERO


def _chunked(body: bytes) -> bytes:
    return post(body, b"Transfer-Encoding: chunked")


def _coded(*lines: bytes) -> bytes:
    return post(_HELLO, *lines)


#: two readers could see different ends of these
FRAMING = {
    "a length and a coding": _coded(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "a coding and a length": _coded(b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    "two lengths": post(b"hello", b"Content-Length: 5", b"Content-Length: 6"),
    "the same length twice": post(b"hello", b"Content-Length: 5", b"Content-Length: 5"),
    "a list of lengths": post(b"hello", b"Content-Length: 5, 5"),
    "a list of different lengths": post(b"hello", b"Content-Length: 5, 0"),
    "a signed length": post(b"hello", b"Content-Length: +5"),
    "a negative length": post(b"hello", b"Content-Length: -5"),
    "a length in hexadecimal": post(b"hello", b"Content-Length: 0x5"),
    "a length with an underscore": post(b"0123456789", b"Content-Length: 1_0"),
    "a length with a fraction": post(b"hello", b"Content-Length: 5.0"),
    "a length in two words": post(b"hello", b"Content-Length: 5 5"),
    "a length in words": post(b"hello", b"Content-Length: five"),
    "an empty length": post(b"hello", b"Content-Length:"),
    "a length of 20 digits": post(b"hello", b"Content-Length: 99999999999999999999"),
    "a length past 64 bits": post(b"hello", b"Content-Length: 18446744073709551621"),
    "a length in other digits": post(b"hello", "Content-Length: \N{ARABIC-INDIC DIGIT FIVE}".encode()),
    "a length behind a vertical tab": post(b"hello", b"Content-Length: \x0b5"),
    "an unknown coding": _coded(b"Transfer-Encoding: xchunked"),
    "a coding cut short": _coded(b"Transfer-Encoding: chunke"),
    "a coding in quotes": _coded(b'Transfer-Encoding: "chunked"'),
    "a coding with a parameter": _coded(b"Transfer-Encoding: chunked;q=1"),
    "an empty coding": _coded(b"Transfer-Encoding:"),
    "only a comma": _coded(b"Transfer-Encoding: ,"),
    "identity": _coded(b"Transfer-Encoding: identity"),
    "gzip alone": _coded(b"Transfer-Encoding: gzip"),
    "chunked not last": _coded(b"Transfer-Encoding: chunked, gzip"),
    "chunked not last, in two lines": _coded(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"),
    "chunked twice": _coded(b"Transfer-Encoding: chunked, chunked"),
    "chunked twice, in two lines": _coded(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "identity behind chunked": _coded(b"Transfer-Encoding: chunked, identity"),
    "a coding behind a vertical tab": _coded(b"Transfer-Encoding: \x0bchunked"),
    "a coding behind a NUL": _coded(b"Transfer-Encoding: \x00chunked"),
    "a coding with a byte above 127": _coded(b"Transfer-Encoding: \xffchunked"),
    "a space before the colon of a coding": _coded(b"Transfer-Encoding : chunked"),
    "a tab before the colon of a coding": _coded(b"Transfer-Encoding\t: chunked"),
    "a space before a coding": _coded(b" Transfer-Encoding: chunked"),
    "a coding behind a bare CR": _coded(b"X: y\rTransfer-Encoding: chunked"),
    "a coding behind a bare LF": _coded(b"X: y\nTransfer-Encoding: chunked"),
    "a coding on a folded line": _coded(b"Transfer-Encoding:\r\n chunked"),
    "a length on a folded line": post(b"hello", b"Content-Length:\r\n 5"),
    "a length and a hidden coding": _coded(b"Content-Length: 5", b"Transfer-Encoding: \x0bchunked"),
    "a length and an odd coding": _coded(b"Content-Length: 15", b"Transfer-Encoding: cow"),
}

CHUNKS = {
    "a size in hexadecimal notation": _chunked(b"0x5\r\nhello\r\n" + ZERO),
    "a signed size": _chunked(b"+5\r\nhello\r\n" + ZERO),
    "a negative size": _chunked(b"-5\r\nhello\r\n" + ZERO),
    "an empty size": _chunked(b"\r\nhello\r\n" + ZERO),
    "a size that is no number": _chunked(b"z\r\nhello\r\n" + ZERO),
    "a size past 64 bits": _chunked(b"10000000000000005\r\nhello\r\n" + ZERO),
    "a size with an underscore": _chunked(b"0_5\r\nhello\r\n" + ZERO),
    "a space before a size": _chunked(b" 5\r\nhello\r\n" + ZERO),
    "a size behind a bare LF": _chunked(b"5\nhello\r\n" + ZERO),
    "a bare CR behind a size": _chunked(b"5\rhello\r\n" + ZERO),
    "a bare LF behind data": _chunked(b"5\r\nhello\n" + ZERO),
    "data that goes on": _chunked(b"5\r\nhello world\r\n" + ZERO),
    "data that is too short": _chunked(b"6\r\nhello\r\n" + ZERO),
    "an extension behind a bare LF": _chunked(b"5;a\nhello\r\n" + ZERO),
    "a bare LF in an extension": _chunked(b"5;a=\nb\r\nhello\r\n" + ZERO),
    "a bare CR in an extension": _chunked(b"5;a=\rb\r\nhello\r\n" + ZERO),
    "a NUL in an extension": _chunked(b"5;a=\x00\r\nhello\r\n" + ZERO),
    "a last chunk behind a bare LF": _chunked(b"5\r\nhello\r\n0\n\n"),
    "a trailer without a colon": _chunked(b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n"),
    "a trailer behind a bare LF": _chunked(b"5\r\nhello\r\n0\r\nA: b\nC: d\r\n\r\n"),
    "a folded trailer": _chunked(b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"),
}

HEADERS = {
    "a bare LF behind a header": b"GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "bare LFs everywhere": b"GET /a HTTP/1.1\nHost: x\n\n",
    "a bare LF at the end": b"GET /a HTTP/1.1\r\nHost: x\r\n\n",
    "a bare LF behind the request line": b"GET /a HTTP/1.1\nHost: x\r\n\r\n",
    "a bare CR in a value": get("/a", b"X: a\rb"),
    "a bare CR behind a header": b"GET /a HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
    "bare CRs everywhere": b"GET /a HTTP/1.1\rHost: x\r\r",
    "CR CR LF": b"GET /a HTTP/1.1\r\nHost: x\r\r\n\r\n",
    "a folded header": get("/a", b"X: a\r\n b"),
    "a header folded with a tab": get("/a", b"X: a\r\n\tb"),
    "a folded first header": b"GET /a HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n",
    "a space before the colon": get("/a", b"X : y"),
    "a tab before the colon": get("/a", b"X\t: y"),
    "a space in a name": get("/a", b"X Y: z"),
    "a header without a name": get("/a", b": y"),
    "a header without a colon": get("/a", b"nonsense"),
    "NUL in a value": get("/a", b"X: a\x00b"),
    "NUL in a name": get("/a", b"X\x00: a"),
    "a control character in a value": get("/a", b"X: a\x01b"),
    "ESC in a value": get("/a", b"X: \x1b[31m"),
    "DEL in a value": get("/a", b"X: a\x7fb"),
    "a byte above 127 in a name": get("/a", b"X\xe9: y"),
    "a bracket in a name": get("/a", b"X(y): z"),
    "a quote in a name": get("/a", b'"X": z'),
    "a slash in a name": get("/a", b"X/y: z"),
    "two hosts": b"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "the same host twice": b"GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "two hosts in different case": b"GET /a HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n",
    "no host": b"GET /a HTTP/1.1\r\nX: y\r\n\r\n",
    "no header": b"GET /a HTTP/1.1\r\n\r\n",
}

REQUEST_LINES = {
    "a bare LF in front": b"\n" + get("/a"),
    "a bare CR in front": b"\r" + get("/a"),
    "two spaces before the target": b"GET  /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces behind the target": b"GET /a  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in front": b" GET /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space at the end": b"GET /a HTTP/1.1 \r\n" + HOST + b"\r\n",
    "tabs for spaces": b"GET\t/a\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "a form feed for a space": b"GET /a\x0cHTTP/1.1\r\n" + HOST + b"\r\n",
    "a bare CR for a space": b"GET /a\rHTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "no target": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target that is no path": b"GET a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target of an asterisk with GET": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a control character in the target": b"GET /a\x01 HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the target": b"GET /a\x00b HTTP/1.1\r\n" + HOST + b"\r\n",
    "DEL in the target": b"GET /a\x7f HTTP/1.1\r\n" + HOST + b"\r\n",
    "UTF-8 in the target": "GET /é HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "bad UTF-8 in the target": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "an unknown method": b"BREW /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method with a byte above 127": b"G\xc9T /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method with NUL": b"GE\x00T /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of punctuation": b"!$% /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /a\r\n\r\n",
    "HTTP/1": b"GET /a HTTP/1\r\n" + HOST + b"\r\n",
    "HTTP/1.": b"GET /a HTTP/1.\r\n" + HOST + b"\r\n",
    "HTTP/1.10": b"GET /a HTTP/1.10\r\n" + HOST + b"\r\n",
    "HTTP/1.2": b"GET /a HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET /a HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/3.0": b"GET /a HTTP/3.0\r\n" + HOST + b"\r\n",
    "HTTP/-1.1": b"GET /a HTTP/-1.1\r\n" + HOST + b"\r\n",
    "http in lower case": b"GET /a http/1.1\r\n" + HOST + b"\r\n",
    "a version with a letter": b"GET /a HTTP/1.x\r\n" + HOST + b"\r\n",
    "RTSP": b"OPTIONS /a RTSP/1.0\r\n" + HOST + b"\r\n",
    "ICE": b"SOURCE /a ICE/1.0\r\n" + HOST + b"\r\n",
}

#: what else is said to a port that is open to everybody
STRANGERS = {
    "TLS": bytes.fromhex("1603010200010001fc0303") + bytes(range(64)),
    "SSLv2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0"),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": b"EHLO mail.example.com\r\nMAIL FROM:<a@example.com>\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000012040000000000"),
    "PROXY": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    "PROXY version 2": b"\r\n\r\n\x00\r\nQUIT\n" + bytes.fromhex("2111000cc0000201c000020200010002"),
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "memcached": b"stats\r\n",
    "RDP": bytes.fromhex("030000130ee000000000000100080003000000"),
    "SMB": bytes.fromhex("00000054ff534d42720000000018012800000000000000000000000000002f4b"),
    "PostgreSQL": bytes.fromhex("0000000804d2162f"),
    "MQTT": bytes.fromhex("101000044d5154540402003c000474657374"),
    "SIP": b"OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
    "letters": b"A" * 500,
}
