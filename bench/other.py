"""What else has a limit: the import, the weight of a page, the second start."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import clients, people, stands
from bench.clients import Call
from bench.results import Result
from bench.stands import Stand
from platform_core.app import Runtime

_WEIGHT = 60.0
"""kB, compressed: a page with everything it needs, by an empty cache."""
_START = 5.0
_ASSET = re.compile(rb'(?:href|src)="(/static/[^"]+)"')


def weight(stand: Stand) -> Iterator[Result]:
    """Pages with style sheets and scripts, as a browser without a cache fetches them."""
    runtime = Runtime(stand.settings)
    runtime.follow()
    person = next(person for person in people.of_every_scope(runtime) if person.scope == "subtree")
    runtime.close()
    with stands.served(stand) as port:
        client = clients.Client(port)
        for name, path in {
            "workbench": "/", "list": "/customers", "customer": f"/customers/{person.customers[0]}",
        }.items():  # fmt: skip
            body = client.ask(Call(path, person))[1]
            page = gzip.decompress(body)
            assets = {match.decode() for match in _ASSET.findall(page)}
            sizes = {asset: len(client.ask(Call(asset, person))[1]) for asset in assets if _is_fetched(asset)}
            total = (len(body) + sum(sizes.values())) / 1000
            heaviest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
            detail = f"page {len(body) / 1000:.1f}, " + ", ".join(
                f"{Path(asset).name.partition('.')[0]} {sizes[asset] / 1000:.1f}" for asset in heaviest
            )
            yield Result(f"cold page: {name}", total, "kB gz", _WEIGHT, detail)
        client.close()


def _is_fetched(asset: str) -> bool:
    """Icons and manifests are not needed to show the page."""
    return asset.endswith((".css", ".js"))


def start(_stand: Stand) -> Iterator[Result]:
    """`baton quickstart`: the first start with everything to load, then the second one."""
    with tempfile.TemporaryDirectory(prefix="baton-start-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        environment = {**kept, "BATON_DATA_DIR": folder}
        first = _first_page(environment, Path(folder))
        second = min(_first_page(environment, Path(folder)) for _number in range(3))
    yield Result("start: first, demo loaded", first, "s")
    yield Result("start: second, to the first page", second, "s", _START)


def _first_page(environment: dict[str, str], folder: Path) -> float:
    port = stands.free_port()
    log = folder / "start.log"
    began = time.monotonic()
    with log.open("wb") as output:
        command = [sys.executable, "-m", "platform_core", "quickstart", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, cwd=stands.ROOT, stdout=output, stderr=output)
    stands.wait_for(port, process, log, "/login")
    seconds = time.monotonic() - began
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    process.kill()
    process.wait()
    return seconds
