"""One purchase, from the click to the proof. Read this first: it goes through Holdfast in the order of its folders.

Everything here is the real thing but for three adapters: the stores are in memory, the clock is turned by hand, and
mail is kept in a list instead of leaving the house.
"""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from holdfast import did, prop, trait
from holdfast.flows.journey.playbook import playbook_of
from holdfast.flows.measure.results import result_of
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.moments import to_millis
from holdfast.measures.trial import Estimated
from holdfast.messages.links import decode_link
from holdfast.testing.house import House

CART_RESCUE = {
    "id": "cart-rescue",
    "name": "Cart rescue",
    "holdout": 0.5,
    "goal": {"event": "Order Completed", "within_seconds": 3 * 86_400},
    "start": "checkout",
    "steps": {
        "checkout": {
            "type": "trigger",
            "event": "Checkout Started",
            "again": "after_exit",
            "exits": {"entered": "wait"},
        },
        "wait": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 45 * 60,
            "exits": {"happened": "bought", "expired": "mail"},
        },
        "mail": {
            "type": "send",
            "channel": "email",
            "template": {
                "subject": "{{ person.first_name | default: 'Hello' }}, your {{ event.properties.product }} is waiting",
                "html": '<p><a href="https://shop.example/cart">Back to your cart</a></p>',
            },
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
        "bought": {"type": "exit"},
    },
}


def track(event: str, *, user: str = "", device: str = "", number: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event,
        "userId": user or None,
        "anonymousId": device or None,
        "messageId": f"{event}/{user}/{device}/{number}",
        "properties": properties,
    }


def identify(user: str) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "messageId": user, "traits": {"email": f"{user}@example.com"}}


async def test_one_purchase_from_the_click_to_the_proof(tmp_path: Path) -> None:
    house = await House.build(tmp_path, currency="EUR")
    app = house.app
    await house.publish(CART_RESCUE)

    # events/: WHAT HAPPENED. Somebody looks around; nobody knows yet who. The same message twice is one event, and a
    # record that cannot be one is set aside while the rest of its batch is kept.
    view_of_boots = track("Product Viewed", device="phone-7", product="boots", price=129.0)
    await house.happens(view_of_boots, view_of_boots, {"type": "track", "anonymousId": "phone-7"})
    assert await app.history.size() == 1
    async with app.state.view() as view:
        (bad,) = await view.bad_records(limit=10, before_id=None, replayed=False)
    assert (bad.code, bad.path) == ("no_event_name", "$.batch[2].event")

    # profiles/: WHO IT HAPPENED TO. She logs in, and what she did before is hers.
    await house.later(minutes=5)
    await house.happens(
        {
            "type": "identify",
            "userId": "ida",
            "anonymousId": "phone-7",
            "messageId": "login",
            "traits": {"first_name": "Ida", "email": "ida@example.com", "country": "PT"},
        }
    )
    async with app.state.view() as view:
        names = (await view.members([1]))[1]
    assert {each.key.value for each in names} == {"ida", "phone-7"}
    assert [each.name for each in await app.history.timeline([each.id for each in names], limit=10)][-1:] == [
        "Product Viewed"
    ]

    # segments/: WHICH PEOPLE. A condition reads like a sentence, has one JSON form, and counts over all history.
    curious = did("Product Viewed", where=prop("price") > 100) & (trait("country") == "PT") & ~did("Order Completed")
    now_ms = to_millis(house.clock.now())
    assert await app.history.count(curious, as_of_ms=now_ms) == 1

    # decisions/: WHAT TO DO NEXT. She starts to check out and stops. Half of the people are left alone on purpose, by a
    # hash of their name: Ida is not, Ana is, and both walk the same way through the journey.
    await house.later(minutes=5)
    await house.happens(
        identify("ana"),
        track("Checkout Started", user="ida", product="boots"),
        track("Checkout Started", user="ana", product="kettle"),
    )
    await house.later(minutes=44)
    assert not house.carrier.parcels
    await house.later(minutes=1)

    # messages/: HOW IT IS SAID. One mail, to Ida, in her words; its links are signed, and one click ends it.
    (parcel,) = house.carrier.parcels
    mail = BytesParser(policy=policy.default).parsebytes(parcel.body)
    assert (mail["To"], mail["Subject"]) == ("ida@example.com", "Ida, your boots is waiting")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    part = mail.get_body(("html",))
    assert part is not None
    html = part.get_content()
    (click,) = re.findall(r'href="[^"]*/m/c/([^"]+)"', html)
    link = decode_link(click, app.secret)
    assert link is not None
    assert link.target == "https://shop.example/cart"
    await house.app.receiver.clicked(click, "human")

    # She comes back and buys; the order is counted for the arm she is in.
    await house.later(hours=2)
    await house.happens(track("Order Completed", user="ida", revenue=129.0, currency="EUR"))

    # The timeline tells all of it: what she did, what was decided, what was said, and what came of it.
    async with app.state.view() as view:
        hers = [each.id for each in (await view.members([1]))[1]]
        anas = [each.id for each in (await view.members([3]))[3]]
        playbook = playbook_of(await view.decisions())
    told: dict[int, set[str]] = {}
    for each in reversed(await app.history.timeline(hers, limit=50)):
        told.setdefault(each.timestamp_ms, set()).add(each.name)
    assert list(told.values()) == [
        {"Product Viewed"},
        {"Identified"},
        {"Checkout Started", "Journey Entered"},
        {"Message Queued", "Journey Left", "Message Sent", "Message Clicked"},
        {"Order Completed"},
    ]
    withheld = await app.history.timeline(anas, limit=50, name="Message Withheld")
    assert [each.properties["reason"] for each in withheld] == ["holdout"]

    # measures/: WHETHER IT WORKED. Four hundred more people do as she did; of those who were written to, more come
    # back. The difference between the arms has an interval, in shares of people and in money.
    people = [f"person-{number}" for number in range(400)]
    await house.happens(
        *(identify(each) for each in people),
        *(track("Checkout Started", user=each, product="soap") for each in people),
    )
    await house.later(minutes=45)
    written = {parcel.to.partition("@")[0] for parcel in house.carrier.parcels}
    buyers = [each for number, each in enumerate(people) if number % 2 == 0 or (number % 3 == 0 and each in written)]
    await house.happens(*(track("Order Completed", user=each, revenue=20.0, currency="EUR") for each in buyers))
    await house.later(days=3, seconds=1)
    journey = playbook.plays["cart-rescue", 1].journey
    result = await result_of(app.history, "cart-rescue", journey, as_of_ms=to_millis(house.clock.now()), currency="EUR")
    treated, holdout = result.trial.treated, result.trial.holdout
    assert treated.people + holdout.people == 402
    assert treated.people == len(written)
    assert isinstance(result.trial.conversion, Estimated)
    assert result.trial.conversion.beyond_chance
    assert result.trial.conversion.difference > 0

    # And back: a merge is a link, and undoing it gives back exactly what was.
    before = await app.history.timeline(hers, limit=50)
    merged = await merge(app.state, "ida", "ana", by="a person", now=house.clock.now())
    await house.settle()
    async with app.state.view() as view:
        assert len((await view.members([1]))[1]) == 3
    await unmerge(app.state, merged.link.id, by="a person", now=house.clock.now())
    await house.settle()
    async with app.state.view() as view:
        assert [each.id for each in (await view.members([1]))[1]] == hers
    assert await app.history.timeline(hers, limit=50) == before
