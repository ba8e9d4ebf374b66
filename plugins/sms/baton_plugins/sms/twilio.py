"""Twilio's Messages resource: <https://www.twilio.com/docs/messaging/api/message-resource>."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
from baton_plugins.sms import http, signing

from platform_core.api import now
from platform_core.api.messages import Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

_STATES: dict[str, Any] = {
    "queued": "sent", "accepted": "sent", "sending": "sent", "sent": "sent", "delivered": "delivered",
    "read": "delivered", "undelivered": "undelivered", "failed": "undelivered", "canceled": "undelivered",
}  # fmt: skip
_OPTED_OUT = "21610"
_LATER = frozenset({"20429", "20500", "20503"})
_DOWN = frozenset({"20003", "20005"})
"""Wrong token; the account is not active"""


class Twilio:
    """One sender number of one account. Our reference stands in the address that reports go to."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._account, self._token, self._sender = config["account"], config["token"], config["sender"]
        if not urlsplit(config["endpoint"]).netloc:
            raise ValueError("the address begins with https://")
        self._url = f"{config['endpoint'].rstrip('/')}/2010-04-01/Accounts/{self._account}"
        self._auth = httpx.BasicAuth(self._account, self._token)
        self._pool = http.client()

    def send(self, parcel: Parcel) -> Taken:
        form = {"To": parcel.address, "From": self._sender, "Body": parcel.text}
        if parcel.callback_url:
            form["StatusCallback"] = f"{parcel.callback_url}?ref={parcel.ref}"
        answer = http.ask(self._pool, "POST", f"{self._url}/Messages.json", data=form, auth=self._auth)
        told = answer.json()
        if answer.status_code == 201:
            return Taken(str(told["sid"]), int(told.get("num_segments") or 0))
        code = str(told.get("code", answer.status_code))
        if code in _LATER or code in _DOWN:
            raise NotSent(code, account_down=code in _DOWN)
        raise Rejected(code, str(told.get("message", ""))[:120], opted_out=code == _OPTED_OUT)

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        """Twilio's list does not name our reference: none to this number around then is a no, any is no answer."""
        around = {
            "To": address, "DateSent>": (sent_at - timedelta(minutes=10)).isoformat(),
            "DateSent<": (sent_at + timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        answer = http.ask(self._pool, "GET", f"{self._url}/Messages.json", params=around, auth=self._auth)
        if answer.status_code != 200:
            raise RuntimeError(str(answer.status_code))
        if answer.json()["messages"]:
            raise NotImplementedError
        return None

    def health(self) -> str:
        answer = http.ask(self._pool, "GET", f"{self._url}.json", auth=self._auth)
        if answer.status_code != 200:
            raise RuntimeError(str(answer.status_code))
        return str(answer.json()["status"])

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        """Signed, over the whole address and the form's fields; what is not signed is nobody's."""
        asked = dict(parse_qsl(urlsplit(raw.url).query))
        form = {name: value for name, value in raw.query.items() if name not in asked}
        signed = raw.headers.get("x-twilio-signature", "")
        if not hmac.compare_digest(signed.encode(), signing.twilio(self._token, raw.url, form).encode()):
            raise ValueError("not signed by Twilio")
        if "MessageStatus" in form:
            state = _STATES.get(form["MessageStatus"])
            if state is None:
                return []
            ref = UUID(asked["ref"]) if "ref" in asked else None
            return [Receipt(state, ref, form["MessageSid"], form.get("ErrorCode", ""))]
        return [Inbound(form["MessageSid"], form["From"], form.get("Body", ""), now())]

    def close(self) -> None:
        self._pool.close()
