"""People who work here: the first owner, invitations, signing in, being put out; over HTTP, as browsers do it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.accounts.attempts import KEY_MOST
from holdfast.flows.accounts.second_factor import STEP_SECONDS, code_at
from tests.cluster_world import MailServer
from tests.integration.api_server import API_KEY, Answer, Server, complaint, serving

OWNER = {"email": "Owner@Shop.example", "password": "correct horse battery", "name": "Olga Owner"}
LINK = re.compile(r"/welcome#(\S+)")


@dataclass
class Browser:
    """A browser: keeps its cookie, and sends what our pages send."""

    server: Server
    cookie: str = ""
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        given = {"Cookie": self.cookie, "Holdfast-Csrf": self.csrf, "User-Agent": "A Browser", **self.headers}
        answer = self.server.call(method, path, body, headers={**given, **headers})
        if "set-cookie" in answer.headers:
            said = SimpleCookie(answer.headers["set-cookie"])["holdfast_session"]
            assert said["httponly"]
            assert said["samesite"].lower() == "strict"
            self.cookie = f"holdfast_session={said.value}" if said.value else ""
        if path.startswith("/session") and answer.status == 200 and "csrf" in answer.json:
            self.csrf = answer.json["csrf"]
        return answer

    def got(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.call(method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.body[:1000])
        return answer.json

    def refused(self, status: int, method: str, path: str, body: object = None) -> dict[str, str]:
        answer = self.call(method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.body[:1000])
        return complaint(answer)

    def sign_in(self, email: str, password: str, **code: str) -> Answer:
        return self.call("POST", "/session", {"email": email, "password": password, **code})


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server nobody has an account on, until the first test."""
    with serving(tmp_path_factory.mktemp("accounts") / "data") as it:
        yield it


@pytest.fixture(scope="module")
def owner(started: Server) -> Browser:
    """The first owner, as the very first test finds them: by the link in the log."""
    browser = Browser(started)
    before = browser.got("GET", "/session")
    assert before["first_start"] is True
    assert before["account"] is None
    found = LINK.findall(started.log)
    assert len(found) == 1, "the log tells the link once"
    assert browser.got("POST", "/session/link", {"token": found[0]}) == {"purpose": "first", "email": ""}
    for token in ("", "x", found[0][:-1], found[0] + "x"):
        assert browser.refused(401, "POST", "/session/first", {"token": token, **OWNER})["code"] == "link_over"
    for wrong in ({"password": "short"}, {"password": "aaaaaaaaaaaaaa"}, {"email": "nobody"}, {"name": "x" * 300}):
        browser.refused(400, "POST", "/session/first", {"token": found[0], **OWNER, **wrong})
    # Two at once: one of them becomes the owner.
    with ThreadPoolExecutor(4) as pool:
        tries = list(pool.map(lambda _: started.call("POST", "/session/first", {"token": found[0], **OWNER}), range(4)))
    assert sorted(each.status for each in tries) == [200, 401, 401, 401]
    assert browser.refused(401, "POST", "/session/first", {"token": found[0], **OWNER})["code"] == "link_over"
    assert browser.sign_in(OWNER["email"], OWNER["password"]).status == 200
    return browser


def joined(owner: Browser, email: str, role: str, password: str = "tried and trusted") -> Browser:
    """Somebody who took up an invitation."""
    link = owner.got("POST", "/api/accounts/invitations", {"email": email, "role": role}, status=201)["link"]
    browser = Browser(owner.server)
    told = {"token": link.partition("#")[2], "password": password, "name": email.partition("@")[0].title()}
    assert browser.got("POST", "/session/invitation", told)["account"]["role"] == role
    return browser


def account(owner: Browser, email: str) -> dict[str, Any]:
    return next(each for each in owner.got("GET", "/api/accounts")["accounts"] if each["email"] == email)


def test_the_first_owner_is_let_in_and_may_do_everything(owner: Browser) -> None:
    session = owner.got("GET", "/session")
    assert session["first_start"] is False
    assert session["account"]["email"] == "owner@shop.example"
    assert session["account"]["role"] == "owner"
    assert session["account"]["two_factor"] is False
    assert len(session["permissions"]) == 14
    assert account(owner, "owner@shop.example")["name"] == "Olga Owner"


