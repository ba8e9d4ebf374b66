"""The kinds of gateway that come along. What providers allow is data, from their documents of 2026."""

from __future__ import annotations

from baton_plugins.sms.aliyun import Aliyun
from baton_plugins.sms.kannel import Kannel
from baton_plugins.sms.tencent import Tencent
from baton_plugins.sms.trial import Trial
from baton_plugins.sms.twilio import Twilio

from platform_core.api import translator
from platform_core.api.messages import Driver, DriverField, Rules

_ = translator("sms")
# Refuse, reply R / reply T to unsubscribe: how a marketing text has to end with these providers.
REPLY_R = "\u62d2\u6536\u8bf7\u56de\u590dR"
REPLY_T = "\u56deT\u9000\u8ba2"
BRACKETS = "\u3010\u3011"
_WORDS = ("R", "T", "TD", "N", "\u9000\u8ba2", "\u62d2\u6536")
_SIGNATURE = DriverField("signature", _.lazy("Signature"), help=_.lazy("As it is approved, without brackets."))

TRIAL = Driver(
    "sms.trial", "sms", _.lazy("Trial: nothing leaves the house"),
    (DriverField("file", _.lazy("File"), required=False, help=_.lazy("Messages are appended to it; empty: the log.")),),
    Trial, Rules(marketing_ends_with=REPLY_R, opt_out_words=_WORDS),
)  # fmt: skip
KANNEL = Driver(
    "sms.kannel", "sms", _.lazy("Kannel (also for SMPP and CMPP lines)"),
    (
        DriverField("url", _.lazy("Address of smsbox"), "http://127.0.0.1:13013"),
        DriverField("username", _.lazy("User name")),
        DriverField("password", _.lazy("Password"), secret=True),
        DriverField("sender", _.lazy("Sender number"), required=False),
        DriverField("signature", _.lazy("Signature"), required=False, help=_.lazy("Put before texts, in brackets.")),
    ),
    Kannel, Rules(marketing_ends_with=REPLY_R, forbidden=BRACKETS, opt_out_words=_WORDS),
)  # fmt: skip
ALIYUN = Driver(
    "sms.aliyun", "sms", _.lazy("Aliyun"),
    (
        DriverField("key_id", "AccessKey ID"), DriverField("secret", "AccessKey Secret", secret=True), _SIGNATURE,
        DriverField("endpoint", _.lazy("Address"), "https://dysmsapi.aliyuncs.com"),
    ),
    Aliyun,
    Rules(
        per_day=50, needs_template=True, marketing_ends_with=REPLY_R, forbidden=BRACKETS + "\uffe5\u2605",
        opt_out_words=_WORDS,
    ),
    ("application/json", '{"code":0,"msg":"ok"}'),
)  # fmt: skip
TENCENT = Driver(
    "sms.tencent", "sms", _.lazy("Tencent Cloud"),
    (
        DriverField("secret_id", "SecretId"), DriverField("secret_key", "SecretKey", secret=True),
        DriverField("app_id", "SmsSdkAppId"), _SIGNATURE, DriverField("region", _.lazy("Region"), "ap-guangzhou"),
        DriverField("endpoint", _.lazy("Address"), "https://sms.tencentcloudapi.com"),
    ),
    Tencent,
    Rules(
        per_day=10, needs_template=True, marketing_ends_with=REPLY_R, forbidden=BRACKETS + "\uffe5\u2605",
        opt_out_words=_WORDS,
    ),
    ("application/json", '{"result":0,"errmsg":"OK"}'),
)  # fmt: skip
TWILIO = Driver(
    "sms.twilio", "sms", "Twilio",
    (
        DriverField("account", "Account SID"), DriverField("token", "Auth Token", secret=True),
        DriverField("sender", _.lazy("Sender number")),
        DriverField("endpoint", _.lazy("Address"), "https://api.twilio.com"),
    ),
    Twilio, Rules(longest=1600, window=(8, 21), opt_out_words=("STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")),
    ("application/xml", "<Response/>"),
)  # fmt: skip
DRIVERS = (TRIAL, KANNEL, ALIYUN, TENCENT, TWILIO)
