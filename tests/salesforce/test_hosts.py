"""A session goes to hosts of Salesforce and to nobody else, whatever the answer to signing in says (AT-81)."""

import pytest
from tests.every import every

from mailwake.errors import MailwakeError
from mailwake.salesforce.wire import _checked_base

LOGIN = "https://login.salesforce.com"


@every(
    "base",
    [
        "https://evil.example",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://acme.my.salesforce.com@evil.example",
        "https://evil.example/acme.my.salesforce.com",
        "https://evil.example#.salesforce.com",
        "https://evil.example\\.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
        "//acme.my.salesforce.com",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "",
        "acme.my.salesforce.com",
    ],
)
def test_a_session_is_sent_to_no_other_host(base: str) -> None:
    with pytest.raises(MailwakeError, match="no host of Salesforce"):
        _checked_base(base, LOGIN)


@pytest.mark.parametrize("base", ["https://acme.my.salesforce.com", "https://ACME.MY.SALESFORCE.COM/services/"])
def test_an_org_is_found(base: str) -> None:
    assert _checked_base(base, LOGIN).lower() == "https://acme.my.salesforce.com"


def test_where_we_signed_in_is_no_other_host() -> None:
    assert _checked_base("http://127.0.0.1:8080/x", "http://127.0.0.1:8080") == "http://127.0.0.1:8080"