def test_what_changes_is_by_the_address_of_who_changes_it(owner: Browser) -> None:
    segment = {"name": "All", "definition": {"type": "all", "of": []}}
    owner.got("PUT", "/api/segments/everybody", segment)
    assert owner.got("GET", "/api/segments/everybody/versions")["versions"][0]["by"] == "owner@shop.example"


def test_a_page_of_ours_says_what_others_cannot_know(owner: Browser) -> None:
    path = "/api/segments/everybody/restore"
    assert owner.server.call("POST", path, {"version": 1}, headers={"Cookie": owner.cookie}).status == 403
    wrong = {"Cookie": owner.cookie, "Holdfast-Csrf": "0" * 64}
    assert complaint(owner.server.call("POST", path, {"version": 1}, headers=wrong))["code"] == "csrf"
    assert owner.call("POST", path, {"version": 1}, **{"Sec-Fetch-Site": "same-site"}).status == 401
    assert owner.call("POST", "/session", {"key": API_KEY}, **{"Sec-Fetch-Site": "cross-site"}).status == 401
    assert owner.call("POST", path, {"version": 1}).status == 200


def test_an_invitation_is_good_once(owner: Browser) -> None:
    made = owner.got("POST", "/api/accounts/invitations", {"email": "IDA@shop.example", "role": "viewer"}, status=201)
    assert made["account"]["state"] == "invited"
    first = made["link"].partition("#")[2]
    again = owner.got("POST", "/api/accounts/invitations", {"email": "ida@shop.example", "role": "agent"}, status=201)
    token = again["link"].partition("#")[2]
    assert again["account"]["id"] == made["account"]["id"]
    nobody = Browser(owner.server)
    told = {"password": "a good password", "name": "Ida"}
    assert nobody.refused(401, "POST", "/session/invitation", {"token": first, **told})["code"] == "link_over"
    assert nobody.refused(401, "POST", "/session/reset", {"token": token, "password": "x" * 12})["code"] == "link_over"
    assert nobody.got("POST", "/session/link", {"token": token}) == {
        "purpose": "invitation",
        "email": "ida@shop.example",
    }
    assert nobody.sign_in("ida@shop.example", "").status == 401, "who is only invited has no password yet"
    with ThreadPoolExecutor(3) as pool:
        body = {"token": token, **told}
        tries = list(pool.map(lambda _: owner.server.call("POST", "/session/invitation", body), range(3)))
    assert sorted(each.status for each in tries) == [200, 401, 401]
    assert account(owner, "ida@shop.example")["state"] == "active"
    refusal = owner.refused(409, "POST", "/api/accounts/invitations", {"email": "ida@shop.example", "role": "viewer"})
    assert refusal["code"] == "account_exists"
    taken = owner.got("POST", "/api/accounts/invitations", {"email": "no@shop.example", "role": "viewer"}, status=201)
    owner.got("DELETE", f"/api/accounts/{taken['account']['id']}", status=204)
    gone = {"token": taken["link"].partition("#")[2], **told}
    assert nobody.refused(401, "POST", "/session/invitation", gone)["code"] == "link_over", "it was taken back"


def test_whoever_is_put_out_is_out_at_once(owner: Browser) -> None:
    mara = joined(owner, "mara@shop.example", "marketer")
    assert mara.call("GET", "/api/people").status == 200
    changed = owner.got("PUT", "/api/accounts/mara@shop.example", {"role": "viewer"})
    assert changed["role"] == "viewer"
    assert mara.refused(403, "GET", "/api/people")["needs"] == "people:read"
    assert "people:read" not in mara.got("GET", "/session")["permissions"]
    owner.got("PUT", f"/api/accounts/{changed['id']}", {"state": "disabled"})
    assert mara.call("GET", "/api/overview").status == 401
    assert mara.sign_in("mara@shop.example", "tried and trusted").status == 401
    owner.got("PUT", f"/api/accounts/{changed['id']}", {"state": "active"})
    assert mara.call("GET", "/api/overview").status == 401, "the session before stays over"
    assert mara.sign_in("mara@shop.example", "tried and trusted").status == 200
    owner.got("DELETE", f"/api/accounts/{changed['id']}", status=204)
    assert mara.call("GET", "/api/overview").status == 401
    assert mara.sign_in("mara@shop.example", "tried and trusted").status == 401


