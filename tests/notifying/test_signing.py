import base64
import hashlib
import hmac

import pytest
from tests.every import every

from mailwake.errors import Misconfigured
from mailwake.notifying.signing import headers, secret_of


def test_the_signature_is_that_of_the_published_example() -> None:
    """Source: the README of the reference libraries, https://github.com/standard-webhooks/standard-webhooks."""
    key = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x")
    body = b'{"test": 2432232314}'
    told = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [key])
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert told["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert told["webhook-timestamp"] == "1614265330"


def test_while_a_secret_changes_each_of_them_signs() -> None:
    keys = [b"a" * 32, b"b" * 32]
    marks = headers("m", 5, b"{}", keys)["webhook-signature"].split(" ")
    expected = [base64.b64encode(hmac.new(key, b"m.5.{}", hashlib.sha256).digest()).decode() for key in keys]
    assert marks == [f"v1,{each}" for each in expected]


@every("text", ["", "whsec_", "secret", "whsec_AAAA", "whsec_" + "A" * 200, "whsec_ä"])
def test_a_secret_that_protects_nothing_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="makes one"):
        secret_of(text, "notify.crm.secrets")
