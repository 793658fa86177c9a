"""A hand: a process of its own that works out a share of each tick for the server.

It is begun when there is much to do. So what it needs is imported at a lower priority than those have who do it.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
import sys
import threading
from contextlib import suppress

MODESTLY = 10
"""How nice a process is while it is no help yet."""
_NEEDED = "holdfast.workers.at_hand"


def main() -> None:
    """Be the hand that the server has begun: its end of the wire is the argument."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    wire = socket.socket(fileno=int(sys.argv[1]))
    wire.setblocking(False)
    wire.set_inheritable(False)
    # In a thread, which may be given a lower priority for itself: a process could not take it back.
    importing = threading.Thread(target=_import)
    importing.start()
    importing.join()
    importlib.import_module(_NEEDED).serve(wire)


def _import() -> None:
    with suppress(OSError, AttributeError):  # Where there are no such threads it is imported as quickly as can be.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), MODESTLY)
    importlib.import_module(_NEEDED)


if __name__ == "__main__":
    main()
