"""The links in messages over HTTP: the pixel, the redirect, the unsubscribe page, and the events they make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from starlette.applications import Starlette

from holdfast.events.event import Event, IdentityKey
from holdfast.flows.delivery.receive import Receiver
from holdfast.http.tracking import tracking_routes
from holdfast.kernel.errors import Busy
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.agent import Agent, agent_of
from holdfast.messages.links import Link, LinkKind, encode_link
from holdfast.profiles.profile import EMPTY, learn
from holdfast.testing import FakeClock, MemoryState, a_send, an_event

KEY = b"a key of thirty-two bytes, for us"
SEND = effect_key("cart", 1)
FORGOTTEN = effect_key("cart", 2)
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
SHOP = "https://shop.example/?a=1&b=ü#top"


class Desk:
    """The routes over a state in memory, and every event they told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.state = MemoryState()
        self.told: list[Event] = []
        self.busy = False
        receiver = Receiver(state=self.state, clock=self.clock, tell=self.tell, key=KEY)
        app = Starlette(routes=tracking_routes(receiver))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://t.example")

    async def tell(self, events: Sequence[Event]) -> None:
        if self.busy:
            raise Busy("the log is full")
        self.told.extend(events)

    async def prepare(self) -> None:
        async with self.state.begin() as transaction:
            ada = IdentityKey(kind="user", value="ada")
            identity = (await transaction.add_identities([ada], to_millis(self.clock.now())))[ada]
            await transaction.add_sends([a_send(SEND, identity=identity.id)])

    def names(self) -> list[str]:
        return [each.name for each in self.told]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.prepare()
    async with desk.client:
        yield desk


def path(kind: LinkKind, send: str = SEND, target: str = "") -> str:
    return f"/m/{kind[0]}/{encode_link(Link(kind=kind, send=send, target=target), KEY)}"


async def test_a_fetched_pixel_is_an_opening(desk: Desk) -> None:
    answer = await desk.client.get(path("open"), headers=PERSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"GIF89a")
    (told,) = desk.told
    assert told.name == "Message Opened"
    assert told.user_id == "ada"
    assert told.source == "holdfast"
    assert told.properties["send"] == SEND
    assert told.properties["agent"] == "human"
    assert told.properties["origin"] == "cart-rescue"


async def test_a_pixel_fetched_twice_at_once_is_one_opening_and_tomorrow_another(desk: Desk) -> None:
    for _ in range(2):
        await desk.client.get(path("open"), headers=PERSON)
    assert len({each.message_id for each in desk.told}) == 1
    desk.clock.advance(days=1)
    await desk.client.get(path("open"), headers=PERSON)
    assert len({each.message_id for each in desk.told}) == 2


async def test_a_machine_and_a_person_in_the_same_minute_are_two(desk: Desk) -> None:
    await desk.client.get(path("open"), headers={"User-Agent": "Mozilla/5.0"})
    await desk.client.get(path("open"), headers=PERSON)
    assert [each.properties["agent"] for each in desk.told] == ["machine", "human"]
    assert len({each.message_id for each in desk.told}) == 2


async def test_a_click_leads_where_the_link_was_signed_for(desk: Desk) -> None:
    answer = await desk.client.get(path("click", target=SHOP), headers=PERSON)
    assert answer.status_code == 302
    assert httpx.URL(answer.headers["location"]) == httpx.URL(SHOP)
    assert answer.headers["referrer-policy"] == "no-referrer"
    (told,) = desk.told
    assert told.name == "Message Clicked"
    assert told.properties["url"] == SHOP


@pytest.mark.parametrize("wrong", ["", "x", "AAAA", "../../etc", "%00", "A" * 9_000])
@pytest.mark.parametrize("kind", ["c", "u"])
async def test_a_wrong_link_leads_nowhere_and_says_what_to_do(desk: Desk, kind: str, wrong: str) -> None:
    answer = await desk.client.get(f"/m/{kind}/{wrong}", headers=PERSON)
    assert answer.status_code == 404
    assert not desk.told
    if wrong and "/" not in wrong:
        assert "try again" in answer.text


async def test_a_changed_link_leads_nowhere(desk: Desk) -> None:
    good = path("click", target=SHOP)
    for at in range(5, len(good), 7):
        changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        assert (await desk.client.get(changed, headers=PERSON)).status_code == 404
    assert (await desk.client.get(good.replace("/c/", "/u/"), headers=PERSON)).status_code == 404
    assert not desk.told


async def test_a_link_of_a_forgotten_send_still_leads_there(desk: Desk) -> None:
    answer = await desk.client.get(path("click", FORGOTTEN, SHOP), headers=PERSON)
    assert answer.status_code == 302
    assert not desk.told


async def test_being_too_busy_to_note_it_keeps_nobody_waiting(desk: Desk) -> None:
    desk.busy = True
    assert (await desk.client.get(path("open"), headers=PERSON)).status_code == 200
    answer = await desk.client.get(path("click", target=SHOP), headers=PERSON)
    assert answer.status_code == 302


