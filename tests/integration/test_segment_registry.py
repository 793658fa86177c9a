"""The registry of segments over HTTP, on the command line and from Python; and through a kill in the middle."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdfast.stores.sqlite.state import FILE
from tests.integration.api_server import Server

BUYS: dict[str, Any] = {"type": "did", "event": "Pen Bought", "at_least": 2}
OTHER: dict[str, Any] = {**BUYS, "at_least": 3}
IN_LOYAL = {"type": "all", "of": [{"type": "in_segment", "segment": "pen-loyal"}]}
SEGMENTS = "/api/segments"


@pytest.fixture(scope="module", autouse=True)
def writers(server: Server) -> None:
    """The n-th bought n pens."""
    for number in range(4):
        name = f"writer-{number}"
        server.took({"type": "identify", "userId": name, "traits": {"number": number}})
        server.took(*({"type": "track", "userId": name, "event": "Pen Bought"} for _ in range(number)))


def document(segment_id: str, definition: object, **also: object) -> dict[str, object]:
    return {"id": segment_id, "name": segment_id.title(), "definition": definition, **also}


def applied(server: Server, *documents: object, **also: object) -> dict[str, Any]:
    said = server.got("POST", f"{SEGMENTS}/apply", {"segments": list(documents), **also})
    return {each["id"]: each for each in said["changes"]}


@pytest.fixture
def clean(server: Server) -> None:
    """None of ours is saved."""
    saved = [each["id"] for each in server.got("GET", SEGMENTS)["segments"]]
    for each in sorted((name for name in saved if name.startswith("pen-")), reverse=True):
        server.got("DELETE", f"{SEGMENTS}/{each}", status=204)


@pytest.mark.usefixtures("clean")
def test_versions_are_listed_read_compared_and_restored(server: Server) -> None:
    path = f"{SEGMENTS}/pen-loyal"
    first = server.got("PUT", path, {"name": "Loyal", "definition": BUYS, "description": "Who comes back."})
    assert (first["description"], first["by"], first["used_by"]) == ("Who comes back.", "owner", [])
    assert server.got("PUT", path, {"name": "Loyal", "definition": BUYS, "description": "Who comes back."}) == first
    second = server.got("PUT", path, {"name": "Loyal", "definition": OTHER, "description": ""})
    assert second["version"] == first["version"] + 1
    listed = server.got("GET", f"{path}/versions")
    newest, before = listed["versions"][:2]
    assert (newest["version"], before["version"]) == (second["version"], first["version"])
    assert (before["definition"], newest["definition"]) == (BUYS, OTHER)
    assert "2" in before["words"]
    assert not before["deleted"]
    page = server.got("GET", f"{path}/versions?limit=1")
    assert (page["versions"], page["next_before"]) == ([newest], newest["version"])
    assert server.got("GET", f"{path}/versions?limit=1&before={page['next_before']}")["versions"] == [before]
    assert server.got("GET", f"{path}/versions/{before['version']}") == before

    compared = server.got("GET", f"{path}/diff")
    assert (compared["before"], compared["after"]) == (before, newest)
    assert compared["differences"] == [
        {"path": "$.description", "kind": "removed", "before": "Who comes back.", "after": None},
        {"path": "$.definition.at_least", "kind": "changed", "before": 2, "after": 3},
    ]
    same = server.got("GET", f"{path}/diff?before={newest['version']}&after={newest['version']}")
    assert same["differences"] == []

    kept = server.got("PUT", path, {"name": "Loyal", "definition": OTHER, "description": "Kept."})
    assert server.got("PUT", path, {"name": "Loyal", "definition": OTHER}) == kept, "what is not said stays"
    assert server.got("PUT", path, {"name": "Loyal", "definition": OTHER, "description": ""})["description"] == ""
    restored = server.got("POST", f"{path}/restore", {"version": before["version"]})
    assert (restored["version"], restored["definition"]) == (newest["version"] + 3, BUYS)
    assert restored["description"] == "Who comes back."
    server.got("DELETE", path, status=204)
    error = server.refused(404, "GET", path)
    assert (error["code"], "restore" in error["hint"]) == ("deleted", True)
    gone = server.got("GET", f"{SEGMENTS}?deleted=true")["segments"]
    assert [each["id"] for each in gone if each["id"] == "pen-loyal"] == ["pen-loyal"]
    assert server.got("GET", f"{path}/versions?limit=1")["versions"][0]["deleted"] is True
    back = server.got("POST", f"{path}/restore", {})
    assert (back["version"], back["definition"]) == (restored["version"] + 2, BUYS)
    assert server.got("GET", path) == back
    assert server.refused(400, "POST", f"{path}/restore", {})["code"] == "not_deleted"
    for wrong in (f"{path}/versions/999", f"{SEGMENTS}/pen-none/versions", f"{path}/diff?before=999"):
        assert server.refused(404, "GET", wrong)["hint"]


@pytest.mark.usefixtures("clean")
def test_who_uses_a_segment_is_told_before_and_after(server: Server) -> None:
    path = f"{SEGMENTS}/pen-loyal"
    server.got("PUT", path, {"name": "Loyal", "definition": BUYS})
    server.got("PUT", f"{SEGMENTS}/pen-user", {"name": "User", "definition": IN_LOYAL})
    use = {"kind": "segment", "id": "pen-user", "name": "User", "path": "$.of[0].segment", "version": None}
    assert server.got("GET", f"{path}/used-by") == {"used_by": [use]}
    would = server.got("PUT", f"{path}?dry_run=true", {"name": "Loyal", "definition": OTHER})
    assert (would["used_by"], would["definition"]) == ([use], OTHER)
    assert server.got("GET", path)["definition"] == BUYS
    assert server.got("PUT", path, {"name": "Loyal", "definition": OTHER}) == {
        **would,
        "updated_at": server.got("GET", path)["updated_at"],
    }
    error = server.refused(409, "DELETE", path)
    assert error["code"] == "in_use"
    assert "'pen-user'" in error["message"]
    assert "used-by pen-loyal" in error["hint"]
    circle = {"type": "in_segment", "segment": "pen-user"}
    error = server.refused(400, "PUT", path, {"name": "Loyal", "definition": circle})
    assert (error["code"], error["path"]) == ("cycle", "$.segment")
    assert server.refused(404, "GET", f"{SEGMENTS}/pen-none/used-by")["hint"]


@pytest.mark.usefixtures("clean")
def test_why_somebody_is_in_a_saved_segment(server: Server) -> None:
    server.got("PUT", f"{SEGMENTS}/pen-loyal", {"name": "Loyal", "definition": BUYS})
    server.got("PUT", f"{SEGMENTS}/pen-user", {"name": "User", "definition": IN_LOYAL})
    for segment, definition in (("pen-loyal", BUYS), ("pen-user", IN_LOYAL)):
        asked = server.got("POST", f"{SEGMENTS}/explain", {"definition": definition, "person": "writer-2"})
        assert server.got("GET", f"{SEGMENTS}/{segment}/explain?person=writer-2") == asked
        assert asked["conditions"][0]["truth"] == "true"
        assert any(each["event_count"] == 2 for each in asked["conditions"])
        other = server.got("GET", f"{SEGMENTS}/{segment}/explain?person=writer-1")
        assert other["conditions"][0]["truth"] == "false"
    assert server.refused(404, "GET", f"{SEGMENTS}/pen-none/explain?person=writer-2")["hint"]
    assert server.refused(404, "GET", f"{SEGMENTS}/pen-loyal/explain?person=nobody")["hint"]
    assert server.refused(400, "GET", f"{SEGMENTS}/pen-loyal/explain")["path"] == "person"


@pytest.mark.usefixtures("clean")
def test_many_are_applied_or_none(server: Server) -> None:
    user, loyal = document("pen-a-user", IN_LOYAL), document("pen-loyal", BUYS, description="Who stays.")
    plan = applied(server, user, loyal, dry_run=True)
    assert {plan[each]["kind"] for each in ("pen-a-user", "pen-loyal")} == {"new"}
    assert plan["pen-loyal"]["words_before"] is None
    assert server.refused(404, "GET", f"{SEGMENTS}/pen-loyal")["hint"]
    done = applied(server, user, loyal)
    assert {name: each for name, each in done.items() if name in plan} == plan
    changed = applied(server, user, {**loyal, "definition": OTHER})
    assert [each["kind"] for each in changed.values() if each["id"].startswith("pen-")] == ["unchanged", "changed"]
    told = changed["pen-loyal"]
    assert told["words_before"] != told["words_after"]
    assert told["differences"] == [{"path": "$.definition.at_least", "kind": "changed", "before": 2, "after": 3}]
    assert [each["id"] for each in told["used_by"]] == ["pen-a-user"]
    error = server.refused(
        400,
        "POST",
        f"{SEGMENTS}/apply",
        {"segments": [loyal, {**user, "id": "pen-b", "definition": {**BUYS, "within_days": -1}}]},
    )
    assert error["path"] == "$.segments[1].definition.within_days"
    assert server.got("GET", f"{SEGMENTS}/pen-loyal")["definition"] == OTHER
    error = server.refused(400, "POST", f"{SEGMENTS}/apply", {"segments": [loyal, loyal]})
    assert (error["code"], error["path"]) == ("given_twice", "$.segments[1].id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Runs `holdfast segment` commands one after another, all in one process: loading the engine takes a while."""

    folder: Path
    process: subprocess.Popen[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        """The exit code, what was printed, and what was complained of."""
        told, said = self.process.stdin, self.process.stdout
        assert told is not None
        assert said is not None
        told.write(json.dumps(["segment", *words, "--data", "data"]) + "\n")
        told.flush()
        code, out, errors = json.loads(said.readline())
        return code, out, errors

    def said(self, *words: str) -> str:
        """What a command prints that must succeed."""
        code, out, errors = self.run(*words)
        assert code == 0, errors
        return out

    def refused(self, *words: str) -> str:
        """What a command complains of that must not."""
        code, _, errors = self.run(*words)
        assert code == 2
        assert "Traceback" not in errors
        return errors


_TERMINAL = """
import json, sys
from typer.testing import CliRunner
from holdfast.cli.main import app
for line in sys.stdin:
    ran = CliRunner().invoke(app, json.loads(line))
    print(json.dumps([ran.exit_code, ran.stdout, ran.stderr]), flush=True)
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "data").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    with subprocess.Popen(
        [sys.executable, "-c", _TERMINAL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as process:
        yield Terminal(folder=tmp_path, process=process)


def test_a_folder_of_segments_from_the_command_line(terminal: Terminal) -> None:
    """Apply, change, restore, pull: the story of a team that keeps its segments beside its code."""
    said, refused, folder = terminal.said, terminal.refused, terminal.folder / "segments"
    folder.mkdir()
    (folder / "loyal.toml").write_text(
        'name = "Loyal"\n[definition]\ntype = "did"\nevent = "Pen Bought"\nat_least = 2\n'
    )
    (folder / "user.yaml").write_text("name: User\ndefinition:\n  type: in_segment\n  segment: loyal\n")
    plan = said("apply", "segments", "--dry-run")
    assert "new       loyal" in plan
    assert "2 new." in plan
    assert "dry run" in plan
    assert "No segment is saved" in said("list")
    assert "2 new." in said("apply", "segments")
    assert said("apply", "segments").splitlines() == ["2 unchanged."]

    (folder / "loyal.toml").write_text(
        'name = "Loyal"\n[definition]\ntype = "did"\nevent = "Pen Bought"\nat_least = 0.5\n'
    )
    wrong_said = refused("apply", "segments")
    assert "segments/loyal.toml: $.definition.at_least" in wrong_said
    (folder / "loyal.toml").write_text(
        'name = "Loyal"\n[definition]\ntype = "did"\nevent = "Pen Bought"\nat_least = 5\n'
    )
    changed = said("apply", "segments")
    assert "$.definition.at_least: 2 → 5" in changed
    assert "Used by the segment user at $.segment." in changed
    (folder / "loyal.toml").unlink()
    refused_said = refused("apply", "segments", "--prune")
    assert "'loyal' is used by the segment 'user'" in refused_said
    assert "absent    loyal" in said("apply", "segments")

    versions = said("versions", "loyal")
    assert [line.split()[0] for line in versions.splitlines()] == ["VERSION", "2", "1"]
    assert "command line" in versions
    assert '"at_least": 2' in said("show", "loyal", "--version", "1")
    assert "Used by the segment user" in said("show", "loyal")
    assert "$.definition.at_least: 2 → 5" in said("diff", "loyal")
    assert "Restored loyal, version 3." in said("restore", "loyal", "1")
    assert "segment" in said("used-by", "loyal")
    refused_said = refused("delete", "loyal")
    assert "used-by loyal" in refused_said
    said("delete", "user")
    assert "user" in said("list", "--deleted")
    gone_said = refused("show", "user")
    assert "segment restore user" in gone_said
    assert "Restored user, version 3." in said("restore", "user")

    assert "pulled/loyal.toml" in said("pull", "pulled", "--format", "toml")
    assert said("apply", "pulled", "--prune").splitlines() == ["2 unchanged."]
    assert "0 files written, 2 left" in said("pull", "pulled", "--format", "toml")


def test_why_somebody_fits_from_the_command_line(terminal: Terminal) -> None:
    data, said = terminal.folder / "data", terminal.said
    story = f"""
import holdfast
with holdfast.open({str(data)!r}) as ws:
    ws.track([{{"user_id": "ada", "event": "Pen Bought", "properties": {{"ink": "blue"}}}}] * 3)
    ws.track([{{"user_id": "ada", "traits": {{"plan": "gold"}}}}, {{"user_id": "bob", "event": "Seen"}}])
    ws.save_segment("loyal", "Loyal", {BUYS!r})
    both = {{"type": "all", "of": [{{"type": "in_segment", "segment": "loyal"}},
            {{"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}}]}}
    ws.save_segment("both", "Both", both)
    print(ws.count("loyal"), ws.count("both"), ws.people("both")["user_id"].to_list())
    print([each.truth.name for each in ws.explain("loyal", "bob")])
    print([(use.id, use.path) for use in ws.segment_used_by("loyal")])
    try:
        ws.delete_segment("loyal")
    except holdfast.HoldfastError as error:
        print(type(error).__name__)
    for wrong in (lambda: ws.count("nothing"), lambda: ws.segment_versions("nothing")):
        try:
            wrong()
        except holdfast.HoldfastError as error:
            print(type(error).__name__)
    ws.save_segment("loyal", "Loyal", {OTHER!r}, "Who stays.")
    print([(each.version, each.by) for each in ws.segment_versions("loyal")])
    print([(each.path, each.kind) for each in ws.segment_difference("loyal", 1, 2).differences])
    print(ws.restore_segment("loyal", 1).version, ws.count("loyal"))
    renamed = {{"id": "loyal", "name": "L", "definition": {BUYS!r}}}
    print([each.kind for each in ws.apply_segments([renamed], dry_run=True)])
    print(len(ws.pull_segments("files", "toml").written), {{each.kind for each in ws.apply_segments("files")}})
    try:
        ws.apply_segments([{{"id": "x", "name": "X", "definition": {{"type": "did"}}}}])
    except holdfast.HoldfastError as error:
        print(error.path)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", story],
        cwd=terminal.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1 1 ['ada']",
        "['FALSE']",
        "[('both', '$.of[0].segment')]",
        "Conflict",
        "NotFound",
        "NotFound",
        "[(2, 'python'), (1, 'python')]",
        "[('$.description', 'added'), ('$.definition.at_least', 'changed')]",
        "3 1",
        "['absent', 'changed']",
        "2 {'unchanged'}",
        "$.segments[0].definition",
    ]
    tree = said("explain", "both", "ada").splitlines()
    assert tree[0].startswith("true")
    assert any(line.startswith("  true") and "segment" in line for line in tree)
    assert any(line.strip().startswith("plan=gold") for line in tree)
    assert any(line.strip() == "3 events count" for line in tree)
    assert sum("Pen Bought (ink=blue)" in line for line in tree) == 3
    assert said("explain", "both", "bob").startswith("false")
    assert said("explain", json.dumps(BUYS), "ada").startswith("true")
    assert json.loads(said("explain", "both", "ada", "--json"))["conditions"][0]["truth"] == "true"
    assert "people find" in terminal.refused("explain", "both", "nobody")


CHILD = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from holdfast.flows.audience.segment_drafts import drafts_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.stores.sqlite.state import SqliteState

async def main() -> None:
    state = SqliteState(Path(sys.argv[1]))
    for turn in itertools.count(1):
        last = {"type": "did", "event": f"turn {turn}"}
        also = [*[{"type": "all", "of": [{"type": "in_segment", "segment": "s19"}, last]}] * 19, last]
        first = turn % 2  # Half of them are deleted and saved again, turn by turn.
        documents = [{"id": f"s{n}", "name": f"turn {turn}", "definition": each} for n, each in enumerate(also)]
        await apply_segments(state, drafts_of(documents[first * 10:]), by=str(turn), now=datetime.now(UTC), prune=True)
        print(turn, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_in_the_middle_of_applying_leaves_all_of_it_or_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 6)):
            turn = int(child.stdout.readline())
        time.sleep(chance.random() * 0.02)
        child.send_signal(signal.SIGKILL)
        turn = max([turn, *(int(line) for line in child.stdout)])
    with sqlite3.connect(tmp_path / FILE) as connection:
        saved = connection.execute("SELECT id, name FROM segment JOIN segment_version USING (id, version)").fetchall()
        counts = connection.execute("SELECT saved_by, count(*) FROM segment_version GROUP BY saved_by").fetchall()
    connection.close()
    done = int(saved[0][1].removeprefix("turn "))
    assert done in {turn, turn + 1}, "what was told is there, and at most the one after it"
    assert {name for _, name in saved} == {f"turn {done}"}
    assert len(saved) == (10 if done % 2 else 20)
    # The first saves ten; each after it says twenty things: ten or twenty saved, and what is not among them deleted.
    assert {int(by): count for by, count in counts} == {each: 10 if each == 1 else 20 for each in range(1, done + 1)}
