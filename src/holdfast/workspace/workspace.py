"""The workspace as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.settings import Settings
from holdfast.workspace.files import Files
from holdfast.workspace.intake import Intake
from holdfast.workspace.keys import Keys
from holdfast.workspace.measuring import Measuring
from holdfast.workspace.people import People


class Workspace(
    Intake,
    People,
    Measuring,
    Files,
    Keys,
):
    """One workspace, open in this process. Methods may be called from any thread; close it when done.

    Every answer includes everything tracked before the question.
    """


def open_workspace(directory: Path | str, **settings: object) -> Workspace:
    """Open the workspace in a directory, making both as needed; settings as in docs/reference/settings.md."""
    return Workspace(Settings.load(Path(directory), os.environ, settings))
