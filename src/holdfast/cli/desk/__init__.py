"""The desk: where a command asks its questions, whoever answers.

If a server runs on the data directory it is asked over HTTP, for only one process can have the history open. Otherwise
the command opens the data directory itself, and asks the same API with no network between.
"""

from holdfast.cli.desk.asking import Answer, AwaitsApproval, Transport, complaint_of, rows_of
from holdfast.cli.desk.opening import Desk, desk, owner_desk
from holdfast.cli.desk.running import (
    KEYS_FILE,
    SERVER_FILE,
    first_keys,
    is_alive,
    key_for,
    no_directory,
    not_answering,
    running_server,
)

__all__ = [
    "KEYS_FILE",
    "SERVER_FILE",
    "Answer",
    "AwaitsApproval",
    "Desk",
    "Transport",
    "complaint_of",
    "desk",
    "first_keys",
    "is_alive",
    "key_for",
    "no_directory",
    "not_answering",
    "owner_desk",
    "rows_of",
    "running_server",
]