def test_nobody_rises_by_themselves(owner: Browser) -> None:
    admin = joined(owner, "adam@shop.example", "admin")
    ask = "/api/accounts/invitations"
    assert admin.refused(403, "POST", ask, {"email": "x@shop.example", "role": "owner"})["code"] == "owners_only"
    for path in ("adam@shop.example", account(owner, "adam@shop.example")["id"]):
        assert admin.refused(403, "PUT", f"/api/accounts/{path}", {"role": "owner"})["code"] == "owners_only"
    for method, path, body in (
        ("PUT", "owner@shop.example", {"state": "disabled"}),
        ("PUT", "owner@shop.example", {"role": "viewer"}),
        ("DELETE", "owner@shop.example", None),
        ("POST", "owner@shop.example/reset", None),
        ("DELETE", "owner@shop.example/two-factor", None),
    ):
        assert admin.refused(403, method, f"/api/accounts/{path}", body)["code"] == "owners_only", (method, path)
    # Nor by a key: nobody gives one what they have not.
    made = admin.got("POST", "/api/keys", {"name": "of-admin", "kind": "api", "scopes": ["accounts:write"]}, status=201)
    by_key = {"Authorization": f"Bearer {made['key']}"}
    put = owner.server.call("PUT", "/api/accounts/adam@shop.example", {"role": "owner"}, headers=by_key)
    assert put.status == 403
    viewer = joined(owner, "vera@shop.example", "viewer")
    assert viewer.call("POST", "/api/keys", {"name": "mine", "kind": "api"}).status == 403
    analyst = joined(owner, "anna@shop.example", "analyst")
    assert analyst.call("POST", "/api/keys", {"name": "of-anna", "kind": "api"}).status == 403
    assert analyst.call("POST", "/api/keys", {"name": "of-anna", "kind": "write"}).status == 201
    assert analyst.call("DELETE", "/api/keys/of-admin").status == 403


def test_somebody_owns_it_always(owner: Browser) -> None:
    me = account(owner, "owner@shop.example")["id"]
    for method, body in (("PUT", {"role": "admin"}), ("PUT", {"state": "disabled"}), ("DELETE", None)):
        assert owner.refused(409, method, f"/api/accounts/{me}", body)["code"] == "last_owner"
    assert owner.call("GET", "/api/accounts").status == 200
    second = joined(owner, "second@shop.example", "owner")
    assert second.got("PUT", f"/api/accounts/{me}", {"role": "admin"})["role"] == "admin"
    assert "accounts:write" in owner.got("GET", "/session")["permissions"]
    owner.refused(403, "PUT", f"/api/accounts/{me}", {"role": "owner"})
    second.got("PUT", f"/api/accounts/{me}", {"role": "owner"})
    owner.got("DELETE", "/api/accounts/second@shop.example", status=204)


def test_sessions_are_listed_and_ended(owner: Browser) -> None:
    desk = joined(owner, "sam@shop.example", "agent")
    phone = Browser(owner.server, headers={"User-Agent": "A Telephone\r".strip() + " é"})
    assert phone.sign_in("sam@shop.example", "tried and trusted").status == 200
    listed = desk.got("GET", "/api/me/sessions")["sessions"]
    assert [each["current"] for each in listed].count(True) == 1
    assert {each["device"].split(" ")[1] for each in listed} == {"Browser", "Telephone"}
    assert {each["address"] for each in listed} == {"127.0.0.1"}
    other = next(each["id"] for each in listed if not each["current"])
    desk.refused(404, "DELETE", "/api/me/sessions/nothing")
    owner.refused(404, "DELETE", f"/api/me/sessions/{other}")
    desk.got("DELETE", f"/api/me/sessions/{other}", status=204)
    assert phone.call("GET", "/api/overview").status == 401
    assert phone.sign_in("sam@shop.example", "tried and trusted").status == 200
    assert len(owner.got("GET", "/api/accounts/sam@shop.example/sessions")["sessions"]) == 2
    desk.got("DELETE", "/api/me/sessions", status=204)
    assert phone.call("GET", "/api/overview").status == 401
    assert desk.call("GET", "/api/overview").status == 200
    owner.got("DELETE", "/api/accounts/sam@shop.example/sessions", status=204)
    assert desk.call("GET", "/api/overview").status == 401


