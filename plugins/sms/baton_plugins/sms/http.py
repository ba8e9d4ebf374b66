"""Talking to gateways: one connection pool for each account, and what an error says about the message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import httpx

from platform_core.api.messages import NotSent

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_BUSY = 429
for _name in ("httpx", "httpcore"):  # they log each address that is asked, and those of Aliyun hold the number
    logging.getLogger(_name).setLevel(logging.WARNING)


def client(base_url: str = "") -> httpx.Client:
    """No redirects, no retries, no proxies of the environment: a request leaves once or not at all."""
    limits = httpx.Limits(max_connections=16, keepalive_expiry=20.0)
    return httpx.Client(base_url=base_url, timeout=_TIMEOUT, limits=limits, trust_env=False)


def ask(pool: httpx.Client, method: str, url: str, **request: Any) -> httpx.Response:
    """Raises NotSent where nothing can have arrived; any other error leaves that open."""
    try:
        answer = pool.request(method, url, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise NotSent("cannot connect", account_down=True) from error
    except httpx.PoolTimeout as error:
        raise NotSent("too many at once") from error
    if answer.status_code == _BUSY:
        raise NotSent("throttled", retry_after=_seconds(answer.headers))
    if answer.status_code >= 500:
        raise httpx.HTTPStatusError(str(answer.status_code), request=answer.request, response=answer)
    return answer


def _seconds(headers: Mapping[str, str]) -> float:
    told = headers.get("retry-after", "")
    return float(told) if told.isdigit() else 5.0
