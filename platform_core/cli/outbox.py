"""`baton outbox status|release`."""

from __future__ import annotations

import click

from platform_core.cli.users import operating
from platform_core.outbox import holding


@click.group()
def outbox() -> None:
    """Messages on their way: whether they leave, and letting them leave again after a restore."""


@outbox.command()
def status() -> None:
    """Say whether messages leave, and how many wait."""
    with operating("baton outbox status") as (_runtime, session):
        reason, waiting = holding.why(session), holding.waiting(session)
    if reason:
        click.echo(f"nothing leaves the house since its {reason}; {waiting:,} messages wait")
        click.echo("they may have left long ago. To drop them: baton outbox release --drop")
        click.echo("to send them all: baton outbox release --send")
    else:
        click.echo(f"messages leave; {waiting:,} wait")


@outbox.command()
@click.option("--drop", "choice", flag_value="drop", help="Cancel those that wait; new ones leave again.")
@click.option("--send", "choice", flag_value="send", help="Send those that wait as well.")
def release(choice: str | None) -> None:
    """Let messages leave again."""
    if choice is None:
        raise click.UsageError("say --drop or --send: what waits may have left before the house was restored")
    with operating("baton outbox release") as (_runtime, session):
        dropped = holding.release(session, drop=choice == "drop")
    click.echo(f"messages leave again; {dropped:,} were dropped" if choice == "drop" else "messages leave again")
