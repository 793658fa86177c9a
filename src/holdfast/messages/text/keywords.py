"""Keywords: STOP, START and HELP, as people answer messages with them.

Only a message that says nothing else counts, before anything else looks at it: a word within a sentence ("when does the
sale end?") must never end anything. What merely sounds like wanting out is a suggestion, for somebody to look at.
Source: the words that carriers in North America require (CTIA Messaging Principles, 5.1.3; 47 CFR 64.1200(a)(10)), and
those of Twilio and AWS besides.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Keyword = Literal["stop", "start", "help"]

WORD_CHARACTERS_MOST = 40
"""A longer message is no keyword, whatever it holds."""
SENTENCE_CHARACTERS_MOST = 2_000
"""How much of a message is searched for the wish to be left alone."""

_STOP = (
    *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE"),
    *("OPTOUT", "OPT OUT", "REMOVE", "ARRET", "TD", "ABMELDEN", "STOPP", "BAJA", "PARAR"),
)
_START = ("START", "YES", "UNSTOP")
_HELP = ("HELP", "INFO", "AIDE", "HILFE", "AYUDA")
_WORDS: dict[str, Keyword] = {
    **dict.fromkeys(_STOP, "stop"),
    **dict.fromkeys(_START, "start"),
    **dict.fromkeys(_HELP, "help"),
}
_EDGES = re.compile(r"^[\s/\"'“”„«»‘’(\[]+|[\s.!?,;:\"'“”„«»‘’)\]]+$")
_GAPS = re.compile(r"[\s\-‐‑_]+")

_SOUNDS_LIKE_STOP = re.compile(
    r"""\b(?:
        (?:stop|quit)\s(?:it|this|that|now|already|please|texting|messaging|sending|contacting|spamming|bothering)\b
      | (?:please|pls|plz)\s(?:stop|remove|unsubscribe|quit)\b
      | unsubscribe\s(?:me|please|pls|from)\b
      | (?:remove|take|delete)\s(?:me|my\s(?:number|phone|name)|this\snumber)\b
      | opt(?:ing)?\s(?:me\s)?out\b
      | no\smore\s(?:texts?|messages?|sms|spam|promos?|marketing)\b
      | (?:do\snot|don'?t|never)\s(?:text|message|contact|write|sms|bother|send)\b
      | leave\sme\salone\b
      | wrong\s(?:number|person)\b
      | keine\s(?:weiteren?\s)?(?:sms|nachrichten|werbung)\b
      | (?:bitte\s)?(?:abmelden|austragen|aufhören|nicht\smehr\s(?:schreiben|senden))\b
      | (?:arrêtez|arretez|désabonne[rz]|desabonne[rz]|ne\sm'écrivez\splus)\b
      | plus\sde\s(?:sms|messages)\b
      | no\s(?:me\s)?(?:escrib|mand|enví|envi)\w*\smás\b
      | (?:darme|dar)\sde\sbaja\b
    )""",
    re.VERBOSE,
)


def read_keyword(text: str) -> Keyword | None:
    """What the message asks for, if it says that and nothing else; None for any other.

    Upper and lower case, accents, blanks and marks around it, and a slash before it make no difference.

    A `start` undoes a stop, and is nothing more: to somebody who never stopped, `yes` is an answer to something else.

    >>> read_keyword(" Stop. ")
    'stop'
    >>> read_keyword("opt-out")
    'stop'
    >>> read_keyword("When does the sale end?") is None
    True
    """
    if len(text) > WORD_CHARACTERS_MOST:
        return None
    return _WORDS.get(_GAPS.sub(" ", _EDGES.sub("", _plain(text))).upper())


def suggests_stop(text: str) -> bool:
    """Whether the message sounds as if the person wanted no more of them, without being a keyword.

    For somebody to see and decide: nothing follows from it by itself.

    >>> suggests_stop("please stop texting me")
    True
    >>> suggests_stop("Is there a stop near the shop?")
    False
    """
    if read_keyword(text) is not None:
        return False
    said = " ".join(text[:SENTENCE_CHARACTERS_MOST].replace("’", "'").lower().split())
    return bool(_SOUNDS_LIKE_STOP.search(said))


def confirmation(keyword: Keyword, *, sender: str, stopped: bool, contact: str = "") -> str:
    """The one answer a keyword gets; empty for silence.

    Args:
        sender: who we are to the person, such as the shop's name.
        stopped: whether the person had stopped already when the keyword came: a second stop is met with silence, and
            only who had stopped can start again.
        contact: where help is to be had, such as an address; for `help`.
    """
    match keyword:
        case "stop":
            return "" if stopped else f"{sender}: You get no more messages from us. Reply START to get them again."
        case "start":
            return f"{sender}: You get messages from us again. Reply STOP to end them." if stopped else ""
        case "help":
            at = f" Help: {contact}." if contact else ""
            return f"{sender}:{at} Reply {'START to get messages again' if stopped else 'STOP to get no more'}."


def _plain(text: str) -> str:
    """Without accents, and what is invisible: keyboards put in direction marks and joiners."""
    parted = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parted if not unicodedata.combining(each) and unicodedata.category(each) != "Cf")
