"""Exchanges in the cloud that dial on a request over HTTPS; what they hear they tell the server themselves."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from baton_agent.asking import Asked

SIPGATE = "https://api.sipgate.com/v2/sessions/calls"
_TIMEOUT = 10.0


def is_web(entry: Mapping[str, Any]) -> bool:
    return entry.get("kind") in {"sipgate", "http"}


class WebExchange:
    """By its entry in agent.json.

    {"kind": "sipgate", "token_id", "token"} asks sipgate.io; an extension is a device there, such as e0.
    {"kind": "http", "url", "secret"} posts {"id", "extension", "number"} with the secret as a bearer token.
    Raises KeyError and ValueError for an entry that does not fit.
    """

    dials = True

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.kind = str(entry["kind"])
        self._url = str(entry.get("url", SIPGATE) if self.kind == "sipgate" else entry["url"])
        if urlsplit(self._url).scheme not in {"http", "https"}:
            raise ValueError(f"{self._url} is no address")
        self._authorization = f"Bearer {entry.get('secret', '')}"
        if self.kind == "sipgate":
            pair = f"{entry['token_id']}:{entry['token']}".encode()
            self._authorization = f"Basic {base64.b64encode(pair).decode()}"
        self.key = f"{self.kind}/{urlsplit(self._url).hostname}"

    def dial(self, asked: Asked) -> None:
        """Raises OSError with what the exchange says when it refuses."""
        body = {"id": asked.id, "extension": asked.extension, "number": asked.number}
        if self.kind == "sipgate":
            body = {"caller": asked.extension, "callee": asked.number}
        headers = {"Authorization": self._authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310  the scheme was looked at
                return
        except urllib.error.HTTPError as error:
            error.close()
            raise ConnectionError(f"the exchange answers {error.code}") from error

    def device(self) -> dict[str, Any]:
        return {"key": self.key[:80], "driver": self.kind, "state": "up", "detail": "", "dials": True}
