"""A queue over a real socket: opened, checked, and what is said where it cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from tests.acceptance.test_serve import free_ports
from tests.queues.amazon import ENVIRONMENT, REGION, Amazon, serving

from mailwake.errors import Misconfigured, Unavailable
from mailwake.queues import sqs
from mailwake.queues.sqs import Sqs

AMAZONS = "https://sqs.eu-west-1.amazonaws.com/123456789012/mail"


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    with serving(free_ports(1)[0]) as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_a_message_is_received_put_off_and_deleted(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs, "WAIT_SECONDS", 1)
    queue = Sqs(amazon.url, region=REGION)
    amazon.put("one", "two")
    assert queue.check() == 2
    first, second = sorted(queue.receive(), key=lambda message: message.body)
    assert (first.body, second.body) == ("one", "two")
    queue.put_off(first)
    queue.delete(second)
    assert amazon.left() == (0, 1)
    assert queue.receive() == []
    amazon.client.purge_queue(QueueUrl=amazon.url)


def test_a_queue_that_is_not_there_is_the_operators_to_mend(amazon: Amazon) -> None:
    gone = Sqs(amazon.url + "-other", region=REGION, option="webhooks.main.queue_url")
    with pytest.raises(Misconfigured, match="no such queue; copy the URL") as caught:
        gone.check()
    assert caught.value.option == "webhooks.main.queue_url"
    with pytest.raises(Unavailable, match="no such queue"):
        gone.receive()


def test_a_server_that_is_away_is_waited_for() -> None:
    pytest.importorskip("boto3")
    queue = Sqs(f"http://127.0.0.1:{free_ports(1)[0]}/1/mail", region=REGION)
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        queue.check()
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        queue.receive()


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (AMAZONS, "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/mail", "cn-north-1"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/1/mail", "us-gov-west-1"),
        ("https://vpce-0a1b.sqs.us-east-1.vpce.amazonaws.com/1/mail", "us-east-1"),
    ],
)
def test_the_url_names_the_region(url: str, region: str) -> None:
    pytest.importorskip("boto3")
    assert Sqs(url)._client.meta.region_name == region


@pytest.mark.parametrize("url", ["http://sqs.eu-west-1.amazonaws.com/1/mail", "mail", "", "https:///mail"])
def test_what_is_no_https_url_is_refused(url: str) -> None:
    pytest.importorskip("boto3")
    with pytest.raises(Misconfigured, match="https URL that the SQS console shows"):
        Sqs(url)


def test_without_a_region_it_says_where_to_write_one() -> None:
    pytest.importorskip("boto3")
    with pytest.raises(Misconfigured, match="write the region") as caught:
        Sqs("https://queue.amazonaws.com/1/mail", option="webhooks.main.queue_url")
    assert caught.value.option == "webhooks.main.queue_region"


def test_without_credentials_it_says_what_to_set_and_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Misconfigured, match=r"AWS_ACCESS_KEY_ID.*sqs:ReceiveMessage"):
        Sqs(AMAZONS)


@pytest.mark.long
def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(Misconfigured, match=r"pip install 'mailwake\[sqs\]'"):
        Sqs(AMAZONS)