def test_signing_out_ends_the_session_itself(owner: Browser) -> None:
    lea = joined(owner, "lea@shop.example", "viewer")
    stolen = lea.cookie
    assert lea.got("DELETE", "/session")["signed_in"] is False
    assert owner.server.call("GET", "/api/overview", headers={"Cookie": stolen}).status == 401


def test_nobody_gives_somebody_a_session_to_share(owner: Browser) -> None:
    joined(owner, "fix@shop.example", "viewer")
    for planted in ("holdfast_session=planted-by-somebody-else", owner.cookie):
        browser = Browser(owner.server, cookie=planted if "planted" in planted else "")
        assert browser.sign_in("fix@shop.example", "tried and trusted").status == 200
        assert browser.cookie != planted
    again = Browser(owner.server)
    again.sign_in("fix@shop.example", "tried and trusted")
    before = again.cookie
    again.sign_in("fix@shop.example", "tried and trusted")
    assert again.cookie != before
    assert owner.server.call("GET", "/api/overview", headers={"Cookie": before}).status == 401, "the one before is over"


def test_a_new_password_puts_every_other_browser_out(owner: Browser) -> None:
    desk, phone = joined(owner, "pia@shop.example", "viewer"), Browser(owner.server)
    phone.sign_in("pia@shop.example", "tried and trusted")
    wrong = {"password": {"current": "not that one", "new": "another good one"}}
    assert desk.refused(401, "PUT", "/api/me", wrong)["path"] == "$.password.current"
    weak = {"password": {"current": "tried and trusted", "new": "pia@shop.example"}}
    assert desk.refused(400, "PUT", "/api/me", weak)["code"] == "weak_password"
    right = {
        "password": {"current": "tried and trusted", "new": "another good one"},
        "language": "de",
        "name": " Pia  P ",
    }
    changed = desk.got("PUT", "/api/me", right)
    assert (changed["language"], changed["account"]["name"]) == ("de", "Pia P")
    assert desk.got("GET", "/session")["account"]["language"] == "de"
    assert phone.call("GET", "/api/overview").status == 401
    assert phone.sign_in("pia@shop.example", "tried and trusted").status == 401
    assert phone.sign_in("pia@shop.example", "another good one").status == 200


def test_a_forgotten_password(owner: Browser) -> None:
    rob = joined(owner, "rob@shop.example", "viewer")
    first = owner.got("POST", "/api/accounts/rob@shop.example/reset", status=201)["link"].partition("#")[2]
    token = owner.got("POST", "/api/accounts/rob@shop.example/reset", status=201)["link"].partition("#")[2]
    nobody = Browser(owner.server)
    assert nobody.refused(401, "POST", "/session/reset", {"token": first, "password": "a good one again"})
    assert rob.call("GET", "/api/overview").status == 200
    nobody.got("POST", "/session/reset", {"token": token, "password": "a good one again"})
    assert nobody.refused(401, "POST", "/session/reset", {"token": token, "password": "a good one again"})
    assert rob.call("GET", "/api/overview").status == 401
    assert nobody.sign_in("rob@shop.example", "a good one again").status == 200


def test_who_was_not_let_in_is_in_the_audit_log_and_what_they_typed_is_not(owner: Browser) -> None:
    joined(owner, "eve@shop.example", "viewer")
    guest = Browser(owner.server)
    assert guest.sign_in("Eve@Shop.example", "hunter2 hunter2").status == 401
    assert guest.sign_in("nobody-here@shop.example", "hunter3 hunter3").status == 401
    assert guest.sign_in("my password in the wrong field", "hunter4 hunter4").status == 401
    entries = owner.got("GET", "/api/audit?kind=session&limit=200")["entries"]
    failed = [each for each in entries if each["action"] == "session.failed"][:3]
    assert [each["by"]["id"] for each in failed] == ["", "nobody-here@shop.example", "eve@shop.example"]
    assert all(each["changes"][0]["after"] == "wrong_credentials" for each in failed)
    assert all(each["source"] for each in failed)
    told = str(entries)
    assert "hunter" not in told
    assert "wrong field" not in told


