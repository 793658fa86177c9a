"""Lists, segments that name them, groups and lots from Python, over real stores, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

STORY = """
import holdfast
from holdfast import bucket, did, group, in_list, in_segment, only_did, prop
from holdfast.kernel.errors import Exposed

def names(ws, segment):
    return " ".join(sorted(ws.people(segment)["user_id"].to_list()))

with holdfast.open("data", time_zone="Europe/Berlin") as ws:
    ws.track([
        {"user_id": f"u{n}", "event": "Order", "properties": {"kind": "hats" if n % 2 else "shoes"}} for n in range(4)
    ])
    ws.track([{"anonymous_id": "anon", "event": "Order", "properties": {"kind": "shoes"}}])
    done = ws.save_list("vip", "Our best", ["u1", "anon", "newcomer"])
    print(done.people, done.unknown_names, names(ws, in_list("vip")))
    ws.save_segment("loyal", "Loyal", in_list("vip") & did("Order"))
    print(names(ws, in_segment("loyal")), "|", names(ws, did("Order") & ~in_segment("loyal")))
    ws.merge("u1", "u2")
    print(names(ws, in_segment("loyal")))
    ws.unmerge(("u1", "u2"))
    ws.change_list("vip", add=["u2"], remove=["u1"])
    print(names(ws, in_segment("loyal")))
    for ask in (lambda: ws.delete_list("vip"), lambda: ws.count(in_segment("loyl")), lambda: ws.count(in_list("vpi"))):
        try:
            ask()
        except Exposed as refusal:
            print(refusal)
    print([(each.kind, each.id, each.name, each.path) for each in ws.list_used_by("vip")])
    print([(each.path, each.truth.name) for each in ws.explain(in_segment("loyal"), "u2")])
    ws.track([{"type": "group", "user_id": "u1", "group_id": "acme", "traits": {"plan": "gold"}}])
    ws.track([{"type": "group", "user_id": "u3", "group_id": "acme", "traits": {"seats": 3}}])
    print(names(ws, group("plan") == "gold"), "|", names(ws, only_did("Order", where=prop("kind") == "shoes")))
    print(ws.count(bucket("a", 0, 40)) + ws.count(bucket("a", 40, 100)), ws.count_everyone())
    trend = ws.trend("Order", segment=in_segment("loyal"), measure="people")
    print(trend.table["value"].sum(), trend.question.time_zone)
    print([(each.list.id, each.list.name, each.people) for each in ws.lists()])
"""


USED = (
    "list_id: the list 'vip' is used by the segment 'loyal' at $.of[0].list. Take it out of there first; "
    "`holdfast list used-by vip` lists every use."
)
DEATH = """
import os
import holdfast

async def dies(table, *, token):
    os._exit(9)

with holdfast.open("data") as ws:
    ws.track([{"user_id": f"u{n}", "event": "Order"} for n in range(4)])
    ws._app.history.add_table = dies
    ws.save_list("vip", "Our best", ["u1", "u2"])
"""
AFTERWARDS = """
from datetime import UTC, datetime
import holdfast
from holdfast import in_list

with holdfast.open("data") as ws:
    at = datetime.now(UTC)
    print(ws.count(in_list("vip")), ws.audience(in_list("vip"), at=at).count)
    print(ws.save_list("vip", user_ids=["u1", "u2"]).added)
"""


def told(story: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What Python prints of it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(story)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_list_is_told_to_its_end_by_who_comes_after(tmp_path: Path) -> None:
    assert told(DEATH, tmp_path).returncode == 9
    done = told(AFTERWARDS, tmp_path)
    assert done.stdout.splitlines() == ["2 2", "0"], done.stderr


def test_a_story_of_lists(tmp_path: Path) -> None:
    done = told(STORY, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "3 ('newcomer',) anon newcomer u1",
        "anon u1 | u0 u2 u3",
        "anon u1",
        "anon u2",
        USED,
        "$.segment: There is no segment 'loyl'. Did you mean 'loyal'?",
        "$.list: There is no list 'vpi'. Did you mean 'vip'?",
        "[('segment', 'loyal', 'Loyal', '$.of[0].list')]",
        "[('$', 'TRUE'), ('$ → loyal: $', 'TRUE'), ('$ → loyal: $.of[0]', 'TRUE'), ('$ → loyal: $.of[1]', 'TRUE')]",
        "u1 u3 | anon u0 u2",
        "6 6",
        "2.0 Europe/Berlin",
        "[('vip', 'Our best', 3)]",
    ]
