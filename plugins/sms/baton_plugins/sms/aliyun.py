"""Aliyun Dysms 2017-05-25: SendSms, QuerySendDetails, and its HTTP batch reports (help.aliyun.com, document 419273)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from baton_plugins.sms import http, signing

from platform_core.api import now
from platform_core.api.messages import Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

_VERSION = "2017-05-25"
_CHINA = timezone(timedelta(hours=8))
_LATER = frozenset({
    "isv.BUSINESS_LIMIT_CONTROL", "Throttling", "Throttling.User", "isp.SYSTEM_ERROR", "SERVICE_UNAVAILABLE",
})  # fmt: skip
_DOWN = frozenset(
    {"isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.ACCOUNT_ABNORMAL", "InvalidAccessKeyId.NotFound"}
)
_PAUSE = 60.0


class Aliyun:
    """One AccessKey with one signature. OutId is our reference: it comes back in reports and in queries."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._id, self._secret, self._sign = config["key_id"], config["secret"], config["signature"]
        self._endpoint = config["endpoint"].rstrip("/")
        host = urlsplit(self._endpoint).netloc
        if not host:
            raise ValueError("the address begins with https://")
        self._host = host
        self._pool = http.client()

    def _call(self, action: str, **parameters: str) -> dict[str, Any]:
        date = now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query, headers = signing.acs3(
            self._id, self._secret, host=self._host, action=action, version=_VERSION, parameters=parameters, date=date,
            nonce=uuid4().hex,
        )  # fmt: skip
        answer = http.ask(self._pool, "POST", f"{self._endpoint}/?{query}", headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    def send(self, parcel: Parcel) -> Taken:
        told = self._call(
            "SendSms", PhoneNumbers=_national(parcel.address), SignName=self._sign, TemplateCode=parcel.template,
            TemplateParam=json.dumps(dict(parcel.variables), ensure_ascii=False), OutId=str(parcel.ref),
        )  # fmt: skip
        code = str(told["Code"])
        if code == "OK":
            return Taken(str(told["BizId"]))
        if code in _LATER or code in _DOWN:
            raise NotSent(code, retry_after=_PAUSE, account_down=code in _DOWN)
        raise Rejected(code, str(told.get("Message", "")), opted_out="BLACK" in code.upper())

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        """By number and day, thirty days back; around midnight it may have been the next day."""
        day = sent_at.astimezone(_CHINA)
        for date in dict.fromkeys([day.strftime("%Y%m%d"), (day + timedelta(minutes=10)).strftime("%Y%m%d")]):
            told = self._call(
                "QuerySendDetails", PhoneNumber=_national(address), SendDate=date, PageSize="50", CurrentPage="1"
            )
            if told["Code"] != "OK":
                raise RuntimeError(str(told["Code"]))
            for item in told["SmsSendDetailDTOs"]["SmsSendDetailDTO"]:
                if item.get("OutId") == str(ref):
                    return Receipt(_STATES.get(int(item["SendStatus"]), "sent"), ref, code=str(item.get("ErrCode", "")))
        return None

    def health(self) -> str:
        told = self._call("QuerySmsSign", SignName=self._sign)
        if told["Code"] != "OK":
            raise RuntimeError(str(told["Code"]))
        return str(told.get("SignName", "OK"))

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        """Arrays of reports (`success`, `out_id`) or of replies (`content`, `dest_code`); they are not signed."""
        return [_read(item) for item in json.loads(raw.body)]

    def close(self) -> None:
        self._pool.close()


_STATES: dict[int, Any] = {1: "sent", 2: "undelivered", 3: "delivered"}


def _national(address: str) -> str:
    return address.removeprefix("+86") if address.startswith("+86") else f"00{address.lstrip('+')}"


def _read(item: Mapping[str, Any]) -> Receipt | Inbound:
    if "content" in item:
        at = datetime.strptime(item["send_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
        key = f"{item.get('sequence_id', '')}:{item['phone_number']}:{item['send_time']}"
        return Inbound(key, str(item["phone_number"]), str(item["content"]), at)
    ref = UUID(item["out_id"]) if item.get("out_id") else None
    parts = int(item.get("sms_size") or 0)
    state: Any = "delivered" if item["success"] else "undelivered"
    return Receipt(state, ref, str(item.get("biz_id", "")), str(item.get("err_code", "")), parts)