def test_a_key_nobody_knows_is_in_the_audit_log_without_the_key_and_not_without_end(owner: Browser) -> None:
    guest = Browser(owner.server)
    tried = [guest.call("POST", "/session", {"key": f"ak_guess_{number}"}) for number in range(KEY_MOST + 3)]
    assert [each.status for each in tried] == [401] * KEY_MOST + [429] * 3
    assert complaint(tried[0])["code"] == "unknown_key"
    assert int(tried[-1].headers["retry-after"]) > 0
    entries = owner.got("GET", "/api/audit?kind=session&limit=200")["entries"]
    failed = [each for each in entries if str(each["changes"]).find("unknown_key") >= 0]
    assert len(failed) == KEY_MOST, "what is refused unlooked is not kept either"
    assert {(each["action"], each["by"]["id"]) for each in failed} == {("session.failed", "")}
    assert all(each["source"] for each in failed)
    assert "ak_guess" not in str(entries)
    assert guest.call("POST", "/session", {"key": API_KEY}).status == 200, "a right one is taken all the same"
    assert Browser(owner.server).sign_in(OWNER["email"], OWNER["password"]).status == 200


def test_a_second_factor(owner: Browser) -> None:
    tom = joined(owner, "tom@shop.example", "viewer")
    phone = Browser(owner.server)
    begun = tom.got("POST", "/api/me/two-factor", status=201)
    assert begun["uri"].startswith("otpauth://totp/My%20workspace%3Atom%40shop.example?secret=")
    assert len(set(begun["recovery"])) == 10
    assert phone.sign_in("tom@shop.example", "tried and trusted").status == 200, "it is not confirmed yet"

    def code(ahead: int = 0) -> str:
        return code_at(begun["secret"], int(time.time()) // STEP_SECONDS + ahead)

    assert tom.refused(401, "PUT", "/api/me/two-factor", {"code": code(-5)})["code"] == "wrong_code"
    confirmed = code(-1)
    tom.got("PUT", "/api/me/two-factor", {"code": confirmed})
    assert phone.call("GET", "/api/overview").status == 401, "every other browser is out"
    assert tom.got("GET", "/session")["account"]["two_factor"] is True
    asked = phone.sign_in("tom@shop.example", "tried and trusted")
    assert (asked.status, complaint(asked)["code"]) == (401, "code_needed")
    assert complaint(phone.sign_in("tom@shop.example", "wrong password", code=code()))["code"] == "wrong_credentials"
    assert complaint(phone.sign_in("tom@shop.example", "tried and trusted", code=confirmed))["code"] == "wrong_code"
    good = code()
    assert phone.sign_in("tom@shop.example", "tried and trusted", code=f" {good[:3]} {good[3:]} ").status == 200
    assert (
        complaint(Browser(owner.server).sign_in("tom@shop.example", "tried and trusted", code=good))["code"]
        == "wrong_code"
    )
    with ThreadPoolExecutor(3) as pool:
        spare = begun["recovery"][0]
        tries = pool.map(
            lambda _: Browser(owner.server).sign_in("tom@shop.example", "tried and trusted", code=spare).status,
            range(3),
        )
    assert sorted(tries) == [200, 401, 401], "a recovery code is good once"
    assert tom.got("GET", "/api/me")["recovery_codes_left"] == 9
    assert tom.refused(409, "POST", "/api/me/two-factor")["code"] == "two_factor_on"
    assert tom.refused(401, "POST", "/api/me/two-factor/removal", {"password": "wrong"})["code"] == "wrong_password"
    owner.got("DELETE", "/api/accounts/tom@shop.example/two-factor")
    assert Browser(owner.server).sign_in("tom@shop.example", "tried and trusted").status == 200
    assert b"tom@shop.example" not in (owner.server.data / "secret.key").read_bytes()


def test_names_that_look_alike_are_no_names(owner: Browser) -> None:
    ask = "/api/accounts/invitations"
    for email in (
        "оwner@shop.example", "owner@shop.exаmple", "owner@ｓhop.example", "ﬁne@shop.example", "a@b", "@", "",
        "owner@shop.example\x00", "a\nb@shop.example", "a@b@c.example", "x" * 250 + "@shop.example", ".a@shop.example",
        '"a b"@shop.example', "a@-b.example", "<a@shop.example>", "a@shop.example\u202e",
    ):  # fmt: skip
        assert owner.refused(400, "POST", ask, {"email": email, "role": "viewer"})["path"] == "$.email", email
        assert Browser(owner.server).sign_in(email or "x", OWNER["password"]).status in {401, 429}, email
    for role in ("Owner", "root", "", "owner ", "read"):
        assert owner.refused(400, "POST", ask, {"email": "r@shop.example", "role": role})["path"] == "$.role"


def test_an_api_key_has_no_account_of_its_own(owner: Browser) -> None:
    by_key = {"Authorization": f"Bearer {API_KEY}"}
    assert complaint(owner.server.call("GET", "/api/me", headers=by_key))["code"] == "no_account"
    assert owner.server.call("GET", "/api/accounts", headers=by_key).status == 200
    for method, path, body in (
        ("POST", "/api/accounts/invitations", {"email": "k@shop.example", "role": "viewer"}),
        ("DELETE", "/api/accounts/owner@shop.example", None),
    ):
        refused = owner.server.call(method, path, body, headers=by_key)
        assert complaint(refused)["needs"] == "accounts:write"
    key = Browser(owner.server)
    assert key.call("POST", "/session", {"key": API_KEY}).json["account"] is None
    assert key.call("GET", "/api/people").status == 200


def test_keys_with_scopes(owner: Browser) -> None:
    wish = {"name": "reports", "kind": "api", "scopes": ["sql", "read"]}
    made = owner.got("POST", "/api/keys", wish, status=201)
    assert made["scopes"] == ["read", "sql"]
    by_key = {"Authorization": f"Bearer {made['key']}"}
    assert owner.server.call("GET", "/api/overview", headers=by_key).status == 200
    refused = owner.server.call("GET", "/api/people", headers=by_key)
    assert complaint(refused)["needs"] == "people:read"
    assert "--scope people:read" in complaint(refused)["hint"]
    listed = {each["name"]: each for each in owner.got("GET", "/api/keys")["keys"]}
    assert listed["reports"]["used_at"]
    assert listed["default"]["scopes"] == []
    assert "accounts:write" not in listed["owner"]["scopes"]
    assert len(listed["owner"]["scopes"]) == 12
    for scopes in ([], ["nothing"], ["read", "READ"]):
        assert owner.refused(400, "POST", "/api/keys", {**wish, "name": "n", "scopes": scopes})["path"] == "$.scopes"
    assert owner.refused(400, "POST", "/api/keys", {"name": "n", "kind": "write", "scopes": ["read"]})
    more = {"name": "more", "kind": "api", "scopes": ["approve"]}
    assert owner.server.call("POST", "/api/keys", more, headers={"Authorization": f"Bearer {API_KEY}"}).status == 403


def test_tries_are_counted_by_name_whether_there_is_such_a_one_or_not(owner: Browser) -> None:
    joined(owner, "bea@shop.example", "viewer")
    answers = {}
    for email in ("bea@shop.example", "nobody-of-that-name@shop.example"):
        tries = [Browser(owner.server).sign_in(email, "wrong password") for _ in range(11)]
        answers[email] = [(each.status, complaint(each)["code"], complaint(each)["message"]) for each in tries]
        assert tries[-1].status == 429
        assert 1 <= int(tries[-1].headers["retry-after"]) <= 900
    assert answers["bea@shop.example"] == answers["nobody-of-that-name@shop.example"], "who is here is not to be learnt"
    late = Browser(owner.server).sign_in("bea@shop.example", "tried and trusted")
    assert late.status == 429, "not even the right one is looked at"
    assert owner.call("GET", "/api/overview").status == 200


def test_huge_and_broken_words(owner: Browser) -> None:
    nobody = Browser(owner.server)
    for body in (
        {"email": "owner@shop.example", "password": "x" * 1_000_000},
        {"email": "x" * 1_000_000, "password": "x"},
        {"token": "x" * 1_000_000, "password": "a good password"},
    ):
        path = "/session/invitation" if "token" in body else "/session"
        assert nobody.call("POST", path, body).status == 400
    for password in ("\x00" * 20, "a\x00b" * 10, "\ud83d" * 12, "\U0001f600" * 60):
        status = nobody.call("POST", "/session", {"email": "o@shop.example", "password": password}).status
        assert status == (400 if "\ud83d" in password else 401)  # Half a pair is no JSON.


def test_links_are_mailed_where_mail_goes_out_and_to_no_mailbox_others_read(owner: Browser, tmp_path: Path) -> None:
    inside = owner.got("POST", "/api/accounts/invitations", {"email": "i@shop.example", "role": "viewer"}, status=201)
    assert inside["mailed"] is False
    assert owner.got("GET", "/api/mailbox")["total"] == 0
    with (
        MailServer() as mails,
        serving(
            tmp_path / "data", mailbox=False, smtp_host="127.0.0.1", smtp_port=mails.port, smtp_tls="none"
        ) as server,
    ):
        browser = Browser(server)
        token = LINK.findall(server.log)[0]
        assert browser.call("POST", "/session/first", {"token": token, **OWNER}).status == 200
        ask = {"email": "ida@shop.example", "role": "viewer"}
        made = browser.got("POST", "/api/accounts/invitations", ask, status=201)
        assert made["mailed"] is True
        (mail,) = (BytesParser(policy=policy.default).parsebytes(each) for each in mails.mails())
        assert (mail["To"], mail["Subject"]) == ("ida@shop.example", "Olga Owner invites you to My workspace")
        assert made["link"] in mail.get_content()
        assert not server.got("GET", "/api/people?text=ida")["people"], "nobody becomes a customer by it"
        reset = browser.got("POST", "/api/accounts/owner@shop.example/reset", status=201)
        assert reset["link"] in BytesParser(policy=policy.default).parsebytes(mails.mails()[1]).get_content()
        # Whom a comment turns to reads it in their mail, with where to answer.
        taken = {"token": made["link"].partition("#")[2], "password": "tried and trusted", "name": "Ida"}
        ida = Browser(server)
        assert ida.call("POST", "/session/invitation", taken).status == 200
        seen = {"name": "Who saw", "definition": {"type": "did", "event": "Seen", "at_least": 1}}
        browser.got("PUT", "/api/segments/seen", seen)
        said = {"about": "segment:seen", "text": "Is this right, @ida@shop.example?"}
        browser.got("POST", "/api/comments", said, status=201)
        mail = BytesParser(policy=policy.default).parsebytes(mails.mails()[2])
        assert (mail["To"], mail["Subject"]) == ("ida@shop.example", "Olga Owner turns to you about Who saw")
        assert f":{server.port}/segments/seen" in mail.get_content()
        assert said["text"] in mail.get_content()
        assert [each["text"] for each in ida.got("GET", "/api/mentions")["mentions"]] == [said["text"]]
        assert Browser(server).call("GET", "/api/mentions").status == 401


def test_the_state_survives_being_killed_and_tells_no_secret(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, spotless=False) as first:
        token = LINK.findall(first.log)[0]
        first.process.kill()
        first.process.wait()
        with serving(data, spotless=False) as second:
            # The link of the life before is good still; and using it ends them all.
            assert len(LINK.findall(second.log)) == 2
            browser = Browser(second)
            assert browser.call("POST", "/session/first", {"token": token, **OWNER}).status == 200
            for each in LINK.findall(second.log):
                assert browser.call("POST", "/session/first", {"token": each, **OWNER}).status == 401
            for _ in range(10):
                Browser(second).sign_in("owner@shop.example", "wrong password")
            second.process.kill()
            second.process.wait()
            with serving(data) as third:
                browser.server = third
                assert browser.call("GET", "/api/overview").status == 200, "the session survives"
                assert Browser(third).sign_in("owner@shop.example", OWNER["password"]).status == 429, "and the count"
                assert len(LINK.findall(third.log)) == 2, "somebody has an account: no link is told any more"
            second.process.returncode = 0
        first.process.returncode = 0
    kept = b"".join(each.read_bytes() for each in data.glob("state.sqlite*"))
    assert OWNER["password"].encode() not in kept
    assert browser.cookie.partition("=")[2].encode() not in kept
    assert token.encode() not in kept
