"""`baton` and `python -m platform_core`."""

from __future__ import annotations

from platform_core.kernel.collector import loading

with loading():
    from platform_core.cli import baton


def main() -> None:
    baton(prog_name="baton")


if __name__ == "__main__":
    main()
