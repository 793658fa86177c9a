"""The desk of a data directory: at the server that runs there, or opened here."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from holdfast.cli.desk.access import AccessDesk
from holdfast.cli.desk.asking import Transport
from holdfast.cli.desk.audience import AudienceDesk
from holdfast.cli.desk.boards import BoardDesk
from holdfast.cli.desk.content import ContentDesk
from holdfast.cli.desk.delivery import DeliveryDesk
from holdfast.cli.desk.experiments import ExperimentDesk
from holdfast.cli.desk.insights import InsightDesk
from holdfast.cli.desk.journeys import JourneyDesk
from holdfast.cli.desk.people import PeopleDesk
from holdfast.cli.desk.running import WORKSPACE_FILE, key_for, no_directory, no_workspace, running_server
from holdfast.flows.accounts.local import local_token
from holdfast.settings import FILE_NAME, Settings

SIGNING_FILE = "secret.key"
"""The secret of the data directory, where the state is in it."""


class Desk(
    AccessDesk,
    AudienceDesk,
    BoardDesk,
    ContentDesk,
    DeliveryDesk,
    ExperimentDesk,
    InsightDesk,
    JourneyDesk,
    PeopleDesk,
):
    """Asks the HTTP API everything there is to ask."""


@contextlib.contextmanager
def owner_desk(data: Path | None, api_key: str | None) -> Iterator[Desk]:
    """The desk for what no api key may do by itself: whoever can read the secret of the data directory may.

    Where it cannot be read, or a key is given by the flag, the key must be one with that scope.
    """
    settings = Settings.load(data, os.environ)
    given = api_key
    with contextlib.suppress(OSError):
        given = given or local_token((settings.data_dir / SIGNING_FILE).read_bytes(), time.time_ns() // 1_000_000)
    with desk(data, given) as opened:
        yield opened


@contextlib.contextmanager
def desk(data: Path | None, api_key: str | None) -> Iterator[Desk]:
    """The desk of the data directory, closed again when the block ends.

    Raises Unauthorized when a server runs there and no key is to be found, Invalid when there is no such directory.
    """
    settings = Settings.load(data, os.environ)
    found = running_server(settings.data_dir)
    transport: Transport
    if found is None:
        if not settings.data_dir.is_dir():
            raise no_directory(settings.data_dir)
        others = {each.name for each in settings.data_dir.iterdir()} - {FILE_NAME}
        if others and WORKSPACE_FILE not in others:
            # A name mistyped must not leave a workspace of its own among somebody's files.
            raise no_workspace(settings.data_dir)
        from holdfast.cli.in_process import InProcess

        transport = InProcess(settings)
    else:
        from holdfast.cli.over_http import OverHttp

        transport = OverHttp(found.url, key_for(settings.data_dir, api_key, os.environ))
    with contextlib.closing(Desk(transport)) as opened:
        yield opened
