"""Any subset of the first-party plugins starts, in a process that has never seen the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from platform_core.app import Runtime
from platform_core.testing.factories import Factory
from tests.architecture.checks.files import ROOT

PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
SUBSETS = sorted(
    {(), *((name,) for name in PLUGINS), *(tuple(sorted({*PLUGINS} - {name})) for name in PLUGINS)},
    key=lambda names: (len(names), names),
)
VISIT = """
import sys
from litestar.testing import TestClient
from platform_core.app import Runtime, create_app
from platform_core.settings import load_settings
from platform_core.testing.browser import Browser
from platform_core.users.models import User
from uuid import UUID

runtime = Runtime(load_settings())
runtime.follow()
user, customer = sys.argv[1:]
with TestClient(create_app(runtime, background=False)) as client:
    with runtime.database.system_session("test") as session:
        account = session.get_one(User, UUID(user))
    browser = Browser(runtime, client).sign_in(account)
    for path in ("/", "/customers", f"/customers/{customer}", "/relay/inbox", "/reports", "/settings/plugins", "/healthz"):
        print(path, browser.get(path).status_code)
    print("status", browser.get("/healthz").json()["status"])
    print("enabled", *sorted(name for name in runtime.manager.enabled if not runtime.manager.plugins[name].builtin))
"""


@pytest.mark.any_database
@pytest.mark.parametrize("names", SUBSETS, ids=lambda names: "+".join(names) or "none")
def test_a_subset_starts_and_serves(runtime: Runtime, factory: Factory, tmp_path: Path, names: tuple[str, ...]) -> None:
    user = factory.user("management", factory.department())
    customer = factory.customer(user)
    env = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")} | {
        "BATON_DATABASE_URL": runtime.settings.database_url,
        "BATON_DATA_DIR": str(tmp_path),
        "BATON_SECRET_FILE": str(runtime.settings.secret_file),
        "BATON_STRICT_PLUGINS": "1",
        "BATON_PLUGINS": ",".join(names),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = [sys.executable, "-c", VISIT, str(user.id), str(customer.id)]
    said = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=120)
    lines = said.stdout.splitlines()
    assert lines[-2:] == ["status ok", " ".join(["enabled", *sorted(names)])], said.stderr[-2000:]
    assert {line.split()[1] for line in lines[:-2]} <= {"200", "403"}, lines
