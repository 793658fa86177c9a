"""The page on which people say what they want to hear: `/m/p/{token}`. No key opens it: its signature does."""

from __future__ import annotations

from html import escape
from itertools import groupby
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from holdfast.flows.delivery.preferences import Choice, PreferenceKeeper, Preferences
from holdfast.http.public_page import Language, language_for, lost, page
from holdfast.http.request_body import Gone, read_body
from holdfast.kernel.errors import Exposed, Invalid, TooLarge

FORM_BYTES_MOST = 65_536
FIELDS_MOST = 2_000

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Your choices",
        "intro": "What may we write to you about? This is about messages to {address} and wherever else we reach you.",
        "save": "Save",
        "stop": "I want no more of any of this",
        "saved": "Saved. You may close this page.",
        "stopped": "Saved: you get none of this any more.",
        "transactional": "Messages about what you have bought or asked for still reach you.",
    },
    "de": {
        "title": "Ihre Auswahl",
        "intro": "Worüber dürfen wir Ihnen schreiben? Es geht um Nachrichten an {address} und wo wir Sie sonst "
        "erreichen.",
        "save": "Speichern",
        "stop": "Ich möchte nichts davon mehr bekommen",
        "saved": "Gespeichert. Sie können diese Seite schließen.",
        "stopped": "Gespeichert: Sie bekommen nichts davon mehr.",
        "transactional": "Nachrichten zu dem, was Sie gekauft oder verlangt haben, bekommen Sie weiterhin.",
    },
}
_CHANNELS: dict[Language, dict[str, str]] = {
    "en": {
        "email": "By email",
        "sms": "By text message",
        "web_push": "By browser notification",
        "mobile_push": "By notification on the phone",
        "whatsapp": "By WhatsApp",
        "telegram": "By Telegram",
        "in_app": "In the app",
        "inbox": "In the inbox",
    },
    "de": {
        "email": "Per E-Mail",
        "sms": "Per SMS",
        "web_push": "Als Benachrichtigung im Browser",
        "mobile_push": "Als Benachrichtigung auf dem Telefon",
        "whatsapp": "Per WhatsApp",
        "telegram": "Per Telegram",
        "in_app": "In der App",
        "inbox": "Im Posteingang",
    },
}


def preference_routes(keeper: PreferenceKeeper) -> list[Route]:
    """The routes."""

    async def shown(request: Request) -> Response:
        token = request.path_params["token"]
        if request.method == "POST":
            return await _said(request, token)
        # Scanners follow every link: looking changes nothing.
        return await _page_of(request, token)

    async def _said(request: Request, token: str) -> Response:
        form = await _form(request)
        if "stop" in form:
            taken, note = await keeper.stop(token), "stopped"
        else:
            taken = await keeper.say(token, shown=set(form.get("shown", ())), wanted=set(form.get("on", ())))
            note = "saved"
        if not taken:
            return lost(language_for(request))
        # What was said is durable and may not be taken in yet, so the page says what the form said.
        wanted = set() if note == "stopped" else set(form.get("on", ()))
        return await _page_of(request, token, note=note, wanted=wanted)

    async def _page_of(request: Request, token: str, note: str = "", wanted: set[str] | None = None) -> Response:
        known = await keeper.known(token, language_for(request))
        if known is None:
            return lost(language_for(request))
        return _choices_page(known, language_for(request, known.language), note, wanted)

    return [Route("/m/p/{token}", shown, methods=["GET", "HEAD", "POST"])]


def _choices_page(known: Preferences, language: Language, note: str, wanted: set[str] | None) -> HTMLResponse:
    words = _WORDS[language]
    status = f'<p role="status">{words[note]}</p>' if note else ""
    fields = "".join(
        f"<fieldset><legend>{escape(_CHANNELS[language].get(channel, channel))}</legend>"
        + "".join(_box(each, each.wanted if wanted is None else each.key in wanted) for each in choices)
        + "</fieldset>"
        for channel, choices in groupby(known.choices, key=lambda each: each.channel)
    )
    content = (
        f"{status}<p>{words['intro'].format(address=f'<strong>{escape(known.address)}</strong>')}</p>"
        f'<form method="post">{fields}<button type="submit">{words["save"]}</button></form>'
        '<form method="post"><button class="quiet" type="submit" name="stop" value="all">'
        f"{words['stop']}</button></form>"
        f"<p>{words['transactional']}</p>"
    )
    return page(words["title"], content, language=language)


def _box(choice: Choice, checked: bool) -> str:
    key = escape(choice.key)
    return (
        f'<input type="hidden" name="shown" value="{key}">'
        f'<label><input type="checkbox" name="on" value="{key}"{" checked" if checked else ""}>'
        f"{escape(choice.name)}</label>"
    )


async def _form(request: Request) -> dict[str, list[str]]:
    def too_large() -> Exposed:
        return TooLarge("the form is too long.", path="$", hint="Open the link from the message again.")

    try:
        body = await read_body(request.receive, bytes_most=FORM_BYTES_MOST, too_large=too_large)
        return parse_qs(body.decode("utf-8"), max_num_fields=FIELDS_MOST)
    except Gone as gone:
        raise ClientDisconnect from gone
    except ValueError as error:
        hint = "Open the link from the message again."
        raise Invalid("this is no form of ours.", path="$", hint=hint) from error
