"""The phones that the tenant reaches: a list, a search over all, and one phone's screen.

GET /phones                 the phones; ?q= a search over all; ?before= older ones
GET /phones/events          server-sent events of the list, or of a search (?q=)
GET /phones/{number}        one phone's screen, newest first; ?before= older entries
GET /phones/{number}/events server-sent events of that phone
GET /phones/calls/{time}    what a call sounds like (WAV), where this machine can speak
"""

from collections.abc import Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.cpaas.cpaas import Cpaas
from sandbox.inbox.inbox import MAX_MESSAGES, Inbox
from sandbox.inbox.numbers import e164
from sandbox.inbox.timeline import PAGE, Entry, Filter, Phone, Timeline
from sandbox.pages import live, speech, views
from sandbox.pages.language import language_for
from sandbox.pages.wording import Shown, as_json, key_of

LONGEST_QUERY: Final = 200
"""Characters that are searched for; the field takes no more."""


def routes(inbox: Inbox, cpaas: Cpaas) -> list[BaseRoute]:
    """The routes, to be listed before any that takes the same paths."""
    pages = _Phones(inbox, cpaas)
    return [
        Route("/phones", pages.listing, methods=["GET"]),
        Route("/phones/events", pages.listing_events, methods=["GET"]),
        Route("/phones/calls/{time}", pages.call, methods=["GET"]),
        Route("/phones/{number}", pages.phone, methods=["GET"]),
        Route("/phones/{number}/events", pages.phone_events, methods=["GET"]),
    ]


class _Phones:
    def __init__(self, inbox: Inbox, cpaas: Cpaas) -> None:
        self._timeline = Timeline(inbox.database)
        self._cpaas = cpaas

    async def listing(self, request: Request) -> Response:
        if query := _query(request):
            return self._entries(request, "search.html.j2", Filter(query=query), query=query)
        # Read first: what changes from here on comes as an event.
        after = self._timeline.database.last_change
        before = request.query_params.get("before")
        found = self._timeline.phones(before=before, limit=PAGE + 1)
        phones = [self._phone(one) for one in found[:PAGE]]
        times = [one.last.at for one in found]
        return self._page(request, "phones.html.j2", after, times, phones=phones, query="")

    async def phone(self, request: Request) -> Response:
        number = self._number(request)
        return self._entries(request, "phone.html.j2", Filter(number), number=number, query="")

    async def listing_events(self, request: Request) -> StreamingResponse:
        query, language = _query(request), language_for(request)
        pieces = self._entry_pieces(language, apart=True) if query else self._phone_pieces(language)
        return live.stream(request, self._timeline, Filter(query=query), pieces)

    async def phone_events(self, request: Request) -> StreamingResponse:
        wanted = Filter(self._number(request))
        pieces = self._entry_pieces(language_for(request), apart=False)
        return live.stream(request, self._timeline, wanted, pieces)

    async def call(self, request: Request) -> Response:
        message = self._timeline.message(request.path_params["time"])
        if message is None or message.channel != "voice":
            raise HTTPException(404, "There is no such call")
        return await speech.answer(message)

    def _entries(self, request: Request, template: str, wanted: Filter, **values: Any) -> Response:
        after = self._timeline.database.last_change
        before = request.query_params.get("before")
        found = self._timeline.entries(wanted, before=before, limit=PAGE + 1)
        values |= {"entries": [Shown(one) for one in found[:PAGE]], **self._beside()}
        return self._page(request, template, after, [one.at for one in found], **values)

    def _page(
        self, request: Request, template: str, after: int, times: list[str], **values: Any
    ) -> Response:
        """A page of what has these times; one more than it shows says that there are older ones."""
        values["older"] = times[PAGE - 1] if len(times) > PAGE else None
        values |= {"before": request.query_params.get("before"), "limit": MAX_MESSAGES}
        return views.page(request, template, active="phones", after=after, **values)

    def _beside(self) -> dict[str, Any]:
        return {"requests_of": self._requests_of, "can_speak": speech.available()}

    def _entry_pieces(self, language: str, *, apart: bool) -> live.Pieces:
        """HTML of entries; `apart`: each says which phone it is on."""

        def piece(entry: Entry) -> str:
            values = {"entry": Shown(entry), "apart": apart, "fresh": True, **self._beside()}
            return views.fragment(language, "entry.html.j2", **values)

        return lambda entries: [(one.change, piece(one)) for one in entries]

    def _phone_pieces(self, language: str) -> live.Pieces:
        def pieces(entries: Sequence[Entry]) -> list[tuple[int, str]]:
            latest = {one.number: one.change for one in entries}
            found = []
            for number, change in sorted(latest.items(), key=lambda item: item[1]):
                if phone := self._timeline.phone(number):
                    values = self._phone(phone) | {"fresh": True}
                    html = views.fragment(language, "phone_row.html.j2", **values)
                    found.append((change, html))
            return found

        return pieces

    def _number(self, request: Request) -> str:
        """The phone that is asked for; where no digit is left, there must be a delivery to it."""
        number = e164(request.path_params["number"])
        if number == "+" and self._timeline.phone(number) is None:
            raise HTTPException(404, "There is no such phone")
        return number

    def _phone(self, phone: Phone) -> dict[str, Any]:
        digits = phone.number.removeprefix("+")
        return {
            "number": phone.number,
            "key": key_of("p", digits),
            "face": sum(map(int, digits)) % 6,
            "count": phone.messages,
            "last": Shown(phone.last),
        }

    def _requests_of(self, entry: Shown) -> str:
        """What the Action sent of a delivery that no message came from, as JSON; empty if nothing.

        The CPaaS remembers the last requests only.
        """
        if entry.message is not None or entry.delivery is None:
            return ""
        body = self._cpaas.last_request_of(entry.delivery["id"])
        return "" if body is None else as_json(body)


def _query(request: Request) -> str:
    # SQLite refuses to compare with a pattern that is tens of thousands of characters long.
    return request.query_params.get("q", "").strip()[:LONGEST_QUERY]
