"""Email: rendered, tracked, put together and delivered over SMTP, per CPU-second, against the obvious way to do it.

The obvious way is python-liquid as it comes, the standard library's `EmailMessage` and `smtplib` on one open
connection; it tracks no links and signs none. Both hand the mails to the same sink, in a process of its own.
"""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage

from liquid import Environment

from bench.benchmark import Benchmark, Measured, Row
from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import email_channel
from holdfast.decisions.medium import media
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words, parse_content
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted
from holdfast.testing import a_send

RATIO_LEAST = 2.5
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
SUBJECT = "{{ person.first_name | default: 'Hello' }}, your cart is waiting"
STYLE = "font:16px/1.5 Helvetica,Arial,sans-serif;color:#1b1b19;padding:12px 24px;border-radius:8px;"
PRODUCT = f"""<table role="presentation" width="100%"><tr><td style="{STYLE}">
<img src="{{{{ item.image }}}}" alt="{{{{ item.name }}}}"><b>{{{{ item.name }}}}</b> for only {{{{ item.price }}}}
<a href="https://shop.example/p/{{{{ item.id }}}}?from=mail">Buy it now</a></td></tr></table>
"""
FILLING = f"""<table role="presentation"><tr><td style="{STYLE * 4}">
<p>Free returns for thirty days, and a human on the phone.</p></td></tr></table>
"""
HTML = (
    f"<!doctype html><html><head><title>Cart</title><style>{'p{margin:0 0 16px}' * 100}</style></head><body>"
    "<p>Hi {{ person.first_name }},</p>{% for item in event.properties.items %}"
    + PRODUCT
    + "{% endfor %}"
    + FILLING * 38
    + '<a href="{{ links.unsubscribe }}">No more of this</a></body></html>'
)
TEXT = (
    "Hi {{ person.first_name }}, {% for item in event.properties.items %}{{ item.name }}, {% endfor %}wait for you.\n"
)
SINK = """
import asyncio, sys
async def serve(reader, writer):
    writer.write(b"220 sink\\r\\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-sink\\r\\n250-8BITMIME\\r\\n250 PIPELINING\\r\\n")
        elif verb == b"DATA":
            writer.write(b"354 go on\\r\\n")
            await reader.readuntil(b"\\r\\n.\\r\\n")
            writer.write(b"250 2.0.0 Ok: queued as X\\r\\n")
        else:
            writer.write(b"221 bye\\r\\n" if verb == b"QUIT" else b"250 2.0.0 fine\\r\\n")
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def person(number: int) -> dict[str, object]:
    """What the templates see."""
    items = [
        {"id": n, "name": f"Blue shirt {n}", "price": f"{number % 50}.9{n}", "image": f"https://i.example/{n}.png"}
        for n in range(3)
    ]
    send = effect_key("bench", number)
    return {
        "person": {"first_name": f"Zoë {number}", "email": f"p{number}@mail.example"},
        "event": {"properties": {"items": items}},
        "links": {"unsubscribe": LINKER.unsubscribe(send)},
    }


@contextmanager
def sink() -> Iterator[int]:
    """An SMTP server that takes everything and keeps nothing; its port."""
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


async def ours(port: int, mails: range) -> None:
    """As a send goes through Holdfast."""
    carrier = SmtpCarrier("127.0.0.1", port, tls="none")
    channel = email_channel("Shop <shop@shop.example>", linker=LINKER, workspace_name="shop")

    async def one(number: int) -> None:
        content = parse_content(media()["email"], {"subject": SUBJECT, "html": HTML, "text": TEXT})
        words = content.render(person(number), now=NOW)  # type: ignore[arg-type]  # It is JSON.
        assert isinstance(words, Words)
        send = a_send(effect_key("bench", number), address=f"p{number}@mail.example")
        assert isinstance(await carrier.carry(channel.parcel(send, words)), Accepted)

    for start in range(mails.start, mails.stop, 20):
        await asyncio.gather(*(one(number) for number in range(start, min(start + 20, mails.stop))))
    await carrier.close()


def naive(port: int, mails: range) -> None:
    """The obvious way."""
    html, plain = Environment(autoescape=True), Environment()
    subject, body, text = plain.from_string(SUBJECT), html.from_string(HTML), plain.from_string(TEXT)
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in mails:
            variables = person(number)
            message = EmailMessage()
            message["From"] = "Shop <shop@shop.example>"
            message["To"] = f"p{number}@mail.example"
            message["Subject"] = subject.render(variables)
            message["List-Unsubscribe"] = f"<{variables['links']}>"
            message.set_content(text.render(variables), cte="quoted-printable")
            message.add_alternative(body.render(variables), subtype="html", cte="quoted-printable")
            client.send_message(message)


def run(quick: bool) -> Measured:
    """In turns, so that a busy neighbour slows both."""
    rounds, mails = (4, 100) if quick else (10, 400)
    spent = {"ours": 0.0, "naive": 0.0}
    with sink() as port:
        for turn in range(rounds + 1):
            block = range(turn * mails, (turn + 1) * mails)
            before = time.process_time()
            asyncio.run(ours(port, block))
            between = time.process_time()
            naive(port, block)
            after = time.process_time()
            if turn:  # The first turn warms both up.
                spent = {"ours": spent["ours"] + between - before, "naive": spent["naive"] + after - between}
    rates = {name: rounds * mails / seconds for name, seconds in spent.items()}
    ratio = rates["ours"] / rates["naive"]
    rows = (
        Row(what="the obvious way", value=rates["naive"], unit="mails per CPU-second", ratio=1.0),
        Row(
            what="Holdfast",
            value=rates["ours"],
            unit="mails per CPU-second",
            ratio=ratio,
            limit=f"at least {RATIO_LEAST:g} times as many",
            met=ratio >= RATIO_LEAST,
        ),
    )
    notes = (f"One mail: {len(HTML) / 1000:.1f} KB of HTML with three products, and a text part. Not signed (DKIM).",)
    return Measured(headline=ratio, rows=rows, notes=notes)


BENCHMARK = Benchmark(
    about="Mails rendered, put together and delivered, against python-liquid, EmailMessage and smtplib.", run=run
)
