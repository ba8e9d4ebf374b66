"""The tutorial for plugin writers, done from beginning to end in a fresh environment outside the source tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from platform_core.testing.environments import make_environment
from platform_core.testing.serving import Served
from tests.architecture.checks.files import ROOT

TUTORIAL = ROOT / "docs" / "plugin-writers" / "tutorial.md"
FENCE = re.compile(r"^```(\w+)[ ]?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PREPARATION = [
    "mkdir baton-wishes && cd baton-wishes",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install -e ../baton pytest httpx",
]
"""Done by the test in its own way, since it must not ask the network."""
PIP = """#!{here}
import importlib.util, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from platform_core.testing.environments import install
assert sys.argv[1] == "install", sys.argv
known = [word for word in sys.argv[2:] if word.isidentifier()]
missing = [word for word in known if importlib.util.find_spec(word) is None]
assert not missing, f"the page installs {{missing}}, which this environment lacks"
rest = [word for word in sys.argv[2:] if word not in known]
if rest:
    install(Path({python!r}), *rest)
"""


@dataclass
class Learner:
    """Somebody who does what the page says."""

    folder: Path
    python: Path
    exported: list[str] = field(default_factory=list)
    said: str = ""

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def type(self, commands: str) -> None:
        script = "\n".join(["set -euo pipefail", *self.exported, commands])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "PYTEST_"))}
        kept["PATH"] = f"{self.python.parent}{os.pathsep}{kept['PATH']}"
        kept["BATON_DEMO_PASSWORD"] = "green tea in the afternoon"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=kept, capture_output=True, text=True, check=False
        )
        self.said = done.stdout
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        self.exported += [line for line in commands.splitlines() if line.startswith("export ")]

    def serve(self) -> None:
        """`baton serve`, and what the page promises to be seen."""
        server = Served(self.folder / "data", {"BATON_DEMO_PASSWORD": "green tea in the afternoon"})
        server.python = str(self.python)
        server.start()
        try:
            with httpx.Client(base_url=server.url, headers={"Accept-Language": "en"}) as browser:
                assert browser.get("/healthz").json()["plugins"]["wishes"] == "enabled"
                signed = browser.post("/login", data={"login": "collector", "password": "green tea in the afternoon"})
                assert signed.status_code == 303, signed.text
                customer = re.search(r'href="(/customers/[0-9a-f-]{36})"', browser.get("/customers?view=mine").text)
                page = browser.get(customer[1])
                assert page.status_code == 200
                assert "Write down a wish" in page.text
        finally:
            server.stop()


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    python = make_environment(tmp_path / "venv")
    pip = python.with_name("pip")
    pip.write_text(PIP.format(here=sys.executable, python=str(python), root=str(ROOT)), encoding="utf-8")
    pip.chmod(0o755)
    folder = tmp_path / "baton-wishes"
    folder.mkdir()
    return Learner(folder, python)


def test_the_tutorial_is_done_as_it_stands(learner: Learner) -> None:
    blocks = FENCE.findall(TUTORIAL.read_text("utf-8"))
    language, _info, preparation = blocks[0]
    assert (language, preparation.splitlines()) == ("sh", PREPARATION)
    outputs = []
    for language, info, text in blocks[1:]:
        if info.startswith("file="):
            learner.write(info.removeprefix("file="), text)
        elif (language, info) == ("sh", "server"):
            learner.serve()
        else:
            assert (language, info) == ("sh", ""), f"what is a block of {language} {info} for?"
            learner.type(text)
            outputs.append(learner.said)
    assert len(blocks) > 18
    assert "wishes\t0.1.0\tenabled" in outputs[0]
    assert any("3 passed" in said for said in outputs)
    assert "wishes\t0.1.0\tenabled" in outputs[-1]
    assert not (learner.folder.parent / "baton").exists()
    installed = list((learner.python.parents[1] / "lib").rglob("baton_plugins/wishes/plugin.py"))
    assert installed, "the wheel was installed, not the folder"
