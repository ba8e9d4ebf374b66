"""Signatures equal those of the vendors' own documents."""

from __future__ import annotations

from baton_plugins.sms import signing


def test_aliyun_as_in_its_example_with_fixed_values() -> None:
    query, headers = signing.acs3(
        "YourAccessKeyId", "YourAccessKeySecret", host="ecs.cn-shanghai.aliyuncs.com", action="RunInstances",
        version="2014-05-26", date="2023-10-26T10:22:32Z", nonce="3156853299f313e23d1673dc12e1703d",
        parameters={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
    )  # fmt: skip
    assert query == "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    assert headers["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencent_as_in_its_example() -> None:
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    headers = signing.tc3(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", host="cvm.tencentcloudapi.com",
        action="DescribeInstances", version="2017-03-12", region="ap-guangzhou", body=body, timestamp=1551113065,
    )  # fmt: skip
    assert headers["Authorization"] == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders="
        "content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_twilio_as_in_its_example() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
        "To": "+18005551212",
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signing.twilio("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
