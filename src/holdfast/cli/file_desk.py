"""The desk for files: a running server takes and gives them over HTTP, else the data directory is opened here."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, TypeAlias
from urllib.parse import quote, urlencode

from holdfast.cli.desk import complaint_of, key_for, running_server
from holdfast.cli.over_http import OverHttp
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.settings import Settings

if TYPE_CHECKING:  # They bring the Arrow and Polars libraries, which `--help` must not wait for.
    from holdfast.integrations.files.mapping import ImportMapping
    from holdfast.workspace import Workspace

BY = "command line"
"""Who changes are by."""
LOOK_SECONDS = 1.0
"""How often a server is asked how far it has come."""

Progress: TypeAlias = Callable[[int, int | None], None]
"""Told rows done, and rows in all if that is known."""
FileFormat = Literal["parquet", "csv", "jsonl"]
PersonFormat = Literal["json", "jsonl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of a file's rows."""

    rows: int
    added: int
    known: int
    """Events that were here already."""
    bad: int
    """Rows that cannot be events."""
    stopped: bool
    """Whether somebody called it off before the file's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsWish:
    """A file of items, and how it is brought in; its fields are those of the API's query."""

    catalogue: str
    mode: Literal["replace", "update"] = "replace"
    id: str = "id"
    ranked_by: str | None = None
    fields: str = ""
    skip_bad: bool = False
    allow_unknown: bool = False


class FileDesk(Protocol):
    """Takes files in and gives them out."""

    def take(self, file: Path, mapping: ImportMapping, progress: Progress) -> Said: ...

    def take_items(self, file: Path, wish: ItemsWish, progress: Progress) -> dict[str, object]: ...

    def take_codes(self, file: Path, pool: str, progress: Progress) -> dict[str, object]: ...

    def give(self, file: Path, file_format: FileFormat) -> None: ...

    def give_person(self, person: str, file: Path, file_format: PersonFormat) -> None: ...


@contextlib.contextmanager
def file_desk(settings: Settings, api_key: str | None) -> Iterator[FileDesk]:
    """The desk of the data directory. Without a server the directory is opened, and made if it is not there."""
    found = running_server(settings.data_dir)
    if found is not None:
        yield Served(OverHttp(found.url, key_for(settings.data_dir, api_key, os.environ)))
        return
    import holdfast

    with holdfast.open(settings.data_dir) as workspace:
        yield Opened(workspace)


class Opened:
    """With no server: the workspace itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def take(self, file: Path, mapping: ImportMapping, progress: Progress) -> Said:
        done = self._workspace.import_file(file, mapping, progress)
        return Said(rows=done.rows, added=done.added, known=done.known, bad=done.bad, stopped=done.stopped)

    def take_items(self, file: Path, wish: ItemsWish, progress: Progress) -> dict[str, object]:
        from holdfast.flows.content.catalogues import ImportWish
        from holdfast.messages.liquid.catalogue import decode_types

        asked = ImportWish(
            catalogue=wish.catalogue,
            mode=wish.mode,
            id_field=wish.id,
            ranked_by=wish.ranked_by,
            fields=decode_types(wish.fields, "fields"),
            skip_bad=wish.skip_bad,
            allow_unknown=wish.allow_unknown,
            by=BY,
        )
        done = self._workspace.import_items(file, asked, progress)
        return {
            "catalogue": {"name": done.catalogue.name, "items": done.catalogue.items, "fields": done.catalogue.fields},
            "rows": done.rows,
            "kept": done.kept,
            "bad": done.bad,
            "complaints": list(done.complaints),
        }

    def take_codes(self, file: Path, pool: str, progress: Progress) -> dict[str, object]:
        return asdict(self._workspace.import_codes(file, pool, progress))

    def give(self, file: Path, file_format: FileFormat) -> None:
        self._workspace.export(file, file_format)

    def give_person(self, person: str, file: Path, file_format: PersonFormat) -> None:
        self._workspace.export_person(person, file, file_format)


class Served:
    """A running server."""

    def __init__(self, server: OverHttp) -> None:
        self._server = server

    def take(self, file: Path, mapping: ImportMapping, progress: Progress) -> Said:
        query = urlencode({"name": file.name, "mapping": json.dumps(asdict(mapping))})
        with _watching(self._server, progress), file.open("rb") as body:
            status, text = self._server.send_file("POST", f"/api/import?{query}", body, file.stat().st_size)
        if status != 200:
            raise complaint_of(status, text)
        return Said(**json.loads(text))

    def take_items(self, file: Path, wish: ItemsWish, progress: Progress) -> dict[str, object]:
        said = {name: value for name, value in asdict(wish).items() if name != "catalogue" and value is not None}
        said |= {name: str(value).lower() for name, value in said.items() if isinstance(value, bool)}
        return self._take(f"/api/catalogues/{quote(wish.catalogue, safe='')}/import", file, said, progress)

    def take_codes(self, file: Path, pool: str, progress: Progress) -> dict[str, object]:
        return self._take(f"/api/coupons/{quote(pool, safe='')}/import", file, {}, progress)

    def _take(self, path: str, file: Path, said: Mapping[str, object], progress: Progress) -> dict[str, object]:
        query = urlencode({"name": file.name, **said})
        with _watching(self._server, progress), file.open("rb") as body:
            status, text = self._server.send_file("POST", f"{path}?{query}", body, file.stat().st_size)
        if status != 200:
            raise complaint_of(status, text)
        taken: dict[str, object] = json.loads(text)
        return taken

    def give(self, file: Path, file_format: FileFormat) -> None:
        self._keep(file, f"/api/export?format={file_format}")

    def give_person(self, person: str, file: Path, file_format: PersonFormat) -> None:
        self._keep(file, f"/api/people/{quote(person, safe='')}/export?format={file_format}")

    def _keep(self, file: Path, path: str) -> None:
        # Written beside its place and moved there, so that the file is whole, or not there.
        draft = file.with_name(file.name + ".part")
        try:
            with _opened(draft, file) as kept, self._server.fetch(path) as reply:
                shutil.copyfileobj(reply, kept)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def _opened(draft: Path, file: Path) -> BinaryIO:
    """The draft, to be written. Raises Invalid, naming the file that was asked for."""
    try:
        return draft.open("wb")
    except OSError as error:
        raise Invalid(f"cannot be written: {error.strerror}.", path=str(file), hint="Choose another place.") from error


@contextlib.contextmanager
def _watching(server: OverHttp, progress: Progress) -> Iterator[None]:
    """Tell how far the server has come, from beside the request that waits for it."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            with contextlib.suppress(Exposed, ValueError, KeyError, TypeError):
                loading = json.loads(server.ask("GET", "/api/overview", None)[1])["loading"]
                progress(loading["done"], loading["total"] or None)

    watcher = threading.Thread(target=look, name="import-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
