"""Kannel's smsbox over HTTP: <https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html>, chapter "sendsms".

Kannel answers without a number of the message, so reports name ours in their address; it cannot be asked, so a lost
answer waits for the report of delivery, and without one for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from baton_plugins.sms import http

from platform_core.api import now
from platform_core.api.messages import Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

_MASK = 31
"""Every kind of report: delivered, not delivered, queued, accepted by the centre, rejected by it"""
_STATES: dict[str, Literal["sent", "delivered", "undelivered"]] = {
    "1": "delivered", "2": "undelivered", "8": "sent", "16": "undelivered",
}  # fmt: skip
_LATER = frozenset({503})
_UCS2 = {"Content-Type": "text/plain; charset=UTF-8", "X-Kannel-Coding": "2", "X-Kannel-Charset": "UTF-8"}


class Kannel:
    """One sendsms user of one smsbox."""

    def __init__(self, config: Mapping[str, str]) -> None:
        parts = urlsplit(config["url"])
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address begins with http:// or https://")
        self._who = {"X-Kannel-Username": config["username"], "X-Kannel-Password": config["password"]}
        self._sender, self._signature = config.get("sender", ""), config.get("signature", "")
        self._pool = http.client(config["url"].rstrip("/"))

    def send(self, parcel: Parcel) -> Taken:
        text = f"\u3010{self._signature}\u3011{parcel.text}" if self._signature else parcel.text
        headers = {**self._who, "X-Kannel-To": parcel.address, **_UCS2}
        if self._sender:
            headers["X-Kannel-From"] = self._sender
        if parcel.callback_url:
            headers["X-Kannel-DLR-Mask"] = str(_MASK)
            headers["X-Kannel-DLR-Url"] = f"{parcel.callback_url}?kind=dlr&ref={parcel.ref}&type=%d&smsc=%F"
        # In the address the number and the text would stand in logs on the way.
        try:
            answer = http.ask(self._pool, "POST", "/cgi-bin/sendsms", content=text.encode(), headers=headers)
        except Exception as error:
            if getattr(getattr(error, "response", None), "status_code", 0) in _LATER:
                raise NotSent("smsbox has no room", retry_after=10) from error
            raise
        if answer.status_code == 202:
            return Taken()
        raise Rejected(str(answer.status_code), answer.text[:80])

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        raise NotImplementedError

    def health(self) -> str:
        """A message to nobody: who may send hears that the receiver is missing, who may not that the password is."""
        headers = {**self._who, "Content-Type": "text/plain"}
        answer = http.ask(self._pool, "POST", "/cgi-bin/sendsms", content=b"?", headers=headers)
        if answer.status_code == 403:
            raise Rejected("403", "user name or password")
        return "smsbox"

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        """`kind=dlr` is a report; what is from somebody is a reply (sms-service: `kind=mo&from=%p&text=%b&id=%I`)."""
        told = raw.query
        if told.get("kind") == "dlr":
            state = _STATES.get(told["type"])
            if state is None:  # 4: Kannel has queued it, which says nothing about the network
                return []
            return [
                Receipt(state, UUID(told["ref"]), told.get("smsc", ""), "" if state == "delivered" else told["type"])
            ]
        if told.get("kind") == "mo":
            at = datetime.fromtimestamp(int(told["ts"]), UTC) if told.get("ts", "").isdigit() else now()
            return [Inbound(told["id"], told["from"], told.get("text", ""), at)]
        raise ValueError("neither a report nor a reply")

    def close(self) -> None:
        self._pool.close()
