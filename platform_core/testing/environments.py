"""Virtual environments for tests, made in half a second: they see every package of this one."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


def make_environment(folder: Path) -> Path:
    """Its interpreter. Besides what is installed into it, it sees what this interpreter sees."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    inner = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    outer = sysconfig.get_path("purelib")
    # A line of a .pth file is run when it begins with "import"; this way the other's .pth files are read, too.
    (Path(inner) / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n", encoding="utf-8")
    for name, module in (("baton", "platform_core"), ("pytest", "pytest")):
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n', encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    return python


def install(python: Path, *arguments: str) -> None:
    """As `pip install`, without dependencies and without asking the network. Raises CalledProcessError."""
    uv = Path(sys.executable).with_name("uv")
    offline = ("--quiet", "--offline", "--no-deps", "--no-build-isolation")
    subprocess.run([uv, "pip", "install", "--python", python, *offline, *arguments], check=True)