async def test_being_too_busy_to_unsubscribe_is_not_said_to_have_worked(desk: Desk) -> None:
    desk.busy = True
    with pytest.raises(Busy):  # The application around these routes answers 503.
        await desk.client.post(path("unsubscribe"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_never_unsubscribes(desk: Desk, method: str) -> None:
    answer = await desk.client.request(method, path("unsubscribe"), headers=PERSON)
    assert answer.status_code == 200
    assert not desk.told


async def test_the_page_asks_and_runs_no_script(desk: Desk) -> None:
    answer = await desk.client.get(path("unsubscribe"), headers=PERSON)
    assert '<form method="post">' in answer.text
    assert "<html lang=" in answer.text
    assert "ada@example.com" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex"


async def test_one_click_unsubscribes_with_no_redirect_and_no_session(desk: Desk) -> None:
    """RFC 8058: the mail provider posts this, knowing nothing but the link."""
    answer = await desk.client.post(path("unsubscribe"), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert desk.names() == ["Message Unsubscribed", "Consent Changed"]
    profile = EMPTY
    for each in desk.told:
        profile = learn(profile, each)
    assert profile.consents_to("email", "marketing") is False


async def test_unsubscribing_twice_counts_once(desk: Desk) -> None:
    for _ in range(2):
        assert (await desk.client.post(path("unsubscribe"))).status_code == 200
        desk.clock.advance(seconds=90)
    assert len({each.message_id for each in desk.told if each.name == "Message Unsubscribed"}) == 1


async def test_who_came_back_can_leave_again_by_the_same_mail(desk: Desk) -> None:
    await desk.client.post(path("unsubscribe"))
    desk.clock.advance(seconds=5)
    await desk.client.post(path("unsubscribe"))
    refusals = {each.message_id for each in desk.told if each.name == "Consent Changed"}
    assert len(refusals) == 2, "the second refusal would be dropped as a repeat of the first"


async def test_a_forgotten_send_cannot_be_unsubscribed_from(desk: Desk) -> None:
    assert (await desk.client.post(path("unsubscribe", FORGOTTEN))).status_code == 404


async def follow(desk: Desk, target: str) -> None:
    await desk.client.get(path("click", target=target), headers=PERSON)


def agents(desk: Desk) -> list[tuple[str, str]]:
    return [(each.name, str(each.properties["agent"])) for each in desk.told]


async def test_whoever_follows_two_links_at_once_is_a_machine_and_the_first_is_taken_back(desk: Desk) -> None:
    await follow(desk, SHOP)
    desk.clock.advance(seconds=1)
    await follow(desk, "https://shop.example/other")
    reclassified = ("Message Engagement Reclassified", "machine")
    assert agents(desk) == [("Message Clicked", "human"), ("Message Clicked", "machine"), reclassified]
    back = desk.told[2].properties
    assert (back["event"], back["was"], back["deed"]) == (desk.told[0].message_id, "human", "clicked")
    desk.clock.advance(seconds=1)
    await follow(desk, "https://shop.example/third")
    assert agents(desk)[3:] == [("Message Clicked", "machine")], "what was taken back once is not again"


async def test_a_person_follows_one_link_after_the_other(desk: Desk) -> None:
    for number in range(3):
        await follow(desk, f"https://shop.example/{number}")
        desk.clock.advance(seconds=3)
    assert agents(desk) == [("Message Clicked", "human")] * 3


async def test_who_follows_the_link_nobody_sees_is_a_machine_before_and_after(desk: Desk) -> None:
    await desk.client.get(path("open"), headers=PERSON)
    desk.clock.advance(seconds=20)
    response = await desk.client.get(path("trap"), headers=PERSON)
    assert (response.status_code, response.content) == (204, b"")
    desk.clock.advance(seconds=20)
    await follow(desk, SHOP)
    desk.clock.advance(minutes=2)
    await follow(desk, SHOP)
    assert agents(desk) == [
        ("Message Opened", "human"),
        ("Message Clicked", "machine"),
        ("Message Engagement Reclassified", "machine"),
        ("Message Clicked", "machine"),
        ("Message Clicked", "human"),
    ]
    assert desk.told[1].properties["trap"] is True


async def test_a_click_as_soon_as_it_is_sent_may_be_anybodys(desk: Desk) -> None:
    now_ms = to_millis(desk.clock.now())
    async with desk.state.begin() as transaction:
        send = a_send(FORGOTTEN, identity=1, state="sent", settled_ms=now_ms)
        await transaction.add_sends([send])
    await desk.client.get(path("click", FORGOTTEN, SHOP), headers=PERSON)
    desk.clock.advance(minutes=1)
    await desk.client.get(path("click", FORGOTTEN, SHOP), headers=PERSON)
    assert [agent for _, agent in agents(desk)] == ["unknown", "human"]


async def test_wrong_traps_do_nothing(desk: Desk) -> None:
    assert (await desk.client.get("/m/t/nonsense")).status_code == 204
    assert (await desk.client.get(path("open").replace("/m/o/", "/m/t/"))).status_code == 204
    assert desk.told == []


async def test_the_pages_speak_the_language_of_the_person(desk: Desk) -> None:
    asked = await desk.client.get(path("unsubscribe"), headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert '<html lang="de">' in asked.text
    assert "Abmelden" in asked.text
    async with desk.state.begin() as transaction:
        said = learn(EMPTY, an_event("Identified", kind="identify", properties={"language": "en"}))
        await transaction.put_profiles({1: said})
    own = await desk.client.get(path("unsubscribe"), headers={"Accept-Language": "de"})
    assert '<html lang="en">' in own.text
    assert (await desk.client.get("/m/u/x", headers={"Accept-Language": "de"})).text.count("funktioniert nicht") == 2


@pytest.mark.parametrize(
    ("user_agent", "method", "agent"),
    [
        (PERSON["User-Agent"], "GET", "human"),
        (PERSON["User-Agent"], "HEAD", "machine"),
        ("Mozilla/5.0", "GET", "machine"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "GET", "human"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "GET", "human"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "GET", "machine"),
        ("python-requests/2.32", "GET", "machine"),
        ("Barracuda Sentinel (EE)", "GET", "machine"),
        ("", "GET", "unknown"),
        ("Thunderbird", "GET", "unknown"),
    ],
)
def test_who_fetched_it(user_agent: str, method: str, agent: Agent) -> None:
    assert agent_of(user_agent, method=method) == agent
