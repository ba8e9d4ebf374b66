"""What a wheel of the core needs beside its package: in a checkout these folders stand next to it."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BESIDE = ("migrations", "plugin_template", "themes")


class CustomBuildHook(BuildHookInterface[Any]):
    """Not for an editable install: it would leave copies that nobody edits."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update({folder: f"platform_core/{folder}" for folder in BESIDE})
