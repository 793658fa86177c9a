"""The built-in mailbox, in a SQLite file of its own."""

from holdfast.stores.mailbox.mailbox import SqliteMailbox

__all__ = ["SqliteMailbox"]
