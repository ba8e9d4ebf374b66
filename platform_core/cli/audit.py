"""`baton audit verify|seal|archive`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from platform_core.app import Runtime
from platform_core.audit import anchors, archives, retention, verifying
from platform_core.audit.verifying import Finding, Report
from platform_core.cli.runtime import start
from platform_core.kernel.errors import BatonError
from platform_core.kernel.i18n import speaking

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
@click.option(
    "--file", "archive", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify this archive of old months instead of the database.",
)  # fmt: skip
@click.option("--alone", is_flag=True, help="With --file: where there is neither database nor key file.")
def verify(files: tuple[Path, ...], archive: Path | None, alone: bool) -> None:  # noqa: FBT001  click's flag
    """Compare every line with its seal, the seals with each other, with the key file and with their anchors.

    Ends with 1, and one line for each finding, when anything was changed, removed or added.
    """
    if archive is not None:
        _verify_file(archive, files, alone=alone)
        return
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


def _verify_file(path: Path, files: Sequence[Path], *, alone: bool) -> None:
    """Without a database it compares the file with itself, and with the anchors that are given."""
    began = time.monotonic()
    known = [anchor for name in files for anchor in anchors.read(name)]
    if alone:
        report, heads = archives.verify(path)
    else:
        runtime = start()
        try:
            runtime.follow()
            report, heads = archives.verify(path, runtime.vault)
            with runtime.database.system_session("baton audit verify --file", write=False) as session:
                for wrong in anchors.differing(session, heads):
                    text = f"seal {wrong.number} of the file is not the one in the database"
                    report.findings.append(Finding(wrong.number, text))
        finally:
            runtime.close()
    elsewhere = {anchor.number: anchor.head for anchor in known}
    for mine in heads:
        if elsewhere.get(mine.number, mine.head) != mine.head:
            report.findings.append(
                Finding(mine.number, f"seal {mine.number} of the file is not the one that was anchored")
            )
        report.anchored += mine.number in elsewhere
    _tell(report, time.monotonic() - began)


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


@audit.command()
@click.option(
    "--months", type=click.IntRange(retention.LEAST, retention.MOST), default=retention.USUAL, show_default=True
)
@click.option("--yes", is_flag=True, help="Do it; without this it only says what would go.")
def archive(months: int, yes: bool) -> None:  # noqa: FBT001  click's flag
    """Move months older than --months into files that prove themselves, and remove their lines from the table."""
    runtime = start()
    try:
        runtime.follow()
        with runtime.database.system_session("baton audit archive", write=False) as session:
            found = retention.old(session, months)
            folder = retention.folder_of(session)
        for item in found:
            seals = f"seals {item.first_number} to {item.last_number}"
            click.echo(f"{item.month}\t{item.lines} lines\t{seals}\t{item.file}")
        if not found:
            click.echo("no whole month is older")
        elif yes:
            with speaking("en"):
                retention.archive(runtime.database, None, months, found[-1].month)
            click.echo(f"archived into {folder}")
        else:
            click.echo("nothing was changed; repeat with --yes")
    except BatonError as error:
        raise click.ClickException(error.message) from error
    finally:
        runtime.close()
