"""Who can sign in to a demo, and with which password."""

from __future__ import annotations

import os

from sqlalchemy import select, update

from platform_core.demo import tables
from platform_core.kernel.database import Database
from platform_core.settings import Settings, new_password
from platform_core.users import passwords
from platform_core.users.models import User

_FILE = "demo-password"


def announced() -> dict[str, str]:
    """Login name -> what the account is for."""
    found: dict[str, str] = tables.load("organisation")["accounts"]
    return found


def password(settings: Settings) -> str:
    """$BATON_DEMO_PASSWORD, else one that is generated once and kept in the data folder."""
    given = settings.environment.get("BATON_DEMO_PASSWORD") or os.environ.get("BATON_DEMO_PASSWORD")
    if given:
        return given
    path = settings.data_dir / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    made = new_password()
    with os.fdopen(handle, "w") as file:
        file.write(made + "\n")
    return made


def let_in(database: Database, word: str) -> None:
    """Make the announced accounts accept the password, should it have changed since they were made."""
    with database.system_session("the demo's passwords") as session:
        logins = list(announced())
        known = session.execute(select(User.login, User.password_hash).where(User.login.in_(logins))).all()
        fits = {stored: passwords.verify(stored, word) for stored in {row.password_hash for row in known}}
        others = [row.login for row in known if not fits[row.password_hash]]
        if others:
            made = passwords.hash_password(word)
            session.execute(update(User).where(User.login.in_(others)).values(password_hash=made))
