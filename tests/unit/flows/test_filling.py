"""Filling: what a message asks for is fetched, each thing once; and a code nobody was shown goes back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from holdfast.decisions.medium import medium_called
from holdfast.events.event import Json
from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.linked import REST_SECONDS, Answer, LinkedContent, NoAnswer
from holdfast.flows.content.lookups import FRESH_SECONDS
from holdfast.flows.delivery.filling import Filled, FilledOrNot, Filler
from holdfast.messages.content import parse_content
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.liquid.needs import Aborted, Linked
from holdfast.messages.parcel import Deferred, Refused
from holdfast.ports.catalogues import Catalogue, CatalogueItem
from holdfast.ports.state import State
from holdfast.ports.web import Fetched, FetchedOrNot, Unfetched
from holdfast.testing import FakeClock, MemoryState, a_send
from holdfast.testing.filling import FakeWeb, a_filler

STOCK = "https://api.shop.example/stock"
HOSTS = "api.shop.example"


async def a_catalogue(state: State, *items: CatalogueItem) -> None:
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 1)
        await transaction.add_items(edition, items, replace=True)
        await transaction.publish_catalogue(Catalogue(name="products", edition=edition, changed_ms=1))


async def a_pool(state: State, *codes: str) -> None:
    async with state.begin() as transaction:
        await transaction.add_coupons("WELCOME", codes, 1)


async def left(state: State) -> int:
    async with state.view() as view:
        (pool,) = await view.coupon_pools()
    return pool.left


async def fill(filler: Filler, text: str, key: str = "s1", **variables: Json) -> FilledOrNot:
    content = parse_content(medium_called("sms", "$"), {"text": text})
    return await filler.fill(content, variables, a_send(key))


async def said(filler: Filler, text: str, key: str = "s1", **variables: Json) -> str:
    filled = await fill(filler, text, key, **variables)
    assert isinstance(filled, Filled), filled
    return filled.words.text("text")


def answers(value: Any, status: int = 200) -> Fetched:
    return Fetched(status=status, content_type="application/json; charset=utf-8", body=json.dumps(value).encode())


# Catalogues.


async def test_items_and_top_items_are_put_into_words() -> None:
    state = MemoryState()
    await a_catalogue(
        state,
        CatalogueItem(id="a", fields={"name": "Tea"}, rank=1),
        CatalogueItem(id="b", fields={"name": "Cup", "id": "forged"}, rank=9),
        CatalogueItem(id="c", fields={"name": "Pot"}),
    )
    filler = a_filler(state, FakeClock())
    text = '{% catalogue "products" id: sku as p %}{{ p.name }}/{{ p.id }}'
    assert await said(filler, text, sku="b") == "Cup/b"
    assert await said(filler, text + "!", sku="nope") == "/!"
    assert await said(filler, text + "!", sku="\ud800") == "/!"
    picks = '{% recommend "products" from: ids without: no count: 2 as x %}{{ x | map: "name" | join: "," }}'
    assert await said(filler, picks, ids=["c", "gone"]) == "Pot,Cup"
    assert await said(filler, picks, ids=["c"], no=["b"]) == "Pot,Tea"
    assert await said(filler, picks) == "Cup,Tea"


async def test_a_catalogue_that_is_not_there_stops_the_message() -> None:
    filler = a_filler(MemoryState(), FakeClock())
    filled = await fill(filler, 'x{% catalogue "products" id: "a" as p %}')
    assert filled == Refused("There is no catalogue 'products'.")


async def test_what_was_looked_up_serves_a_few_seconds_and_no_longer() -> None:
    state, clock = MemoryState(), FakeClock()
    filler, text = a_filler(state, clock), '{% catalogue "products" id: "a" as p %}{{ p.price }}'
    await a_catalogue(state, CatalogueItem(id="a", fields={"price": 1}))
    assert await said(filler, text) == "1"
    await a_catalogue(state, CatalogueItem(id="a", fields={"price": 2}))
    assert await said(filler, text) == "1"
    clock.advance(seconds=FRESH_SECONDS)
    assert await said(filler, text) == "2"


# Coupons.


async def test_a_send_has_one_code_however_often_it_is_put_into_words() -> None:
    state = MemoryState()
    await a_pool(state, "A1", "A2")
    filler = a_filler(state, FakeClock())
    text = 'Take {% coupon "WELCOME" as c %}{{ c }}{% coupon "WELCOME" as d %} {{ d }}'
    assert await said(filler, text) == "Take A1 A1"
    assert await said(filler, text) == "Take A1 A1"
    assert await said(filler, text, key="s2") == "Take A2 A2"
    assert await fill(filler, text, key="s3") == Refused("There is no coupon left in 'WELCOME', or no such pool.")


@pytest.mark.parametrize(
    ("rest", "ends"),
    [
        ('{% abort "no" %}', Aborted),
        ("{{ 1 | divided_by: 0 }}", Refused),
        ('{% coupon "EMPTY" as d %}', Refused),
        ('{% catalogue "none" id: "a" as p %}', Refused),
        (f'{{% linked "{STOCK}" required: true as x %}}', Deferred),
        ('{% linked "https://other.example/" required: true as x %}', Refused),
    ],
)
async def test_a_code_of_a_message_that_is_not_said_goes_back(rest: str, ends: type) -> None:
    state = MemoryState()
    await a_pool(state, "A1")
    filler = a_filler(state, FakeClock(), hosts=HOSTS)
    assert isinstance(await fill(filler, 'x{% coupon "WELCOME" as c %}' + rest), ends)
    assert await left(state) == 1


async def test_a_code_that_was_handed_over_before_does_not_go_back() -> None:
    """The first attempt may have reached the person; what is said now does not unsay it."""
    state = MemoryState()
    await a_pool(state, "A1")
    filler = a_filler(state, FakeClock())
    assert await said(filler, '{% coupon "WELCOME" as c %}{{ c }}') == "A1"
    assert await fill(filler, '{% coupon "WELCOME" as c %}{% abort "no" %}') == Aborted("no")
    assert await left(state) == 0


async def test_those_who_ask_at_once_are_served_together_each_with_their_own() -> None:
    state = MemoryState()
    await a_pool(state, *(f"A{n}" for n in range(40)))
    desk = CouponDesk(state=state, clock=FakeClock())
    begun = 0
    begin = state.begin

    def counted() -> Any:
        nonlocal begun
        begun += 1
        return begin()

    state.begin = counted  # type: ignore[method-assign]  # Counts the transactions of the real store.
    given = await asyncio.gather(*(desk.claim("WELCOME", f"s{n % 50}") for n in range(100)))
    codes = {f"s{n % 50}": each.code for n, each in enumerate(given) if each is not None}
    assert len(codes) == len(set(codes.values())) == 40
    assert begun <= 2


async def test_a_store_that_fails_fails_those_who_asked_and_serves_the_next() -> None:
    state = MemoryState()
    await a_pool(state, "A1")
    desk = CouponDesk(state=state, clock=FakeClock())
    begin, state.begin = state.begin, lambda: (_ for _ in ()).throw(OSError("no disk"))  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no disk"):
        await desk.claim("WELCOME", "s1")
    state.begin = begin  # type: ignore[method-assign]
    assert await desk.claim("WELCOME", "s1") is not None


# Linked content.


async def test_an_answer_is_put_into_words_json_or_text() -> None:
    web = FakeWeb({STOCK: answers({"left": [3]}), f"{STOCK}/text": Fetched(status=200, body=b"so\xff")})
    filler = a_filler(MemoryState(), FakeClock(), web=web, hosts=HOSTS)
    assert await said(filler, f'{{% linked "{STOCK}" as x %}}{{{{ x.left[0] }}}}') == "3"
    assert await said(filler, f'{{% linked "{STOCK}/text" as x %}}{{{{ x }}}}') == "so\ufffd"
    asked = '{% linked "' + STOCK + '" body: person.a, authorization: "Bearer t" as x %}ok'
    assert await said(filler, asked, person={"a": "ß"}) == "ok"
    assert (web.calls[-1].method, web.calls[-1].body, dict(web.calls[-1].headers)) == (
        "POST",
        "ß".encode(),
        {"authorization": "Bearer t"},
    )


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (Unfetched("it is slow"), Deferred),
        (Unfetched("it is private", lasting=True), Refused),
        (answers({}, 503), Deferred),
        (answers({}, 404), Refused),
        (Fetched(status=302), Deferred),
        (Fetched(status=200, content_type="application/json", body=b"{nope"), Deferred),
        (Fetched(status=200, content_type="application/json", body=b"[NaN]"), Deferred),
        (Fetched(status=200, content_type="application/json", body=b"[" * 60 + b"]" * 60), Refused),
        (Fetched(status=200, content_type="application/json", body=b"[" * 50_000), Deferred),
        (Fetched(status=200, content_type="application/json", body=b"9" * 50_000), Deferred),
    ],
)
async def test_no_answer_is_null_or_where_it_is_required_no_message(answer: FetchedOrNot, ends: type) -> None:
    def filler() -> Filler:
        return a_filler(MemoryState(), FakeClock(), web=FakeWeb({STOCK: answer}), hosts=HOSTS)

    assert await said(filler(), f'{{% linked "{STOCK}" as x %}}[{{{{ x }}}}]') == "[]"
    assert isinstance(await fill(filler(), f'x{{% linked "{STOCK}" required: true as x %}}'), ends)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/",
        "https://api.shop.example.evil.example/",
        "https://api.shop.example@evil.example/",
        "https://evil.example@api.shop.example/",
        "https://evil.example#@api.shop.example/",
        "https://evil.example\\@api.shop.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://api.shop.example:notaport/",
        "https://[api.shop.example/",
        "https://sub.api.shop.example/",
    ],
)
async def test_only_hosts_of_the_list_are_called(url: str) -> None:
    web = FakeWeb({url: answers(1)})
    linked = LinkedContent(fetcher=web, hosts=decode_hosts("api.shop.example", "x"), clock=FakeClock())
    assert isinstance(await linked.answer(Linked(url=url)), NoAnswer)
    assert web.calls == []


async def test_a_name_with_a_star_stands_for_all_below_it() -> None:
    hosts = decode_hosts("*.cdn.example, a.example", "x")
    assert hosts.allow("https://x.cdn.example/")
    assert hosts.allow("http://A.example:8080/")
    assert not hosts.allow("https://cdn.example/")
    assert not hosts.allow("https://evilcdn.example/")


async def test_an_answer_that_may_serve_everybody_is_fetched_once() -> None:
    web, clock = FakeWeb({STOCK: answers(1)}), FakeClock()
    linked = LinkedContent(fetcher=web, hosts=decode_hosts(HOSTS, "x"), clock=clock)
    need = Linked(url=STOCK, cache_seconds=60)
    assert await asyncio.gather(*(linked.answer(need) for _ in range(20))) == [Answer(1)] * 20
    assert len(web.calls) == 1
    await linked.answer(Linked(url=STOCK, cache_seconds=60, required=True))
    assert len(web.calls) == 1
    await linked.answer(Linked(url=STOCK, cache_seconds=60, headers=(("authorization", "other"),)))
    assert len(web.calls) == 2, "what another may not see is not served to them"
    clock.advance(seconds=60)
    await linked.answer(need)
    assert len(web.calls) == 3
    await linked.answer(Linked(url=STOCK))
    await linked.answer(Linked(url=STOCK))
    assert len(web.calls) == 5


async def test_a_host_that_did_not_answer_is_left_alone_for_a_while() -> None:
    web, clock = FakeWeb(), FakeClock()
    linked = LinkedContent(fetcher=web, hosts=decode_hosts(HOSTS, "x"), clock=clock)
    for _ in range(5):
        assert isinstance(await linked.answer(Linked(url=STOCK)), NoAnswer)
    assert len(web.calls) == 1
    clock.advance(seconds=REST_SECONDS)
    web.answers[STOCK] = answers(2)
    assert await linked.answer(Linked(url=STOCK)) == Answer(2)
