"""aiosmtpd with a handler that passes mail on untouched: what the relay would be if it did nothing.

One connection of aiosmtplib per client is kept, and 250 is answered when the next server did. Started by `relay.py`.
"""

from __future__ import annotations

import asyncio
import sys

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session


class PassThrough:
    def __init__(self, port: int) -> None:
        self._port = port

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        client = getattr(session, "upstream", None)
        if client is None:
            client = session.upstream = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._port, start_tls=False)
            await client.connect()
        _, words = await client.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        return f"250 {words}"


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    handler = PassThrough(port)

    def client() -> SMTP:
        return SMTP(handler, loop=loop, enable_SMTPUTF8=True, hostname="peer", data_size_limit=26_214_400)

    server = await loop.create_server(client, "127.0.0.1", 0)
    print(f"pass-through listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
