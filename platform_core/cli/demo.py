"""`baton quickstart` and `baton demo`: an invented house to look at, or to measure."""

from __future__ import annotations

import os
import socket
import sys
import time

import click

from platform_core import install
from platform_core.app import Runtime
from platform_core.cli.runtime import start
from platform_core.cli.serve import run_server
from platform_core.demo import accounts, load, spec
from platform_core.users import passwords

_CUSTOMERS = 300
_SEED = 42


@click.command()
@click.option("--port", default=lambda: int(os.environ.get("PORT", "8000")), type=int, help="[default: $PORT or 8000]")
def quickstart(port: int) -> None:
    """Migrate, load a small demo once, say who can sign in, and serve on this machine."""
    os.environ |= {"BATON_DEMO": "1", "BATON_API_DOCS": "1", "PORT": str(port)}
    _check_port(port)
    runtime = start()
    mark = _prepare(runtime)
    if mark is None:
        _load(runtime, _CUSTOMERS, _SEED, processes=1)
    password = accounts.password(runtime.settings)
    accounts.let_in(runtime.database, password)
    _announce(runtime.settings.base_url, password)
    runtime.close()
    run_server("127.0.0.1", port)


@click.command()
@click.option("--customers", default=_CUSTOMERS, show_default=True, type=click.IntRange(1, 5_000_000))
@click.option("--seed", default=_SEED, show_default=True, help="Equal seeds make equal rows.")
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 16))
def demo(customers: int, seed: int, processes: int) -> None:
    """Fill an empty database with an invented house: people, customers, engagements, plans, contracts."""
    runtime = start()
    if _prepare(runtime) is not None:
        raise click.ClickException("this database holds demo data already; use an empty one")
    began = time.monotonic()
    _load(runtime, customers, seed, processes=processes)
    click.echo(f"{customers:,} customers in {time.monotonic() - began:.1f} s")
    _announce("", accounts.password(runtime.settings))
    runtime.close()


def _prepare(runtime: Runtime) -> dict[str, object] | None:
    """Migrate and seed a database that is empty or holds a demo. Returns the demo's mark."""
    try:
        mark = load.state(runtime.database)
    except load.NotADemoError as error:
        raise click.ClickException(f"{error}. Name another one in BATON_DATABASE_URL or BATON_DATA_DIR.") from error
    if mark is not None and mark["state"] != "loaded":
        raise click.ClickException("the loading of the demo was interrupted: empty the database and start again")
    runtime.migrate()
    install.seed(runtime)
    runtime.follow()
    return mark


def _load(runtime: Runtime, customers: int, seed: int, *, processes: int) -> None:
    password_hash = passwords.hash_password(accounts.password(runtime.settings))
    load.load(runtime, spec.make(customers, seed), password_hash, processes=processes, progress=_progress)
    if sys.stderr.isatty():
        click.echo("", err=True)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {total:,} customers", nl=False, err=True)


def _check_port(port: int) -> None:
    """Say so before anything is done when the address is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            hint = f"port {port} is in use. Choose another one: make run PORT={port + 1}"
            raise click.ClickException(hint) from error


def _announce(address: str, password: str) -> None:
    if address:
        click.echo(f"\n  Baton: {address}\n")
    width = max(len(login) for login in accounts.announced())
    for login, purpose in accounts.announced().items():
        click.echo(f"  {login:{width}}  {purpose}")
    click.echo(f"\n  Password of all of them: {password}\n")
    sys.stdout.flush()
