"""Building the runtime for a command."""

from __future__ import annotations

import dataclasses
import logging
import sys

import click

from platform_core.app import Runtime
from platform_core.kernel.collector import loading
from platform_core.kernel.secrets import WeakSecretError
from platform_core.settings import load_settings


def start(**overrides: object) -> Runtime:
    """A runtime from the environment; a refused key file ends the command with its reason."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = load_settings()
    if overrides:
        settings = dataclasses.replace(settings, **overrides)  # type: ignore[arg-type]
    try:
        with loading():
            return Runtime(settings)
    except WeakSecretError as error:
        raise click.ClickException(str(error)) from error
