"""`baton user add|reset|lost-key|role|list` and `baton token create|list|revoke`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.audit import services as audit
from platform_core.cli.runtime import start
from platform_core.kernel.clock import local, now
from platform_core.kernel.errors import BatonError
from platform_core.kernel.i18n import speaking
from platform_core.permissions import services as roles
from platform_core.permissions.assignments import live
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.users import accounts, keyhelp, sessions
from platform_core.users.models import ApiToken, Department, User


@contextmanager
def operating(reason: str) -> Iterator[tuple[Runtime, Session]]:
    """A runtime and a session for one command; refusals become one line of English."""
    runtime = start()
    try:
        with speaking("en"), runtime.database.system_session(reason) as session:
            yield runtime, session
    except BatonError as error:
        details = "; ".join(f"{name}: {text}" for name, text in error.fields.items() if text != error.message)
        raise click.ClickException(f"{error.message} {details}".strip()) from error
    finally:
        runtime.close()


def _account(session: Session, login: str) -> User:
    user = accounts.find_user(session, login)
    if user is None:
        raise click.ClickException(f"there is no account {login}")
    return user


@click.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("login")
@click.option("--name", help="Full name [default: the sign-in name].")
@click.option("--role", "role_codes", multiple=True, help="Code of a role; repeatable.")
@click.option("--department", help="Code of the department.")
def add(login: str, name: str | None, role_codes: tuple[str, ...], department: str | None) -> None:
    """Make an account and print a one-time link with which its owner chooses a password."""
    with operating("baton user add") as (runtime, session):
        department_id = None
        if department:
            department_id = session.scalar(select(Department.id).where(Department.code == department))
            if department_id is None:
                raise click.ClickException(f"there is no department {department}")
        data = accounts.UserInput(login=login, name=name or login, department_id=department_id)
        account = accounts.create_user(session, None, data)
        for code in role_codes:
            roles.assign_role(session, None, account.id, code)
        link = f"{runtime.settings.base_url}/reset/{accounts.issue_code(session, None, account)}"
    click.echo(f"made {login}; to choose a password, within {accounts.SETUP_MINUTES // 60} hours:\n{link}")
    if not role_codes:
        click.echo(f"it cannot sign in before it has a role: baton user role {login} ROLE")


@user.command("reset")
@click.argument("login")
def reset(login: str) -> None:
    """Print a one-time link with which the owner chooses a new password."""
    with operating("baton user reset") as (runtime, session):
        account = _account(session, login)
        minutes = accounts.link_minutes(account)
        link = f"{runtime.settings.base_url}/reset/{accounts.issue_code(session, None, account)}"
    click.echo(f"valid once, within {minutes} minutes:\n{link}")


@user.command("lost-key")
@click.argument("login")
def lost_key(login: str) -> None:
    """Remove the keys of an account; print a code that lets its owner in once to register another."""
    with operating("baton user lost-key") as (_runtime, session):
        code = keyhelp.by_operator(session, _account(session, login))
    click.echo(f"valid once, within {accounts.RESET_MINUTES} minutes, after the password:\n{code}")


@user.command("role")
@click.argument("login")
@click.argument("role")
def give_role(login: str, role: str) -> None:
    """Give an account a role."""
    with operating("baton user role") as (_runtime, session):
        roles.assign_role(session, None, _account(session, login).id, role)
    click.echo(f"{login} is {role}")


@user.command("list")
def list_users() -> None:
    """Sign-in name, name, state, department, roles; separated by tabs."""
    with operating("baton user list") as (_runtime, session):
        held: dict[object, list[str]] = {}
        assigned = select(RoleAssignment.user_id, Role.code).join(Role, Role.id == RoleAssignment.role_id)
        for user_id, code in session.execute(assigned.where(live(now())).order_by(Role.code)):
            held.setdefault(user_id, []).append(code)
        found = session.execute(
            select(User, Department.name)
            .outerjoin(Department, Department.id == User.department_id)
            .order_by(User.login)
        )
        for account, department in found:
            columns = (
                account.login,
                account.name,
                account.status,
                department or "",
                ",".join(held.get(account.id, [])),
            )
            click.echo("\t".join(columns))


@click.group()
def token() -> None:
    """Bearer tokens for the JSON API; each acts as its user."""


@token.command("create")
@click.argument("login")
@click.option("--name", default="", help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="Ends after so many days [default: never].")
@click.option("--changes-rights", is_flag=True, help="It may change roles, teams and loans of rights, as its user may.")
def create_token(login: str, name: str, days: int | None, changes_rights: bool) -> None:  # noqa: FBT001  click names it
    """Print a new token. It is shown this once."""
    with operating("baton token create") as (_runtime, session):
        account = _account(session, login)
        if account.status != "active":
            raise click.ClickException(f"the account {login} is {account.status}")
        text = sessions.create_api_token(session, account, name[:80], days=days, changes_rights=changes_rights)
        after = {"name": name, "days": days, **({"changes_rights": True} if changes_rights else {})}
        audit.record(session, None, "users.token", accounts.ref(account), after=after)
    click.echo(text)


@token.command("list")
def list_tokens() -> None:
    """Id, sign-in name, name, made, last used, ends, state; separated by tabs."""
    with operating("baton token list") as (_runtime, session):
        found = session.execute(
            select(ApiToken, User.login, User.auth_epoch)
            .join(User, User.id == ApiToken.user_id)
            .order_by(User.login, ApiToken.id)
        )
        for row, login, epoch in found:
            dates = [f"{local(day):%Y-%m-%d}" if day else "" for day in (row.created_at, row.seen_at, row.expires_at)]
            click.echo("\t".join((str(row.id), login, row.name, *dates, _state(row, epoch))))


def _state(row: ApiToken, epoch: int) -> str:
    if row.revoked_at is not None or row.auth_epoch != epoch:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "valid"


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke_token(token_id: object) -> None:
    """End a token at once; TOKEN_ID is from `baton token list`."""
    with operating("baton token revoke") as (_runtime, session):
        ended = session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now())
            .returning(ApiToken.user_id, ApiToken.name)
        ).one_or_none()
        if ended is None:
            raise click.ClickException("there is no such token, or it has been revoked")
        account = accounts.get_user(session, ended.user_id)
        audit.record(session, None, "users.revoke_token", accounts.ref(account), after={"name": ended.name})
    click.echo("revoked")
