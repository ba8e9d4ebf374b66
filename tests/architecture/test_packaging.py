"""A wheel of the core holds all that a checkout has beside the package; plugins' wheels are their own affair."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_runs_without_the_checkout(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("baton_crm-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for folder in ("migrations", "plugin_template", "themes"):
        beside = [
            path.relative_to(ROOT)
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
        assert beside
        assert [str(path) for path in beside if not (site / "platform_core" / path).is_file()] == []
    assert (site / "platform_core" / "web" / "static" / "app.css").is_file()
    asked = (
        "from platform_core.web.themes import OURS; from platform_core.plugins.migrations import ENV_FOLDER; "
        "from platform_core.cli.scaffold import _PLACES; print(OURS, ENV_FOLDER, _PLACES[0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=site, check=True, capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(site)},
    )  # fmt: skip
    assert told.stdout.split() == [
        str(site / "platform_core" / name) for name in ("themes", "migrations", "plugin_template")
    ]
