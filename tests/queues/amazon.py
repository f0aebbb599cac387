"""A server that speaks SQS over a real socket (moto), to put messages into and to take away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

import pytest

#: What AWS's own library needs of an environment, and that it looks nowhere else.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
REGION = "eu-west-1"


class Amazon:
    """The server at a port, and one queue on it."""

    def __init__(self, port: int) -> None:
        import boto3

        self.endpoint = f"http://127.0.0.1:{port}"
        self.client: Any = boto3.client(
            "sqs", region_name=REGION, endpoint_url=self.endpoint, aws_access_key_id="t", aws_secret_access_key="t"
        )
        self.url: str = self.client.create_queue(QueueName="mail", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]

    def put(self, *bodies: object) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def left(self) -> tuple[int, int]:
        """How many messages wait, and how many are out of sight for now."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(told[names[0]]), int(told[names[1]])


@contextmanager
def serving(port: int) -> Iterator[Amazon]:
    """The server as a process of its own; nothing of it is kept."""
    pytest.importorskip("boto3")
    pytest.importorskip("moto")
    words = [sys.executable, "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        amazon = Amazon(port)
        yield amazon
        amazon.client.close()
    finally:
        process.kill()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None
        try:
            with urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server for SQS did not come up")
