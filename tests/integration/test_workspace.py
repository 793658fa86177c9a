"""The workspace from Python, over real stores. Each story runs in a process of its own: one workspace a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Story = Callable[[str], list[str]]


@pytest.fixture
def tell(tmp_path: Path) -> Story:
    """Runs Python in a fresh process and an empty folder; gives the lines it printed."""

    def run(text: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", dedent(text)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_what_the_readme_promises(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast import did, prop

        orders = [{"user_id": "ada", "event": "Order Completed", "properties": {"revenue": 50 + n}} for n in range(4)]
        with holdfast.open("my-data") as ws:
            ws.track([*orders, {"user_id": "ben", "event": "Order Completed", "properties": {"revenue": 99}}])
            ws.track([{"user_id": "ada", "traits": {"country": "DE", "vip": True, "age": 36}}])
            ws.track([{"user_id": "ben", "traits": {"age": "unknown"}}, {"user_id": "cem", "event": "Read"}])

            loyal = did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50)
            loyal &= ~did("App Uninstalled", within_days=90)
            print(ws.count(loyal), ws.count_everyone())
            people = ws.people(loyal)
            print(people["user_id"].to_list(), people["traits"].to_list())
            print(ws.people(did("Order Completed"))["traits"].to_list(), ws.people(did("Read"))["traits"].to_list())
            chosen = ws.people(did("Order Completed"), traits=["vip", "age", "plan"])
            print(chosen["traits"].to_list(), chosen.columns == people.columns)
            timeline = ws.timeline("ada")
            print(timeline.height, timeline["event"][0], timeline.columns)
            ws.track([{"user_id": "ada", "event": "App Uninstalled"}])
            print(ws.count(loyal))
        """
    )
    assert said == [
        "1 3",
        "['ada'] [{'age': 36, 'country': 'DE', 'vip': True}]",
        "[{'age': '36', 'country': 'DE', 'vip': True}, {'age': 'unknown', 'country': None, 'vip': None}] [{}]",
        "[{'vip': True, 'age': '36', 'plan': None}, {'vip': None, 'age': 'unknown', 'plan': None}] True",
        "5 Identified ['event', 'timestamp', 'properties', 'message_id', 'source', 'identity']",
        "0",
    ]


def test_people_are_merged_and_parted_and_answers_follow(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast import did

        with holdfast.open("my-data") as ws:
            ws.track([{"user_id": "ada", "event": "Read"}, {"user_id": "ada-old", "event": "Bought"}])
            both = did("Read") & did("Bought")
            print(ws.count(both))
            merged = ws.merge("ada", "ada-old")
            print(ws.count(both), ws.timeline("ada").height, ws.people(both)["user_id"].to_list())
            try:
                ws.merge("ada", "ada-old")
            except holdfast.HoldfastError as error:
                print(error)
            ws.unmerge(("ada", "ada-old"))
            print(ws.count(both), ws.count_everyone(), ws.timeline("ada")["event"].to_list())
            try:
                ws.timeline("nobody")
            except holdfast.HoldfastError as error:
                print(error)
        """
    )
    assert said[:2] == ["0", "1 2 ['ada']"]
    assert "one person already" in said[2]
    assert said[3:] == ["0 2 ['Read']", "nobody goes by 'nobody'. `holdfast people find` finds people."]


def test_tables_are_the_past_and_dicts_are_live(tell: Story) -> None:
    """A table twice is the same events; a bad dict takes none of its companions with it, nor any before it in."""
    said = tell(
        """
        from datetime import UTC, datetime
        import holdfast
        import polars as pl
        from holdfast import did

        frame = pl.DataFrame({"event": ["Bought"] * 3, "user_id": [17850.0, 17850.0, None],
                              "anonymous_id": [None, None, "a1"], "timestamp": [datetime(2026, 1, 1)] * 3,
                              "revenue": [5, 5, None]})
        with holdfast.open("my-data") as ws:
            print(ws.track(frame))
            print(ws.track(frame.to_arrow()))
            print(ws.track([{"user_id": "17850", "event": "Bought"}, {"event": "Bought"}]))
            print(ws.timeline("17850").height, ws.count(did("Bought", at_least=3)), ws.count_everyone())
            try:
                ws.track([{"user_id": "x", "event": "Bought"}] * 1500 + [{"usr_id": "x"}])
            except holdfast.HoldfastError as error:
                print(error)
            print(ws.count_everyone())
        """
    )
    assert said == [
        "Tracked(events=3, bad=0, known=0)",
        "Tracked(events=3, bad=0, known=3)",
        "Tracked(events=2, bad=1, known=0)",
        "3 1 2",
        "$[1500].usr_id: an event has no 'usr_id'. Did you mean 'user_id'?",
        "2",
    ]


def test_segments_and_keys_are_kept(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast import did, trait

        with holdfast.open("my-data") as ws:
            ws.save_segment("loyal", "Loyal", did("Order Completed", at_least=3))
            ws.save_segment("loyal", "Loyal people", {"type": "trait", "trait": "plan", "operator": "is_set"})
            key, secret = ws.add_key("site", "write")
            print(secret.startswith("wk_"), key.name)
        with holdfast.open("my-data") as ws:
            print([(each.id, each.name) for each in ws.segments()], [each.name for each in ws.keys()])
            ws.revoke_key("site")
            print([each.revoked_ms is not None for each in ws.keys()])
            ws.delete_segment("loyal")
            print(ws.segments())
            for wrong in (lambda: ws.delete_segment("loyal"), lambda: ws.revoke_key("nothing"),
                          lambda: ws.count({"type": "did"})):
                try:
                    wrong()
                except holdfast.HoldfastError as error:
                    print(type(error).__name__)
        """
    )
    assert said == [
        "True site",
        "[('loyal', 'Loyal people')] ['site']",
        "[True]",
        "[]",
        "NotFound",
        "NotFound",
        "Invalid",
    ]


