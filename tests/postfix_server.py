"""A Postfix of the tests' own: in a directory that goes away, on a port of its own, relaying to where a test says."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lacking import lacking

START_SECONDS = 90
DAEMONS = Path("/usr/lib/postfix/sbin")
UNKNOWN = "unknown.example"
"""Recipients there are refused at once; all others are taken, and the next server says what it thinks of them."""
OWNED = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
SHARED = ("maildrop", "public")

MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/spool
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ {unknown} = 550 5.1.1 No such user }} }}, permit
default_transport = smtp:[127.0.0.1]:{next_port}
smtp_tls_security_level = none
smtpd_tls_security_level = none
alias_maps =
alias_database =
notify_classes =
disable_dns_lookups = yes
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(next_port: int) -> Iterator[int]:
    """A Postfix that runs until the block ends, and hands mail on to that port of this machine; its own port.

    Skips the test where there is none: Postfix starts its parts under users of their own, which only root can.
    """
    if os.getuid() != 0 or not DAEMONS.is_dir() or shutil.which("postfix") is None:
        lacking("There is no Postfix here, or nobody who may start it: scripts/bring-system installs it, as root.")
    directory = Path(tempfile.mkdtemp(prefix="postfix-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    main = MAIN.format(directory=directory, daemons=DAEMONS, next_port=next_port, unknown=UNKNOWN)
    (directory / "main.cf").write_text(main)
    (directory / "master.cf").write_text(MASTER.format(port=port))
    _lay_out(directory)
    # Not by `postfix start`, which looks for seconds at how Postfix is installed.
    master = subprocess.Popen([DAEMONS / "master", "-c", directory, "-d"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, directory / "log")
        yield port
    finally:
        master.terminate()
        master.wait(timeout=START_SECONDS)
        shutil.rmtree(directory, ignore_errors=True)


def _lay_out(directory: Path) -> None:
    """The folders Postfix expects, with the owners it expects."""
    owner, sharing = pwd.getpwnam("postfix"), grp.getgrnam("postdrop")
    directory.chmod(0o755)
    for path in (directory / "data", *(directory / "spool" / name for name in (*OWNED, *SHARED))):
        path.mkdir(parents=True)
        os.chown(path, owner.pw_uid, sharing.gr_gid if path.name in SHARED else owner.pw_gid)
        path.chmod(0o710 if path.name == "public" else 0o700)
    (directory / "spool" / "pid").mkdir()


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as talking:
                if talking.recv(100).startswith(b"220 "):
                    return
        except OSError:
            time.sleep(0.05)
    said = log.read_text(errors="replace")[-4_000:] if log.exists() else "it wrote no log"
    raise RuntimeError(f"Postfix did not begin to answer:\n{said}")
