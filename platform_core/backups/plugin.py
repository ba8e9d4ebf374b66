"""What backups add to the platform: no page and no address, since a backup is a way to carry everything off."""

from __future__ import annotations

from typing import Any

import pluggy

from platform_core.backups import jobs, wording
from platform_core.contracts.events import Job
from platform_core.contracts.plugin import PluginInfo, Setting
from platform_core.kernel.i18n import translator

_ = translator("backups")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "backups", _.lazy("Backups"), _.lazy("A copy of the whole house every night, tried out every week"),
        "platform_core.backups",
    )  # fmt: skip


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return jobs.SETTINGS


@hookimpl
def baton_jobs() -> list[Job]:
    return jobs.JOBS


baton_audit_words = wording.baton_audit_words