HOME_AND_ABROAD = """
    import holdfast
    from datetime import UTC, datetime, timedelta
    from holdfast import did, prop, trait

    at = datetime(2026, 1, 1, tzinfo=UTC)
    segments = [did("Order Completed", at_least=2, where=prop("revenue") > 10), did("Page Viewed"),
                trait("plan") == "gold", did("Order Completed", where=prop("tags").contains("a"))]

    def told(ws):
        events = ws.timeline("ada").select("event", "timestamp", "message_id", "properties").rows()
        return [ws.count(each) for each in segments], ws.count_everyone(), events
"""
MANY_KINDS = """
    events = [
        {"anonymous_id": "a1", "event": "Read", "timestamp": at},
        {"user_id": "ada", "anonymous_id": "a1", "traits": {"plan": "gold", "n": None}, "timestamp": at},
        {"type": "page", "user_id": "ada", "name": 'Say "hi", ß😀\\n', "timestamp": at + timedelta(days=1)},
        {"type": "alias", "previous_id": "old", "user_id": "ada", "timestamp": at + timedelta(days=2)},
        {"user_id": "old", "event": "Order Completed", "properties": {"revenue": 20, "tags": ["a"]}},
        {"user_id": "ada", "event": "Order Completed", "properties": {"revenue": 20.5},
         "timestamp": at + timedelta(days=3, milliseconds=7)},
        {"user_id": "007", "event": "Read", "timestamp": at, "context": {"ip": "::1"}},
    ]
"""


def test_what_is_exported_can_be_taken_in_elsewhere(tell: Story) -> None:
    at_home = """
    with holdfast.open("home") as ws:
        ws.track(events)
        print(told(ws))
        print([ws.export(f"events.{each}", each) for each in ("parquet", "csv", "jsonl")])
    """
    home, exported = tell(HOME_AND_ABROAD + MANY_KINDS + at_home)
    assert home.startswith("([1, 1, 1, 1], 2,")
    assert exported == "[7, 7, 7]"
    for ending in ("parquet", "csv", "jsonl"):
        abroad = f"""
    with holdfast.open("abroad-{ending}") as ws:
        print(ws.import_file("events.{ending}"))
        print(ws.import_file("events.{ending}"))
        print(told(ws))
    """
        assert tell(HOME_AND_ABROAD + abroad) == [
            "Imported(rows=7, added=7, known=0, bad=0)",
            "Imported(rows=7, added=0, known=7, bad=0)",
            home,
        ]


