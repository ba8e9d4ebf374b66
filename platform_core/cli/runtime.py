"""Building the runtime for a command."""

from __future__ import annotations

import dataclasses
import logging
import sys
import time
from textwrap import indent
from typing import Any

import click

from platform_core.app import Runtime
from platform_core.backups.restoring import MARKER
from platform_core.kernel.collector import loading
from platform_core.kernel.secrets import WeakSecretError
from platform_core.settings import load_settings

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
_CONTROLS_OF_TRACES = {code: text for code, text in _CONTROLS.items() if code != ord("\n")}


class OneLine(logging.Formatter):
    """Each event is one line, in UTC: what a sender wrote cannot begin a line of its own. Traces are indented."""

    converter = time.gmtime  # type: ignore[assignment]  # typeshed knows it without its argument

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        return super().formatMessage(record).translate(_CONTROLS)

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's name
        return indent(super().formatException(ei).translate(_CONTROLS_OF_TRACES), "    ")


def logged() -> None:
    """What happens is told on standard error, a line for each event."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)


def start(**overrides: object) -> Runtime:
    """A runtime from the environment; a refused or lost key file ends the command with its reason."""
    logged()
    settings = load_settings()
    if (settings.data_dir / MARKER).exists():
        told = f"a restore into {settings.data_dir} was not finished; run baton restore again"
        raise click.ClickException(told)
    if overrides:
        settings = dataclasses.replace(settings, **overrides)  # type: ignore[arg-type]
    try:
        with loading():
            return Runtime(settings)
    except WeakSecretError as error:
        raise click.ClickException(str(error)) from error
