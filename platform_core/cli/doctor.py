"""`baton doctor`: everything an operator would look at first, with what to do about it."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from platform_core.app import Runtime, UnmigratedError, create_app
from platform_core.backups import health
from platform_core.backups.making import Place
from platform_core.cli.plugins import orphan_reason
from platform_core.kernel import keyfile
from platform_core.kernel.scope import proven
from platform_core.kernel.secrets import WeakSecretError
from platform_core.permissions import queries, setup
from platform_core.plugins import faults, migrations, rekeying
from platform_core.settings import Settings, load_settings
from platform_core.web.marks import static_url

_STATIC = Path(migrations.__file__).resolve().parents[1] / "web" / "static"
_BROKEN = ("incompatible", "broken", "unmigrated")


@click.command()
def doctor() -> None:
    """Check this deployment. Prints one line per finding and ends with 1 if there is any problem."""
    settings = load_settings()
    problems = [*_before_start(settings)]
    if not problems:
        try:
            runtime = Runtime(settings)
        except (WeakSecretError, OSError, ValueError, SQLAlchemyError) as error:
            problems.append(f"the platform does not start: {error}")
        else:
            for check in CHECKS:
                problems += check(runtime)
            for note in () if problems else notes(runtime):
                click.echo(f"note: {note}")
            runtime.close()
    for problem in problems:
        click.echo(f"problem: {problem}")
    if problems:
        raise SystemExit(1)
    click.echo(f"all well: {_place(settings)}, {settings.timezone}, {settings.base_url}")


def _place(settings: Settings) -> str:
    return "SQLite" if settings.is_sqlite else "PostgreSQL"


def _before_start(settings: Settings) -> Iterator[str]:
    """What would keep the platform from starting at all."""
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"BATON_TIMEZONE={settings.timezone} is not a time zone; write it like Asia/Shanghai"
    secret = settings.secret_file
    if secret.exists() and stat.S_IMODE(secret.stat().st_mode) & 0o077:
        yield f"{secret} can be read by others; run: chmod 600 {secret}"
    folder = settings.data_dir
    if folder.exists() and not os.access(folder, os.W_OK):
        yield f"{folder} cannot be written by {_user()}"


def _user() -> str:
    return f"the user with id {os.geteuid()} on {socket.gethostname()}"


def check_database(runtime: Runtime) -> Iterator[str]:
    try:
        runtime.database.ping()
        waiting = migrations.pending(runtime.manager, runtime.settings.database_url)
    except SQLAlchemyError as error:
        yield f"the database does not answer: {str(error).splitlines()[0]}"
        return
    for owner in waiting:
        yield f"the tables of {owner} are older than this program; run: baton migrate"


def check_clock(runtime: Runtime) -> Iterator[str]:
    """The database's clock against this machine's; a container without a clock service drifts."""
    if runtime.settings.is_sqlite:
        return
    try:
        with runtime.database.engine.connect() as connection:
            there = connection.scalar(text("SELECT now()"), execution_options=proven("compare clocks"))
    except SQLAlchemyError:
        return  # reported by check_database
    assert isinstance(there, datetime)
    apart = abs((datetime.now(UTC) - there.astimezone(UTC)).total_seconds())
    if apart > 5:
        yield f"the clocks of this machine and of the database are {apart:.0f} s apart; run a time service on both"


def check_keys(runtime: Runtime) -> Iterator[str]:
    """Values that nobody can read: the key file is that of another house, or has lost a key that is still in use."""
    try:
        known = keyfile.read(runtime.settings.secret_file)
        broken = rekeying.sample(runtime.database, runtime.vault, known.ever)
    except SQLAlchemyError:
        return  # reported by check_database
    for place in broken:
        yield f"{runtime.settings.secret_file} does not open values in {place}; run: baton keys status"


def check_redis(runtime: Runtime) -> Iterator[str]:
    url = runtime.settings.redis_url
    if url is None:
        return
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        yield f"Redis does not answer at BATON_REDIS_URL: {error}"


def check_plugins(runtime: Runtime) -> Iterator[str]:
    """Those that do not load, migrate or mount; what the others say of themselves, and what failed lately in them."""
    try:
        runtime.follow()
        create_app(runtime, background=False)
    except (SQLAlchemyError, UnmigratedError):
        pass  # reported by check_database
    else:
        with runtime.database.system_session("doctor: what failed lately?", write=False) as session:
            failed = {name: faults.recent(session, name) for name in runtime.manager.plugins}
        for name, rows in failed.items():
            for row in rows:
                yield f"plugin {name} failed {row.count} times: {faults.described(row)}"
        for name, reason in runtime.hooks.health().items():
            yield f"plugin {name} is not well: {reason}"
        for name, item in runtime.manager.absent.items():
            if not item.is_purged:
                click.echo(f"note: plugin {name} is orphaned: {orphan_reason(runtime, name)}")
    for name, plugin in runtime.manager.plugins.items():
        if plugin.state in _BROKEN:
            place = f" ({plugin.place})" if plugin.place else ""
            yield f"plugin {name} is {plugin.state}: {plugin.reason}{place}"


def check_themes(runtime: Runtime) -> Iterator[str]:
    """Broken ones, and those whose templates failed lately."""
    known = runtime.templates.themes
    for theme in known.problems():
        yield f"theme {theme.name} is broken: {theme.problem} ({theme.place})"
    try:
        with runtime.database.system_session("doctor: which themes failed lately?", write=False) as session:
            for theme in known.found.values():
                for row in faults.recent(session, theme.fault_owner):
                    yield f"theme {theme.name} failed {row.count} times: {faults.described(row)}"
    except SQLAlchemyError:
        return  # reported by check_database


def check_backups(runtime: Runtime) -> Iterator[str]:
    """Where backups were begun with: an old one, and one that nobody has tried out."""
    try:
        yield from health.troubles(runtime.database, Place.of(runtime.settings))
    except SQLAlchemyError:
        return  # reported by check_database


def check_assets(runtime: Runtime) -> Iterator[str]:
    manifest = _STATIC / "manifest.json"
    if not manifest.exists():
        yield f"{manifest} is missing; run: make setup"
        return
    names = [name for name in json.loads(manifest.read_text()) if not (_STATIC / name).is_file()]
    for name in names:
        yield f"{_STATIC / name} is missing ({static_url(name)}); run: make setup"


def check_administrator(runtime: Runtime) -> Iterator[str]:
    try:
        with runtime.database.system_session("doctor: is there an administrator?", write=False) as session:
            if setup.needed(session):
                yield "nobody can administer this installation; `baton serve` prints a set-up link"
    except SQLAlchemyError:
        return  # reported by check_database


def notes(runtime: Runtime) -> Iterator[str]:
    """What is no fault, and waits for somebody to decide it."""
    if not runtime.settings.backup_key.exists():
        yield "no backups are made; run: baton backup key"
    with runtime.database.system_session("rights that nobody has", write=False) as session:
        found, groups = queries.matrix(session, runtime.manager)
        for item in queries.ungiven(runtime.manager, found, groups):
            proposed = ", ".join(role.code for role in item.proposed) or "no role that exists"
            yield f"no role has the right {item.permission.name} (proposed for {proposed}); see Settings, Roles"


CHECKS: tuple[Callable[[Runtime], Iterator[str]], ...] = (
    check_database, check_clock, check_keys, check_redis, check_plugins, check_themes, check_assets,
    check_administrator, check_backups,
)  # fmt: skip