def test_a_second_process_is_told_who_has_the_workspace(tell: Story, tmp_path: Path) -> None:
    said = tell(
        """
        import os, subprocess, sys
        import holdfast

        second = "import holdfast\\ntry:\\n    holdfast.open('my-data')\\nexcept holdfast.HoldfastError as error:\\n"
        second += "    print(type(error).__name__, error)"
        def ask():
            return subprocess.run([sys.executable, "-c", second], capture_output=True, text=True).stdout.strip()
        ws = holdfast.open("my-data")
        told = ask()
        print(told.replace(str(os.getpid()), "PID"))
        ws.close()
        ws.close()
        print(ask())
        """
    )
    assert said[0].startswith("Busy my-data is in use by process PID")
    assert "Stop that process" in said[0]
    assert said[1:] == [""], "closing lets the next one in"


def test_opening_twice_in_one_process_is_refused(tell: Story) -> None:
    said = tell(
        """
        import holdfast

        with holdfast.open("one") as ws:
            for again in ("one", "two"):
                try:
                    holdfast.open(again)
                except holdfast.HoldfastError as error:
                    print(type(error).__name__)
            print(ws.count_everyone())
        """
    )
    assert said == ["Busy", "Conflict", "0"]


def test_a_running_server_has_the_workspace(tell: Story, tmp_path: Path) -> None:
    server = subprocess.Popen(
        [Path(sys.executable).parent / "holdfast", "up", "--data", "my-data", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        while "http://" not in (line := server.stdout.readline()):
            assert line, "the server did not start"
        (said,) = tell(
            """
            import holdfast
            try:
                holdfast.open("my-data")
            except holdfast.HoldfastError as error:
                print(type(error).__name__, error)
            """
        )
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert said.startswith(f"Busy my-data is in use by process {server.pid}")


def test_a_workspace_opened_to_ask_sends_nothing(tell: Story) -> None:
    campaign = {
        "id": "welcome",
        "name": "Welcome",
        "goal": {"event": "Order Completed", "within_seconds": 86_400},
        "trigger": {"event": "Signed Up", "again": "once"},
        "send": {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hello.</p>"}},
    }
    said = tell(
        f"""
        import asyncio, json
        import holdfast
        from holdfast.flows.journey.decide import publish

        with holdfast.open("my-data") as ws:
            app = ws._app
            ws._wait(publish(app.state, "campaign", {json.dumps(json.dumps(campaign))}.encode(), now=app.clock.now()))
            ws.track([{{"user_id": "ada", "traits": {{"email": "ada@example.com"}}}}])
            ws.track([{{"user_id": "ada", "event": "Signed Up"}}])
            print(sorted(ws.timeline("ada")["event"].to_list()))
            async def totals():
                async with app.state.view() as view:
                    return await view.send_totals(None)
            print({{state: count for state, count in ws._wait(totals()).items() if count}})
        """
    )
    assert said == [
        "['Identified', 'Journey Entered', 'Journey Left', 'Message Queued', 'Signed Up']",
        "{'pending': 1}",
    ]


def test_why_somebody_is_in_a_segment(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast import did, did_amount, trait

        with holdfast.open("my-data") as ws:
            ws.track([{"user_id": "ada", "event": "Order", "properties": {"revenue": n}} for n in (40, 70)])
            ws.track([{"user_id": "ben", "event": "Order", "properties": {"revenue": 5}}])
            ws.track([{"user_id": "ada", "traits": {"country": "DE"}}])
            asked = did_amount("Order", "sum", of="revenue", at_least=100) & (trait("country") == "AT")
            for each in ws.explain(asked, "ada"):
                revenues = sorted(found.past.properties["revenue"] for found in each.events)
                print(each.path, each.truth.name, each.event_count, revenues, dict(each.traits))
            assert [each.truth.name for each in ws.explain(asked.of[0], "ben")] == ["FALSE"]
            try:
                ws.explain(did("Order"), "nobody")
            except holdfast.HoldfastError as complaint:
                print(complaint)
        """
    )
    assert said[:3] == [
        "$ FALSE None [] {}",
        "$.of[0] TRUE 2 [40, 70] {}",
        "$.of[1] FALSE None [] {'country': 'DE'}",
    ]
    assert "nobody" in said[3]


def test_a_script_that_does_not_close_its_workspace_ends_well(tmp_path: Path) -> None:
    script = (
        "import sys, holdfast\n"
        "ws = holdfast.open(sys.argv[1])\n"
        "ws.track([{'user_id': 'ann', 'event': 'Seen', 'properties': {'x': 1}}])\n"
        "print(ws.count_everyone())\n"
    )
    for people in ("1", "1"):
        ran = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "data")],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, people, "")


def test_journeys_are_kept_as_files_and_published_from_them(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast.kernel.errors import Invalid

        mail = {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hi</p>"}}
        hello = {
            "kind": "campaign", "id": "hello", "name": "Hello", "send": mail,
            "goal": {"event": "Order Completed", "within_seconds": 60},
            "trigger": {"event": "Signed Up", "again": "once"},
        }
        with holdfast.open("my-data") as ws:
            print([each.kind for each in ws.apply_journeys([hello], dry_run=True)], ws.journeys())
            print([each.kind for each in ws.apply_journeys([hello])], [each.state for each in ws.journeys()])
            print(ws.pull_journeys("journeys", "yaml").written)
            print([each.kind for each in ws.apply_journeys("journeys")], ws.journey("hello")["name"])
            text = open("journeys/hello.yaml").read()
            open("journeys/hello.yaml", "w").write(text.replace("Signed Up", "Signed In"))
            print([each.kind for each in ws.apply_journeys("journeys")], ws.journeys()[0].version)
            open("journeys/bad.yaml", "w").write("kind: campaign\\nname: Bad")
            try:
                ws.apply_journeys("journeys")
            except Invalid as complaint:
                print("bad.yaml" in complaint.path)
            ws.change_journey("hello", "stop")
            print(ws.change_journey("hello", "archive").state, ws.journeys())
        """
    )
    assert said == [
        "['new'] []",
        "['new'] ['live']",
        "('journeys/hello.yaml',)",
        "['unchanged'] Hello",
        "['changed'] 2",
        "True",
        "archived []",
    ]


def test_campaigns_are_called_and_their_runs_are_steered(tell: Story) -> None:
    said = tell(
        """
        import holdfast
        from holdfast.kernel.errors import Conflict, Invalid, NotFound

        hello = {
            "kind": "campaign", "id": "hello", "name": "Hello",
            "send": {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hi</p>"}},
            "goal": {"event": "Order Completed", "within_seconds": 60},
            "trigger": {"type": "api", "whole_audience": True, "hold_above": 1},
        }
        weekly = {**hello, "id": "weekly", "trigger": {"type": "recurring", "at": ["09:00"], "time_zone": "UTC"}}
        leading = {
            "kind": "journey", "id": "leading", "name": "Leading", "goal": hello["goal"], "start": "in",
            "steps": {
                "in": {"type": "trigger", "event": "Led", "again": "once", "exits": {"entered": "hand"}},
                "hand": {"type": "enter_journey", "journey": "hello", "exits": {"next": "out"}},
                "out": {"type": "exit"},
            },
        }
        with holdfast.open("my-data") as ws:
            ws.track([{"user_id": each, "traits": {"email": each + "@example.com"}} for each in ("ann", "bob")])
            ws.apply_journeys([hello, weekly, leading])
            print([each.wall.hour for each in ws.next_occurrences("weekly", 2)], ws.next_occurrences("hello"))
            for _ in range(2):
                print([(each.key.value, each.outcome, each.arm) for each in ws.trigger("hello", ["ann"], key="7")])
            run = ws.trigger_audience("hello", key="all")
            print(run.state, run.found, ws.trigger_audience("hello", key="all").id == run.id)
            run = ws.change_run("hello", run.id, "confirm")
            print(run.state, [(each.state, dict(each.counts)) for each in ws.runs("hello")])
            print([(each.id, each.path) for each in ws.journey_entered_from("hello")])
            print(ws.trace("ann", "hello").words())
            wrong = [
                (Conflict, lambda: ws.change_run("hello", run.id, "pause")),
                (NotFound, lambda: ws.change_run("hello", 99, "stop")),
                (NotFound, lambda: ws.runs("none")),
                (Invalid, lambda: ws.trigger("weekly", ["ann"])),
                (Invalid, lambda: ws.trigger("hello", [""])),
            ]
            for kind, call in wrong:
                try:
                    call()
                except kind as complaint:
                    print(complaint.code)
        """
    )
    assert said == [
        "[9, 9] []",
        "[('ann', 'entered', 'treated')]",
        "[('ann', 'entered', 'treated')]",
        "held 2 True",
        "running [('done', {'treated': 2})]",
        "[('leading', '$.steps.hand.journey')]",
        "Entered 2 of 2 times. Last: Entered version 1.",
        "conflict",
        "not_found",
        "not_found",
        "not_called",
        "bad_id",
    ]
