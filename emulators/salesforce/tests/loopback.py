"""Leads a library that insists on https and on Salesforce's names to the emulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


class Loopback(HTTPAdapter):
    """For `requests`: whatever the host, the emulator answers.

    Args:
        url: of the emulator.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """See `HTTPAdapter`."""
        parts = urlsplit(request.url or "")
        request.headers["Host"] = urlsplit(self.url).netloc
        request.url = self.url + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)
