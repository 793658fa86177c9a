"""Mails rendered, signed and delivered, per second of one core, against the obvious way, and against a client in C.

The obvious way is python-liquid as it comes, the standard library's `EmailMessage`, dkimpy for the signature and
aiosmtplib on one open connection; it tracks no links and signs none. The client in C is Postfix's `smtp-source`: it
only delivers, one and the same text again and again. All hand their mails to the same sink: Postfix's `smtp-sink`
where it is installed, else one of our own.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib
import dkim
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from liquid import Environment

from bench.benchmark import Benchmark, Measured, Row
from bench.email_render import HTML, LINKER, NOW, SUBJECT, TEXT, person, sink
from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import email_channel
from holdfast.decisions.medium import media
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words, parse_content
from holdfast.messages.mail.dkim import signer
from holdfast.messages.mail.sending_domain import SendingDomain
from holdfast.messages.parcel import Accepted
from holdfast.testing import a_send

RATIO_LEAST = 8.0
AT_ONCE = 24
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
DOMAIN = SendingDomain(
    name="shop.example", signers=(signer("shop.example", "hf1", PEM),), bounce_host="bounces.shop.example"
)
SIGNED = [b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What some mails took, in seconds."""

    mails: int
    cpu: float
    clock: float

    @property
    def per_core(self) -> float:
        """Mails per second of one core."""
        return self.mails / self.cpu


async def ours(port: int, mails: range) -> None:
    """As a send goes through Holdfast."""
    carrier = SmtpCarrier("127.0.0.1", port, tls="none")
    channel = email_channel("Shop <shop@shop.example>", linker=LINKER, workspace_name="shop", domain=DOMAIN)
    content = parse_content(media()["email"], {"subject": SUBJECT, "html": HTML, "text": TEXT})

    async def one(number: int) -> None:
        words = content.render(person(number), now=NOW)  # type: ignore[arg-type]  # It is JSON.
        assert isinstance(words, Words)
        send = a_send(effect_key("bench", number), address=f"p{number}@mail.example")
        assert isinstance(await carrier.carry(channel.parcel(send, words)), Accepted)

    for start in range(mails.start, mails.stop, AT_ONCE):
        await asyncio.gather(*(one(number) for number in range(start, min(start + AT_ONCE, mails.stop))))
    await carrier.close()


async def naive(port: int, mails: range) -> None:
    """The obvious way."""
    html, plain = Environment(autoescape=True), Environment()
    subject, body, text = plain.from_string(SUBJECT), html.from_string(HTML), plain.from_string(TEXT)
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as client:
        for number in mails:
            variables = person(number)
            message = EmailMessage()
            message["From"] = "Shop <shop@shop.example>"
            message["To"] = f"p{number}@mail.example"
            message["Subject"] = subject.render(variables)
            message["List-Unsubscribe"] = f"<https://t.example/u/{number}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message.set_content(text.render(variables), cte="quoted-printable")
            message.add_alternative(body.render(variables), subtype="html", cte="quoted-printable")
            raw = message.as_bytes(policy=SMTP)
            top = dkim.sign(
                raw, b"hf1", b"shop.example", PEM, canonicalize=(b"relaxed", b"simple"), include_headers=SIGNED
            )
            await client.sendmail("shop@shop.example", [f"p{number}@mail.example"], top + raw)


def in_c(port: int, mails: int) -> Spent | None:
    """Postfix's own client, with mails of the same size; None where it is not installed."""
    source = shutil.which("smtp-source", path=f"/usr/sbin:{os.environ.get('PATH', '')}")
    if source is None:
        return None
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [
        source,
        "-m",
        str(mails),
        "-s",
        "12",
        "-l",
        str(len(HTML)),
        "-f",
        "a@shop.example",
        "-t",
        "b@mail.example",
    ]
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(mails=mails, cpu=cpu, clock=ended - began)


@contextmanager
def best_sink() -> Iterator[tuple[int, str]]:
    """A server that takes everything and keeps nothing; its port and its name."""
    program = shutil.which("smtp-sink", path=f"/usr/sbin:{os.environ.get('PATH', '')}")
    if program is None:
        with sink() as port:
            yield port, "a sink in Python"
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["-u", "postfix"] if os.getuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port, "smtp-sink"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("smtp-sink did not begin to answer")


def measured(before: tuple[float, float], mails: int) -> Spent:
    """What was spent since."""
    return Spent(mails=mails, cpu=time.process_time() - before[0], clock=time.perf_counter() - before[1])


def calmest(turns: list[Spent]) -> Spent:
    """The turn that took the least: neighbours on the machine only ever add to what the work itself costs."""
    return min(turns, key=lambda each: each.cpu / each.mails)


def run(quick: bool) -> Measured:
    """In short turns; of each the calmest counts, so that a busy neighbour disturbs none."""
    rounds, mails = (12, 50) if quick else (40, 100)
    fast: list[Spent] = []
    slow: list[Spent] = []
    c: list[Spent] = []
    with best_sink() as (port, sink_name):
        for turn in range(rounds + 1):
            block = range(turn * mails, (turn + 1) * mails)
            before = time.process_time(), time.perf_counter()
            uvloop.run(ours(port, block))
            spent = measured(before, mails)
            before = time.process_time(), time.perf_counter()
            uvloop.run(naive(port, block))
            spent_naively = measured(before, mails)
            by_c = in_c(port, mails * 10)
            if turn:  # The first turn warms all of them up.
                fast.append(spent)
                slow.append(spent_naively)
                c += [by_c] if by_c is not None else []
    return _table(calmest(fast), calmest(slow), calmest(c) if c else None, sink_name)


def _table(fast: Spent, slow: Spent, c: Spent | None, sink_name: str) -> Measured:
    ratio = fast.per_core / slow.per_core
    unit = "mails per second of one core"
    rows = [
        Row(what="the obvious way", value=slow.per_core, unit=unit, ratio=1.0),
        Row(
            what="Holdfast",
            value=fast.per_core,
            unit=unit,
            ratio=ratio,
            limit=f"at least {RATIO_LEAST:g} times as many",
            met=ratio >= RATIO_LEAST,
        ),
    ]
    if c is not None:
        rows.append(Row(what="smtp-source, in C: delivers only", value=c.per_core, unit=unit, ratio=None))
    rows += [
        Row(what=f"by the clock: {name}", value=each.mails / each.clock, unit="mails per second")
        for name, each in (("the obvious way", slow), ("Holdfast", fast), ("smtp-source", c))
        if each is not None
    ]
    size = f"{len(HTML) / 1000:.1f} KB of HTML with three products, and a text part"
    note = f"One mail: {size}; RSA of 2,048 bits; to {sink_name}. The calmest of many turns of each."
    return Measured(headline=ratio, rows=tuple(rows), notes=(note,))


BENCHMARK = Benchmark(
    about="Mails rendered, signed (DKIM) and delivered, against EmailMessage, dkimpy and aiosmtplib.", run=run
)
