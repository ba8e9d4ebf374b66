"""Tencent Cloud SMS 2021-01-11: SendSms, PullSmsSendStatusByPhoneNumber and its callbacks (document/api/382/55981)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from baton_plugins.sms import http, signing

from platform_core.api import now
from platform_core.api.messages import Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

_VERSION = "2021-01-11"
_PAUSE = 60.0
_LATER = ("LimitExceeded", "InternalError", "RequestLimitExceeded")
_DOWN = ("FailedOperation.InsufficientBalanceInSmsPackage", "AuthFailure", "UnauthorizedOperation")
_BLACK = "FailedOperation.PhoneNumberInBlacklist"


class Tencent:
    """One application with one signature. SessionContext is our reference; queries tell SerialNo only."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        self._endpoint = config["endpoint"].rstrip("/")
        self._host = urlsplit(self._endpoint).netloc
        if not self._host:
            raise ValueError("the address begins with https://")
        self._pool = http.client()

    def _call(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        body, moment = json.dumps(payload).encode(), now()
        headers = signing.tc3(
            self._config["secret_id"], self._config["secret_key"], host=self._host, action=action,
            version=_VERSION, region=self._config["region"], body=body, timestamp=int(moment.timestamp()),
        )  # fmt: skip
        answer = http.ask(self._pool, "POST", f"{self._endpoint}/", content=body, headers=headers)
        found: dict[str, Any] = answer.json()["Response"]
        if "Error" in found:
            _refuse(str(found["Error"]["Code"]), str(found["Error"].get("Message", "")))
        return found

    def send(self, parcel: Parcel) -> Taken:
        told = self._call("SendSms", {
            "PhoneNumberSet": [parcel.address], "SmsSdkAppId": self._config["app_id"],
            "SignName": self._config["signature"], "TemplateId": parcel.template,
            "TemplateParamSet": list(parcel.variables.values()), "SessionContext": str(parcel.ref),
        })["SendStatusSet"][0]  # fmt: skip
        if told["Code"] == "Ok":
            return Taken(str(told["SerialNo"]), int(told.get("Fee") or 0))
        _refuse(str(told["Code"]), str(told.get("Message", "")))
        raise AssertionError

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        """The query names SerialNo and number, not our reference: with its answer lost, nobody can tell them apart."""
        raise NotImplementedError

    def health(self) -> str:
        told = self._call("DescribeSmsSignList", {"SignIdSet": [], "International": 0})
        return str(told.get("RequestId", "OK"))

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        """Reports are an array, a reply is one object; they are not signed."""
        told = json.loads(raw.body)
        if isinstance(told, dict):
            at = datetime.fromtimestamp(int(told["time"]), UTC)
            number = f"+{told.get('nationcode', '86')}{told['mobile']}"
            return [Inbound(f"{told['mobile']}:{told['time']}:{told.get('sign', '')}", number, str(told["text"]), at)]
        return [_receipt(item) for item in told]

    def close(self) -> None:
        self._pool.close()


def _receipt(item: Mapping[str, Any]) -> Receipt:
    state: Any = "delivered" if item["report_status"] == "SUCCESS" else "undelivered"
    return Receipt(state, None, str(item["sid"]), "" if state == "delivered" else str(item.get("errmsg", "")))


def _refuse(code: str, text: str) -> None:
    if code.startswith(_DOWN):
        raise NotSent(code, retry_after=_PAUSE, account_down=True)
    if code.startswith(_LATER):
        raise NotSent(code, retry_after=_PAUSE)
    raise Rejected(code, text, opted_out=code == _BLACK)
