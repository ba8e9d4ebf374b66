"""`baton serve`, `baton worker`, `baton scheduler`."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading

import click

from platform_core.app import create_app
from platform_core.cli.runtime import start
from platform_core.kernel import pinyin
from platform_core.kernel.collector import loading
from platform_core.kernel.i18n import speaking
from platform_core.permissions import setup

_PR_SET_PDEATHSIG = 1
_HEADER_SECONDS = 10
"""Who takes longer to say what they want is cut off: connections held open cost others theirs."""
_CONNECTIONS = 8192
"""Of one process. Each browser keeps one open for signals: with the web server's 1,024 the next person would wait for
somebody to leave."""
_OTHER_FILES = 1024
_READ_AFTER = 1.0
"""Seconds after the start: the dictionaries of readings are needed by the first search, not by the first page."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=lambda: int(os.environ.get("PORT", "8000")), type=int, help="[default: $PORT or 8000]")
@click.option(
    "--workers", default=1, show_default=True, help="Web processes; more than one needs PostgreSQL and Redis."
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve pages and API. Without Redis this one process also does the background work."""
    offer_setup()
    run_server(host, port, workers)


def offer_setup() -> None:
    """While nobody can administer the installation, print a link with which its bearer becomes the administrator."""
    runtime = start()
    runtime.follow()
    try:
        with speaking("en"), runtime.database.system_session("offer a set-up link") as session:
            code = setup.issue(session) if setup.needed(session) else ""
    finally:
        runtime.close()
    if code:
        click.echo(
            "Nobody can administer this installation yet. Open this link within 24 hours; it works once:\n"
            f"{runtime.settings.base_url}/setup/{code}"
        )


def run_server(host: str, port: int, workers: int = 1) -> None:
    from granian import Granian  # noqa: PLC0415  worker and scheduler need no web server
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.http import HTTP1Settings  # noqa: PLC0415

    _allow_files(_CONNECTIONS + _OTHER_FILES)
    if workers > 1:
        pinyin.load()  # one copy for all
    server = Granian(
        "platform_core.cli.serve:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        workers_kill_timeout=5,
        backpressure=_CONNECTIONS,
        websockets=False,  # nothing here speaks them
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000),
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]
        respawn_failed_workers=True,
    )
    server.serve()


def application() -> object:
    """The ASGI application of one web process; granian calls this in each of its workers."""
    _end_with_parent()
    runtime = start()
    runtime.follow()
    with loading():
        app = create_app(runtime)
    reading = threading.Timer(_READ_AFTER, pinyin.load)
    reading.daemon = True
    reading.start()
    return app


def _allow_files(wanted: int) -> None:
    """Systems that allow a process 1,024 open files let it have more for the asking."""
    most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < wanted:
        enough = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def _end_with_parent() -> None:
    """A worker whose parent was killed would keep the port and serve on with what it knows."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@click.command()
@click.option("--threads", default=8, show_default=True)
def worker(threads: int) -> None:
    """Run background jobs from Redis until stopped."""
    runtime = start(job_threads=threads)
    if runtime.settings.redis_url is None:
        raise click.ClickException("without BATON_REDIS_URL the web process does this work itself")
    runtime.follow()
    create_app(runtime, background=False)  # what cannot be mounted in a web process does not work here either
    runtime.start_background(work=True, schedule=False)
    runtime.hooks.tell("baton_startup")
    click.echo(f"worker ready, {threads} threads")
    _wait()
    runtime.hooks.tell("baton_shutdown")
    runtime.close()


@click.command()
def scheduler() -> None:
    """Enqueue scheduled jobs and sweep up lost ones until stopped; any number may run."""
    runtime = start()
    runtime.follow()
    create_app(runtime, background=False)
    runtime.start_background(work=False, schedule=True)
    click.echo("scheduler ready")
    _wait()
    runtime.close()


def _wait() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
