"""What mail providers over HTTP have in common: what a status means that their own codes say nothing more of."""

from __future__ import annotations

from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Refused, Verdict

LATER_SECONDS = 60
SET_UP_SECONDS = 300
"""How long until it is tried again where our own set-up is what is wrong: a key, an account, a domain."""


def status_verdict(name: str, reply: HttpReply, said: str) -> Verdict:
    """What the status alone means, where the provider's own code says nothing more.

    Args:
        said: what the provider said, in its words.
    """
    reason = f"{name} answered {reply.status}" + (f": {said}" if said else "")
    match reply.status:
        case status if 200 <= status < 300:
            return Accepted()
        case 429 | 503:
            return Deferred(reason, reply.retry_after(LATER_SECONDS), "provider")
        case 401 | 402 | 403:
            # It is us who are wrong, and not the mail: a key that has expired must not use up what waits.
            return Deferred(reason, SET_UP_SECONDS, "provider")
        case status if 300 <= status < 500:
            return Refused(reason)
        case _:
            return InDoubt(reason)


def set_up_wrong(name: str, status: int, said: str) -> Deferred:
    """The account, the domain or the key is what is wrong: the mail waits until that is mended."""
    return Deferred(f"{name} answered {status}: {said}", SET_UP_SECONDS, "provider")


def text_of(value: object) -> str:
    """A value of an answer, when it is text, in one line of a sensible length."""
    return " ".join(value.split())[:200] if isinstance(value, str) else ""
