"""A queue of Amazon SQS, by boto3 (extra ``sqs``); its faults become ours, by who has to act.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mailwake.errors import Misconfigured, Unavailable

#: One wait for messages; it is also how long a stop may take. 20 s is the most that SQS waits.
WAIT_SECONDS = 10
#: As many messages as one answer holds.
PER_ANSWER = 10
#: What was refused is seen again after so long, so that a wrong setting can be mended and nothing is lost.
AGAIN_SECONDS = 900
_CONNECT_SECONDS = 5
_INSTALL = "it needs boto3; run pip install 'mailwake[sqs]'"
_CREDENTIALS = (
    "no credentials of AWS were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role, "
    "with sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes on the queue"
)
_REGION = re.compile(r"(?:sqs|vpce-[0-9a-z-]+\.sqs)(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|vpce\.amazonaws\.com)")
_LOCAL = ("127.0.0.1", "localhost", "::1")
#: Answers that no second try mends, and what to do. Source: the errors of each action in the API reference
_FAULTS = {
    "NonExistentQueue": "there is no such queue; copy the URL that the SQS console shows",
    "QueueDoesNotExist": "there is no such queue; copy the URL that the SQS console shows",
    "InvalidAddress": "there is no such queue; copy the URL that the SQS console shows",
    "AccessDenied": "AWS refuses; allow sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, GetQueueAttributes",
    "InvalidClientTokenId": "AWS does not know these credentials",
    "UnrecognizedClientException": "AWS does not know these credentials",
    "SignatureDoesNotMatch": "AWS refuses the secret key, or this machine's clock is wrong",
    "ExpiredToken": "the credentials have expired",
}


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a queue."""

    body: str
    #: names this one receipt of it
    receipt: str


class Sqs:
    """One queue.

    Args:
        url: of the queue, as the console shows it.
        region: of AWS; empty: as the URL or AWS's own settings say.
        option: of mailwake.toml, for what is said of faults.

    Raises:
        Misconfigured: boto3, a region or credentials are missing, or the URL is no queue's.
    """

    def __init__(self, url: str, *, region: str = "", option: str = "queue_url") -> None:
        self.url, self._option = url, option
        try:
            from boto3.session import Session
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise Misconfigured(option, _INSTALL) from None
        parts = urlsplit(url)
        if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOCAL):
            raise Misconfigured(option, "write the https URL that the SQS console shows")
        self._refused, self._failed = ClientError, BotoCoreError
        try:
            session = Session(region_name=region or _region_of(parts.hostname))
            if not session.region_name:
                raise Misconfigured(option.replace("queue_url", "queue_region"), "write the region of the queue")
            if session.get_credentials() is None:
                raise Misconfigured(option, _CREDENTIALS)
            waits = Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=WAIT_SECONDS + _CONNECT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 2},
            )
            self._client: Any = session.client("sqs", endpoint_url=f"{parts.scheme}://{parts.netloc}", config=waits)
        except BotoCoreError as fault:
            raise Misconfigured(option, f"AWS's own settings cannot be used: {fault}") from None

    def check(self) -> int:
        """About how many messages wait.

        Raises:
            Misconfigured: AWS refuses, in a way that no second try mends.
            Unavailable: it cannot be reached just now.
        """
        name = "ApproximateNumberOfMessages"
        try:
            answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        except self._refused as fault:
            code = _code(fault.response)
            if code in _FAULTS:
                raise Misconfigured(self._option, _FAULTS[code]) from None
            raise Unavailable(f"SQS: {code}") from None
        except self._failed as fault:
            raise Unavailable(f"SQS: {type(fault).__name__}") from None
        return int(answer.get("Attributes", {}).get(name, 0))

    def receive(self) -> list[Message]:
        """Wait for messages; none within `WAIT_SECONDS`: an empty list.

        Raises:
            Unavailable: it cannot be reached, or refuses.
        """
        answer = self._call("receive_message", MaxNumberOfMessages=PER_ANSWER, WaitTimeSeconds=WAIT_SECONDS)
        return [Message(body=each["Body"], receipt=each["ReceiptHandle"]) for each in answer.get("Messages") or []]

    def delete(self, message: Message) -> None:
        """Take one out for good.

        Raises:
            Unavailable: it cannot be reached, or refuses; the message comes again.
        """
        self._call("delete_message", ReceiptHandle=message.receipt)

    def put_off(self, message: Message) -> None:
        """Let it be seen again only after `AGAIN_SECONDS`.

        Raises:
            Unavailable: it cannot be reached, or refuses.
        """
        self._call("change_message_visibility", ReceiptHandle=message.receipt, VisibilityTimeout=AGAIN_SECONDS)

    def _call(self, action: str, **options: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, action)(QueueUrl=self.url, **options)
        except self._refused as fault:
            code = _code(fault.response)
            raise Unavailable(f"SQS: {_FAULTS.get(code, code)}") from None
        except self._failed as fault:
            raise Unavailable(f"SQS: {type(fault).__name__}") from None
        return answer


def _region_of(host: str) -> str | None:
    found = _REGION.match(host)
    return found[1] if found else None


def _code(answer: Mapping[str, Any]) -> str:
    """``AWS.SimpleQueueService.NonExistentQueue`` → ``NonExistentQueue``."""
    code = str(answer.get("Error", {}).get("Code", "unknown")).rpartition(".")[2].rpartition("#")[2]
    return "AccessDenied" if code.startswith("AccessDenied") else code
