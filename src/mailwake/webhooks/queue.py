"""SNS notifications from an SQS queue, for those who may be away for longer than SNS tries (an hour).

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html. The client is boto3's (extra ``sqs``), or
anything with its two methods. A message is deleted when the log has it; the envelope's signature is checked as over
HTTP, so raw message delivery has to stay off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from mailwake.errors import Unavailable
from mailwake.events import Micros
from mailwake.webhooks.call import Call, Refused
from mailwake.webhooks.reporting import Hook
from mailwake.webhooks.server import Receiver

log = structlog.get_logger()

#: Long polling, and as many messages as one answer holds. Source: the API reference of ReceiveMessage
WAIT_SECONDS, PER_ANSWER = 20, 10


class Queue(Protocol):
    """What is needed of ``boto3.client("sqs")``."""

    def receive_message(self, **options: object) -> dict[str, Any]:
        """See the API reference of SQS."""
        ...

    def delete_message(self, **options: object) -> object:
        """See the API reference of SQS."""
        ...


async def poll(queue: Queue, url: str, hook: Hook, receiver: Receiver, *, clock: Callable[[], int]) -> int:
    """Take one answer of the queue, and say how many messages it held. Call it again and again.

    A message that is refused is deleted too: it would come back for ever. It is counted and logged.

    Raises:
        Unavailable: the log cannot keep a message, which comes again after the queue's visibility timeout.
    """
    answer = await asyncio.to_thread(
        queue.receive_message, QueueUrl=url, MaxNumberOfMessages=PER_ANSWER, WaitTimeSeconds=WAIT_SECONDS
    )
    messages = answer.get("Messages") or []
    for message in messages:
        body = str(message.get("Body", "")).encode("utf-8", "replace")
        call = Call(method="POST", url=url, headers={}, body=body, received_at=Micros(clock()))
        try:
            await receiver.take(hook, call)
        except Refused:
            log.warning("webhooks.queue_refused", hook=hook.name)
        except Unavailable as fault:
            log.warning("webhooks.queue_waits", hook=hook.name, problem=str(fault))
            raise
        await asyncio.to_thread(queue.delete_message, QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return len(messages)
