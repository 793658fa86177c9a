"""Messages that look up, hand out codes and give up: from the event to what is in the mail, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.flows.content.catalogues import ImportWish, Rows, import_items
from holdfast.flows.content.coupons import add_codes
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.export_person import items_of
from holdfast.integrations.files.items import item_rows, read_codes
from holdfast.messages.parcel import Deferred
from holdfast.ports.state import Send
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.house import House


def journey(html: str) -> dict[str, Any]:
    template = {"subject": "For {{ person.name | default: 'you' }}", "html": html, "text": ""}
    send = {"type": "send", "channel": "email", "topic": "news", "template": template}
    return {
        "id": "tell",
        "name": "Tell",
        "holdout": 0.0,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": "Viewed", "again": "once", "exits": {"entered": "mail"}},
            "mail": {**send, "exits": {"sent": "done", "withheld": "done"}},
            "done": {"type": "exit"},
        },
    }


def viewed(user: str, number: int, **properties: object) -> tuple[dict[str, Any], ...]:
    return (
        {
            "type": "identify",
            "userId": user,
            "messageId": f"i{number}",
            "traits": {"email": f"{user}@mail.example", "locale": "de-DE", "timezone": "Europe/Berlin"},
        },
        {"type": "track", "userId": user, "messageId": f"t{number}", "event": "Viewed", "properties": properties},
    )


async def sends_of(house: House) -> list[Send]:
    async with house.app.state.view() as view:
        return await view.sends_of(origin="tell", identities=None, limit=99)


async def with_goods(directory: Path) -> House:
    house = await House.build(directory, consent_default="granted", time_zone="Europe/Vienna")
    goods = directory / "goods.csv"
    goods.write_text("sku,name,price,sold\nt1,Tea & more,590,3\nc1,Cup,1200,9\n", encoding="utf-8")
    wish = ImportWish(catalogue="products", id_field="sku", ranked_by="sold")
    rows = Rows(read=item_rows(goods), is_text=True)
    await import_items(house.app.state, house.clock, wish, rows, lambda *_: None)
    codes = directory / "codes.txt"
    codes.write_text("A1\nA2\n", encoding="utf-8")
    await add_codes(house.app.state, house.clock, "WELCOME", read_codes(codes), lambda *_: None)
    return house


HTML = """{% catalogue "products" id: event.properties.sku as p %}
{% unless p %}{% abort "no such product" %}{% endunless %}
<p>{{ p.name }} for {{ p.price | money: "EUR" }}, {% coupon "WELCOME" as c %}code {{ c }}</p>
<p>{{ event.timestamp | date_in_zone: "full" }}, {{ workspace.time_zone }}</p>"""


async def test_a_mail_says_what_was_looked_up_and_each_person_has_a_code_of_their_own(tmp_path: Path) -> None:
    house = await with_goods(tmp_path)
    await house.publish(journey(HTML))
    await house.happens(*viewed("ada", 1, sku="t1"), *viewed("ben", 2, sku="c1"))
    bodies = sorted(parcel.body.decode() for parcel in house.carrier.parcels)
    assert len(bodies) == 2
    written = "\n".join(bodies)
    assert "Tea &amp; more" in written
    assert "1.200" not in written
    assert "12,00" in written
    assert "Europe/Vienna" in written
    assert all(("code A1" in body) != ("code A2" in body) for body in bodies)
    await house.app.close()


async def test_who_is_not_to_be_written_to_is_not_and_takes_no_code(tmp_path: Path) -> None:
    house = await with_goods(tmp_path)
    await house.publish(journey(HTML))
    await house.happens(*viewed("ada", 1, sku="gone"))
    (send,) = await sends_of(house)
    assert (send.state, send.reason, send.dead) == ("withheld", "aborted: no such product", False)
    async with house.app.state.view() as view:
        (pool,) = await view.coupon_pools()
        told = [event async for event in _events(house)]
    assert pool.left == 2
    assert "Message Withheld" in told
    await house.app.close()


async def test_a_code_taken_for_an_address_that_cannot_be_written_to_goes_back(tmp_path: Path) -> None:
    house = await with_goods(tmp_path)
    await house.publish(journey('<p>{% coupon "WELCOME" as c %}{{ c }}</p>'))
    await house.happens(*viewed("a,b", 1))
    (send,) = await sends_of(house)
    assert (send.state, "no mail address" in send.reason) == ("failed", True)
    async with house.app.state.view() as view:
        (pool,) = await view.coupon_pools()
    assert pool.left == 2
    await house.app.close()


async def test_what_is_kept_of_a_message_that_waits_is_told_and_forgotten_with_the_person(tmp_path: Path) -> None:
    house = await House.build(tmp_path, carrier=KeptParcels(Deferred("later", 9)), consent_default="granted")
    await house.publish(journey("<p>Hello {{ person.user_id }}</p>"))
    await house.happens(*viewed("ada", 1), *viewed("ben", 2))
    waits, went = sorted(await sends_of(house), key=lambda send: send.state)
    assert (waits.state, went.state) == ("pending", "sent")
    who = "ada" if waits.address.startswith("ada") else "ben"
    held: list[Any] = [item async for part, item in items_of(house.app.holder(), who) if part == "sends"]
    assert held[0]["says"]["html"] == f"<p>Hello {who}</p>"
    await house.app.eraser.request(who, by="test")
    async with house.app.state.view() as view:
        assert await view.kept_words([waits.key]) == {}
    await house.app.close()


async def _events(house: House) -> Any:
    async for batch in house.app.history.export(batch_rows=100):
        for name in batch.column("event").to_pylist():
            yield name


async def test_an_empty_pool_is_a_reason_and_the_message_can_be_sent_once_it_is_filled(tmp_path: Path) -> None:
    house = await with_goods(tmp_path)
    await house.publish(journey('<p>{% coupon "WELCOME" as c %}{{ c }}</p>'))
    await house.happens(*viewed("ada", 1), *viewed("ben", 2), *viewed("cy", 3))
    (late,) = [each for each in await sends_of(house) if each.state == "failed"]
    assert late.reason == "There is no coupon left in 'WELCOME', or no such pool."
    assert late.dead
    assert len(house.carrier.parcels) == 2
    (tmp_path / "more.txt").write_text("A1\nB1\n", encoding="utf-8")
    more = read_codes(tmp_path / "more.txt")
    done = await add_codes(house.app.state, house.clock, "WELCOME", more, lambda *_: None)
    assert (done.added, done.known) == (1, 1)
    async with house.app.state.begin() as transaction:
        await transaction.replay_dead_letters([late.key], 0)
    await house.settle()
    assert "B1" in house.carrier.parcels[-1].body.decode()
    await house.app.close()


async def test_codes_of_the_forgotten_are_nobodys_and_are_told_to_whoever_asks_what_is_held(tmp_path: Path) -> None:
    house = await with_goods(tmp_path)
    await house.publish(journey('<p>{% coupon "WELCOME" as c %}{{ c }}</p>'))
    await house.happens(*viewed("ada", 1))
    held: list[Any] = [item async for part, item in items_of(house.app.holder(), "ada") if part == "coupons"]
    assert [(each["pool"], each["code"]) for each in held] == [("WELCOME", "A1")]
    (send,) = await sends_of(house)
    assert isinstance(house.app.eraser, Eraser)
    await house.later(hours=1)
    await house.app.eraser.request("ada", by="test")
    async with house.app.state.view() as view:
        assert await view.coupons_of([send.key]) == []
        (pool,) = await view.coupon_pools()
    assert (pool.codes, pool.given) == (2, 1)
    await house.app.close()
