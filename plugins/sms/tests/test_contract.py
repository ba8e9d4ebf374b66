from __future__ import annotations

from typing import ClassVar

from platform_core.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "sms"
    job_arguments: ClassVar = {"sms.expand": {"campaign_id": "00000000-0000-7000-8000-000000000000"}}
