"""`baton audit verify|seal`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from platform_core.app import Runtime
from platform_core.audit import anchors, verifying
from platform_core.audit.verifying import Report
from platform_core.cli.runtime import start

_SHOWN = 200


@click.group()
def audit() -> None:
    """The audit trail: seal it, and prove that nobody has touched it."""


@audit.command()
def seal() -> None:
    """Seal now what the server seals every minute, and anchor it."""
    runtime = start()
    try:
        runtime.follow()
        complete = False
        while not complete:
            done = runtime.keeper.keep()
            complete = done.complete
            click.echo(f"sealed {done.lines} lines in {done.seals} seals")
        if runtime.keeper.trouble:
            raise click.ClickException(runtime.keeper.trouble)
    finally:
        runtime.close()


@audit.command()
@click.option(
    "--anchor", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of anchors, or a log that has them, from another machine; repeatable. The own one is always used.",
)  # fmt: skip
def verify(files: tuple[Path, ...]) -> None:
    """Compare every line with its seal, the seals with each other, with the key file and with their anchors.

    Ends with 1, and one line for each finding, when anything was changed, removed or added.
    """
    runtime = start()
    try:
        runtime.follow()
        began = time.monotonic()
        report = _verify(runtime, files)
    finally:
        runtime.close()
    _tell(report, time.monotonic() - began)


def _verify(runtime: Runtime, files: Sequence[Path]) -> Report:
    own = anchors.path_in(runtime.settings.data_dir)
    known = [anchor for path in (own, *files) if path.exists() for anchor in anchors.read(path)]
    with runtime.database.system_session("baton audit verify", write=False) as session:
        length = verifying.total(session)
        with click.progressbar(length=length, label="verifying", file=sys.stderr) as bar:
            return verifying.verify(session, runtime.vault, anchored=known, progress=bar.update)


def _tell(report: Report, seconds: float) -> None:
    for finding in report.findings[:_SHOWN]:
        click.echo(f"FOUND: {finding.text}")
    if len(report.findings) > _SHOWN:
        click.echo(f"FOUND: and {len(report.findings) - _SHOWN} more")
    speed = f"{report.lines / max(seconds, 0.001):,.0f} lines/s"
    click.echo(f"{report.lines:,} lines under {report.seals:,} seals in {seconds:.1f} s ({speed})")
    click.echo(f"{report.anchored:,} anchors compared, {report.signed:,} signatures, {report.waiting:,} lines wait")
    if report.blanked:
        click.echo(f"{report.blanked:,} lines were emptied by erasures that are on record")
    if report.archived:
        click.echo(f"{report.archived:,} lines lie in archives")
    click.echo(f"head: {report.head or 'no seal yet'}")
    if not report.ok:
        raise SystemExit(1)
    click.echo("the audit trail is what it was")


COMMANDS = (audit,)
