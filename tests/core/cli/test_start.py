"""What a web process has loaded when it begins to serve: nothing that only other commands or later moments need."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import subprocess
import sys

import click

from platform_core import cli
from platform_core.app import Runtime
from platform_core.cli.contributed import COMMANDS

LATER = {
    "pypinyin.phrases_dict": "read a second after the start: the first search needs it, and it takes a fifth of a second",
    "redis": "the embedded default has none",
    "platform_core.demo.load": "for `baton demo` and the quickstart",
    "platform_core.cli.docs": "for `baton docs`",
    "platform_core.cli.doctor": "for `baton doctor`",
    "platform_core.testing": "for tests",
    "litestar.testing": "for tests; brings an HTTP client",
    "webauthn": "with the first key that is used",
    "zxcvbn": "with the first password that is chosen",
}
_POSTGRESQL = {"psycopg": "loaded with the engine, where there is PostgreSQL"}
_SERVE = """
import gc, json, os, sys
import platform_core.__main__
from platform_core.cli.serve import application
application()
print(json.dumps({"loaded": sorted(sys.modules), "collects": gc.isenabled(), "kept": gc.get_freeze_count()}))
sys.stdout.flush()
os._exit(0)
"""


def test_a_server_starts_without_what_it_does_not_need_yet(runtime: Runtime) -> None:
    settings = runtime.settings
    own = {
        "BATON_DATABASE_URL": settings.database_url,
        "BATON_DATA_DIR": str(settings.data_dir),
        "BATON_SECRET_FILE": str(settings.secret_file),
    }
    kept = {name: value for name, value in os.environ.items() if name != "BATON_REDIS_URL"}
    command = [sys.executable, "-c", _SERVE]
    told = json.loads(subprocess.run(command, env=kept | own, check=True, capture_output=True).stdout)
    unwanted = LATER if not runtime.database.is_sqlite else LATER | _POSTGRESQL
    assert all(importlib.util.find_spec(name) for name in unwanted)  # nothing is missing because it is misspelt
    assert "platform_core.customers.routes" in told["loaded"]
    assert {name: unwanted[name] for name in told["loaded"] if name in unwanted} == {}
    assert told["collects"]
    assert told["kept"] > 100_000  # modules and tables are out of the collector's sight


def test_every_command_is_listed_with_the_module_that_it_is_loaded_from() -> None:
    found: dict[str, str] = {}
    below: set[click.Command] = set()
    for part in pkgutil.iter_modules(cli.__path__):
        for command in vars(importlib.import_module(f"{cli.__name__}.{part.name}")).values():
            if isinstance(command, click.Group):
                below.update(command.commands.values())
            if isinstance(command, click.Command) and command.name and command is not cli.baton:
                found.setdefault(command.name, part.name)
    top = {name: part for name, part in found.items() if name not in {command.name for command in below}}
    assert top.keys() == COMMANDS.keys()
    for name, module in COMMANDS.items():
        assert getattr(importlib.import_module(f"{cli.__name__}.{module}"), name).name == name
