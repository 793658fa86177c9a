"""What is kept in files: segments, journeys and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from holdfast.flows.audience.segments import Change, document_of
from holdfast.flows.journey.publishing import Publication
from holdfast.flows.journey.publishing import document_of as decision_document
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.journey_files import name_in_journey_file, read_journey_files, write_journey_files
from holdfast.integrations.files.segment_files import Written, name_in_file, read_segment_files, write_segment_files
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import OVER
from holdfast.workspace.keeping import Keeping


class Files(Keeping):
    """What is kept in files: segments, journeys and campaigns."""

    def apply_segments(
        self, source: Path | str | Iterable[Mapping[str, object]], *, dry_run: bool = False, prune: bool = False
    ) -> list[Change]:
        """Save the segments of a folder or a file (JSON, TOML, YAML), or of objects like those in files: all, or none.

        Args:
            dry_run: change nothing, and say what would be changed.
            prune: delete whatever else is saved.

        Raises Invalid and TooLarge naming the file and the path in it, and Conflict.
        """
        if not isinstance(source, (Path, str)):
            return self.apply_documents(source, dry_run=dry_run, prune=prune)
        files = read_segment_files([Path(source)])
        try:
            return self.apply_documents([each.document for each in files], dry_run=dry_run, prune=prune)
        except Exposed as complaint:
            raise name_in_file(complaint, files) from complaint

    def pull_segments(self, folder: Path | str, file_format: DocumentFormat = "json") -> Written:
        """Write every saved segment to a file of its own, named by its id; `apply_segments` of them changes nothing.

        Raises Conflict when a segment has a file of another format that says something else.
        """
        documents = [(each.id, document_of(each)) for each in self.segments()]
        return write_segment_files(Path(folder), documents, file_format)

    def apply_journeys(
        self,
        source: Path | str | Iterable[Mapping[str, object]],
        *,
        move: Mapping[str, Mapping[str, str]] | None = None,
        dry_run: bool = False,
        allow_unknown: bool = False,
    ) -> list[Publication]:
        """Publish the journeys and campaigns of a folder or a file, or of objects like those in files: all, or none.

        Templates and blocks among them are saved in the same transaction. Files are JSON, TOML or YAML.
        `apply_journey_documents` tells what the arguments mean.

        Raises Invalid and TooLarge naming the file and the path in it, and Conflict.
        """
        if not isinstance(source, (Path, str)):
            return self.apply_journey_documents(source, move=move, dry_run=dry_run, allow_unknown=allow_unknown)
        files = read_journey_files([Path(source)])
        try:
            documents = [each.document for each in files]
            return self.apply_journey_documents(documents, move=move, dry_run=dry_run, allow_unknown=allow_unknown)
        except Exposed as complaint:
            raise name_in_journey_file(complaint, files) from complaint

    def pull_journeys(self, folder: Path | str, file_format: DocumentFormat = "json") -> Written:
        """Write what runs to a file each, named by its id; `apply_journeys` of them changes nothing.

        Templates and blocks go into the folders `templates` and `blocks` within it.

        Raises Conflict when one has a file of another format that says something else.
        """
        running = [each for each in self.journeys() if each.state not in OVER]
        documents = [(each.id, decision_document(each)) for each in running]
        return write_journey_files(Path(folder), [*documents, *self.content_documents()], file_format)
