"""The SDKs of npm, brought as their lock says, with the Node that builds the console."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

from build_console import npm_command

ROOT = Path(__file__).parents[3]
SDK = ROOT / "tests" / "sdk"
_INSTALLED = SDK / "node_modules" / ".package-lock.json"


def node() -> str:
    """The Node that comes with the npm we use."""
    return str(Path(npm_command(ROOT)[0]).with_name("node"))


def install() -> Path:
    """Bring the packages if they are not there or the lock is newer; their folder."""
    with (SDK / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Several test processes may come here at once.
        if not _INSTALLED.exists() or _INSTALLED.stat().st_mtime < (SDK / "package-lock.json").stat().st_mtime:
            npm = npm_command(ROOT)
            path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
            subprocess.run(
                [*npm, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--silent"],
                cwd=SDK,
                env={**os.environ, "PATH": path},
                check=True,
                timeout=300,
            )
            _INSTALLED.touch()
    return SDK / "node_modules"
