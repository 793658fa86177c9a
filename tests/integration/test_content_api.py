"""Catalogues and coupons over HTTP and at the command line: brought in, shown, taken away."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_server import API_KEY, Server, complaint, serving

COMMAND = str(Path(sys.executable).with_name("holdfast"))
CSV = b"sku,name,price,sold\nt1,Tea,5.90,3\nc/1,Cup,12,9\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("content")) as started:
        yield started


def bring(server: Server, path: str, body: bytes, status: int = 200) -> Any:
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/octet-stream"}
    answer = server.call("POST", path, raw=body, headers=headers)
    assert answer.status == status, answer.text
    return answer


def test_a_catalogue_is_brought_in_shown_and_taken_away(server: Server) -> None:
    done = bring(server, "/api/catalogues/products/import?name=x.csv.gz&id=sku&ranked_by=sold", gzip.compress(CSV)).json
    assert (done["rows"], done["kept"], done["bad"], done["complaints"]) == (2, 2, 0, [])
    assert done["catalogue"]["fields"] == {"name": "text", "price": "number", "sold": "number"}
    (only,) = server.ask("GET", "/api/catalogues").json["catalogues"]
    assert (only["name"], only["items"], only["ranked_by"]) == ("products", 2, "sold")
    page = server.ask("GET", "/api/catalogues/products?limit=1").json
    assert page["items"] == [{"id": "c/1", "fields": {"name": "Cup", "price": 12, "sold": 9}}]
    page = server.ask("GET", f"/api/catalogues/products?limit=1&after={page['next']}").json
    assert [each["id"] for each in page["items"]] == ["t1"]
    assert server.ask("GET", "/api/catalogues/products/items/c%2F1").json["fields"]["name"] == "Cup"
    assert server.ask("GET", "/api/catalogues/products/items/nope").status == 404
    bring(server, "/api/catalogues/products/import?name=x.json&mode=update", b'[{"id": "t1", "name": "Oolong"}]')
    assert server.ask("GET", "/api/catalogues/products/items/t1").json["fields"]["name"] == "Oolong"
    assert server.ask("DELETE", "/api/catalogues/products").status == 204
    assert server.ask("GET", "/api/catalogues/products").status == 404


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("name=x.xlsx", CSV, "unknown_format"),
        ("name=x.csv", CSV, "bad_items"),
        ("name=x.csv&id=sku&ranked_by=name", CSV, "bad_rank"),
        ("name=x.csv&id=sku&fields=price=money", CSV, "bad_fields"),
        ("name=x.json", b"[{", "unreadable"),
        ("name=x.csv&mode=append", CSV, "invalid"),
    ],
)
def test_what_cannot_be_brought_in_is_told(server: Server, query: str, body: bytes, code: str) -> None:
    answer = bring(server, f"/api/catalogues/wrong/import?{query}", body, 400)
    assert complaint(answer)["code"] == code
    assert server.ask("GET", "/api/catalogues/wrong").status == 404


def test_items_are_sought_page_by_page(server: Server) -> None:
    goods = "".join(f"s{number},{'Tea' if number % 3 == 0 else 'Cup'} {number}\n" for number in range(9))
    bring(server, "/api/catalogues/sought/import?name=x.csv", b"id,name\n" + goods.encode())
    page = server.ask("GET", "/api/catalogues/sought?search=tea&limit=2").json
    assert ([each["id"] for each in page["items"]], page["next"]) == (["s0", "s3"], "s3")
    page = server.ask("GET", f"/api/catalogues/sought?search=tea&limit=2&after={page['next']}").json
    assert ([each["id"] for each in page["items"]], page["next"]) == (["s6"], "")
    assert server.ask("GET", "/api/catalogues/sought?search=s4").json["items"][0]["id"] == "s4"
    assert server.ask("GET", "/api/catalogues/sought?search=coffee").json["items"] == []
    assert server.ask("GET", "/api/catalogues/sought").json["looked_at"] == 9
    shown = run(server.data, "catalogue", "show", "sought", "--search", "TEA", "--json", "--api-key", API_KEY)
    assert [each["id"] for each in json.loads(shown)["items"]] == ["s0", "s3", "s6"]
    assert server.ask("DELETE", "/api/catalogues/sought").status == 204


def test_what_templates_ask_for_goes_only_when_that_is_said(server: Server) -> None:
    bring(server, "/api/catalogues/asked/import?name=x.csv&id=sku&ranked_by=sold", CSV)
    bring(server, "/api/coupons/ASKED/import", b"Q1\nQ2")
    text = '{% catalogue "asked" id: "t1" as p %}{{ p.price }}{% coupon "ASKED" as c %}{{ c }}'
    definition = {"name": "Asks", "medium": "email", "content": {"subject": "Hi", "html": text}}
    assert server.ask("PUT", "/api/templates/asks", {"definition": definition}).status == 200
    fewer = "/api/catalogues/asked/import?name=x.csv&ranked_by="
    refused = bring(server, fewer, b"id,name\nt1,Tea\n", 409)
    assert complaint(refused)["code"] == "breaks_others"
    assert "The template 'asks'" in complaint(refused)["message"]
    assert complaint(server.ask("DELETE", "/api/catalogues/asked"))["code"] == "in_use"
    assert complaint(server.ask("DELETE", "/api/coupons/ASKED"))["code"] == "in_use"
    assert server.ask("GET", "/api/catalogues/asked").json["catalogue"]["items"] == 2
    bring(server, f"{fewer}&allow_unknown=true", b"id,name\nt1,Tea\n")
    assert server.ask("DELETE", "/api/coupons/ASKED?allow_unknown=true").json == {"withdrawn": 2}
    assert server.ask("DELETE", "/api/catalogues/asked?allow_unknown=true").status == 204


def test_codes_are_made_and_told_once(server: Server) -> None:
    made = server.ask("POST", "/api/coupons/MADE/codes", {"count": 25, "pattern": "MADE-####-####"})
    assert made.status == 200, made.text
    codes = made.json["codes"]
    assert len(set(codes)) == 25
    assert all(re.fullmatch("MADE-[CDFGHJKMNPQRTVWXY34679]{4}-[CDFGHJKMNPQRTVWXY34679]{4}", each) for each in codes)
    (pool,) = [each for each in server.ask("GET", "/api/coupons").json["pools"] if each["name"] == "MADE"]
    assert (pool["codes"], pool["left"]) == (25, 25)
    assert bring(server, "/api/coupons/ELSE/import", "\n".join(codes).encode()).json["known"] == 25
    wrong = server.ask("POST", "/api/coupons/MADE/codes", {"count": 25, "pattern": "MADE-##"})
    assert (wrong.status, complaint(wrong)["code"], complaint(wrong)["path"]) == (400, "guessable_pattern", "pattern")
    printed = run(server.data, "coupons", "make", "MADE", "--count", "3", "--api-key", API_KEY).split()
    assert len(set(printed)) == 3
    assert server.ask("DELETE", "/api/coupons/MADE").json == {"withdrawn": 28}
    assert server.ask("DELETE", "/api/coupons/ELSE").json == {"withdrawn": 0}


def test_codes_are_added_once_counted_and_withdrawn(server: Server) -> None:
    assert bring(server, "/api/coupons/WELCOME/import", b"A1\r\n\r\n A2 \nA1\nA\x01\n").json == {
        "added": 2,
        "known": 1,
        "bad": 1,
        "examples": ["'A\\x01'"],
    }
    assert bring(server, "/api/coupons/OTHER/import", b"A1\nB1").json["known"] == 1
    pools = server.ask("GET", "/api/coupons").json["pools"]
    assert [(each["name"], each["codes"], each["left"]) for each in pools] == [("OTHER", 1, 1), ("WELCOME", 2, 2)]
    assert server.ask("DELETE", "/api/coupons/OTHER").json == {"withdrawn": 1}
    assert server.ask("DELETE", "/api/coupons/OTHER").status == 404
    assert complaint(bring(server, "/api/coupons/EMPTY/import", b"\n\n", 400))["code"] == "no_codes"


@pytest.mark.parametrize(
    ("pool", "heading"), [("H1", "Code"), ("H2", '"code"'), ("H3", "\ufeffCoupon code"), ("H4", "DISCOUNT CODE")]
)
def test_the_heading_of_a_column_is_nobodys_code(server: Server, pool: str, heading: str) -> None:
    told = bring(server, f"/api/coupons/{pool}/import", f"{heading}\n{pool}-1\ncode\n".encode()).json
    assert told["added"] + told["known"] == 2, "further down it is a code like any other"
    assert told["bad"] == 0


def test_a_table_is_no_list_of_codes(server: Server) -> None:
    table = 'code,used\nT1,0\nT2;0\n"T3"\nT\xdc4\n'.encode("latin-1")
    told = complaint(bring(server, "/api/coupons/TABLE/import", table, 400))
    assert (told["code"], "column" in told["hint"]) == ("no_codes", True)
    assert bring(server, "/api/coupons/TABLE/import", table + b"T5\n").json == {
        "added": 1,
        "known": 0,
        "bad": 5,
        "examples": ["'code,used'", "'T1,0'", "'T2;0'", "'\"T3\"'", "'T\ufffd4'"],
    }


def run(data: Path, *words: str) -> str:
    ran = subprocess.run(
        [COMMAND, *words, "--data", str(data)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_command_line_does_the_same_by_a_server_and_without(server: Server, tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_bytes(CSV)
    (tmp_path / "codes.txt").write_text("C1\nC2\n", encoding="utf-8")
    said = []
    for data in (server.data, tmp_path / "own"):
        key = ("--api-key", API_KEY) if data == server.data else ()
        brought = run(data, "catalogue", "import", "goods", str(tmp_path / "goods.csv"), "--id", "sku", *key)
        added = run(data, "coupons", "import", "CLI", str(tmp_path / "codes.txt"), *key)
        said.append((brought, added, json.loads(run(data, "catalogue", "show", "goods", "c/1", *key))))
    assert said[0] == said[1]
    brought, added, cup = said[0]
    assert brought == "2 rows: goods has 2 items now.\n"
    assert added == "2 codes added, 0 were known already, 0 can be no codes.\n"
    assert cup["fields"]["name"] == "Cup"
    assert run(server.data, "coupons", "left", "CLI", "--api-key", API_KEY) == "2\n"
    assert "price (number)" in run(server.data, "catalogue", "show", "goods", "--api-key", API_KEY)
