"""The process that makes drafts beside an import: `python -m platform_core.customers.importing.apart FD`.

It is given rows and the place of the keys, and knows no database. It ends with whoever started it.
"""

from __future__ import annotations

import signal
import sys
from multiprocessing.connection import Connection

from platform_core.customers.importing.drafting import Drafter
from platform_core.kernel.secrets import Vault


def serve(connection: Connection) -> None:
    """Answer until nobody is at the other end."""
    try:
        path, frame = connection.recv()
        drafter = Drafter(Vault.from_file(path), frame)
        while True:
            connection.send(drafter.drafts(connection.recv()))
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's is for the one that imports
    serve(Connection(int(sys.argv[1])))
