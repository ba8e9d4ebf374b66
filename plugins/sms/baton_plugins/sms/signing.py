"""Signatures of requests to Aliyun (ACS3), Tencent Cloud (TC3) and of Twilio's callbacks.

Checked against the examples of the vendors' documents (tests/test_signing.py). Written here because their libraries
weigh up to 70 MB, and Aliyun's sends again by itself when an answer is late, which doubles messages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _percent(text: str) -> str:
    return quote(text, safe="-_.~")


def acs3(
    key_id: str, secret: str, *, host: str, action: str, version: str, parameters: Mapping[str, str], date: str,
    nonce: str,
) -> tuple[str, dict[str, str]]:  # fmt: skip
    """Query string and headers of a POST to Aliyun without a body. `date` is `2026-11-23T04:00:00Z`."""
    query = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in sorted(parameters.items()))
    empty = _sha256(b"")
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": empty,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    signed = hmac.digest(secret.encode(), f"ACS3-HMAC-SHA256\n{_sha256(canonical.encode())}".encode(), "sha256").hex()
    headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signed}"
    return query, headers


def tc3(
    secret_id: str, secret_key: str, *, host: str, action: str, version: str, region: str, body: bytes, timestamp: int
) -> dict[str, str]:  # fmt: skip
    """Headers of a POST of JSON to Tencent Cloud; the host begins with the service. `timestamp` is in seconds."""
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    service = host.partition(".")[0]
    content_type = "application/json; charset=utf-8"
    names = "content-type;host"
    canonical = f"POST\n/\n\ncontent-type:{content_type}\nhost:{host}\n\n{names}\n{_sha256(body)}"
    scope = f"{day}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{_sha256(canonical.encode())}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signed = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return {
        "Authorization": f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signed}",
        "Content-Type": content_type,
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Version": version,
        "X-TC-Region": region,
    }


def twilio(token: str, url: str, form: Mapping[str, str]) -> str:
    """What Twilio puts into X-Twilio-Signature."""
    told = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.digest(token.encode(), told.encode(), "sha1")).decode()
