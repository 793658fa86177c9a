"""Options several commands share, so that they are the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Data: TypeAlias = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data directory.", show_default="holdfast-data")
]
ApiKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="KEY",
        help="The key to a running server. By default HOLDFAST_API_KEY, else keys.json in the data directory.",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The most to show.")]
AllowMissing: TypeAlias = Annotated[
    bool, typer.Option("--allow-unknown", help="Do it though messages ask for what would be there no more.")
]
AllowUnknown: TypeAlias = Annotated[
    bool,
    typer.Option("--allow-unknown", help="Messages may ask for traits and properties nobody was seen to have yet."),
]
