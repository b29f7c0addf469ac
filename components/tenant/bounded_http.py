"""HTTP clients whose every request ends: in time, with an answer that fits, or with one error.

httpx's own timeouts are for the silence between two bytes, so a peer that sends a byte now and
then, or never stops sending, holds a client for as long as it likes. Here a request has a time for
all of it, an answer a size, and whatever goes wrong is an `httpx.HTTPError` whose text holds no
header: h11 quotes an illegal one, and that may be a token. Nothing is repeated.
"""

import asyncio
import contextlib
import itertools
import json
import os
import queue
import re
import socket
import threading
import weakref
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

MOST_REQUESTS: Final = 1000
"""Of one client: reading page by page ends, also when a tenant repeats a page without end."""

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of one answer, uncompressed: a page of a hundred Actions of 100 kB each fits."""

_CODING: Final = "gzip"
"""The one that is asked for, whatever a request says: of some that httpx knows, kilobytes become
more than there is."""

_GRACE: Final = 1.0
"""Seconds in which a connection that was hung up on is closed."""

_ILLEGAL_HEADER: Final = (
    "a header of the request has a character that HTTP does not allow: is there a line break, or "
    "a letter beyond ASCII, in a token or key?"
)


class BrokenAnswerError(httpx.RemoteProtocolError):
    """An answer had begun and did not end: the request surely arrived."""


@contextlib.contextmanager
def _surroundings_named() -> Iterator[None]:
    """Say which variable keeps a client from being made: neither ssl nor httpx does."""
    try:
        yield
    except UnicodeError:
        raise  # A header's, such as a token's: no proxy is at fault.
    except (ImportError, ValueError, httpx.InvalidURL):
        # Without their words, which have the address, and that may have a password.
        raise OSError(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a proxy that is not http:// or https://; "
            "set one that is, or name the hosts in NO_PROXY"
        ) from None
    except OSError as error:
        named = os.environ.get("SSL_CERT_FILE")
        if not named:
            raise  # Those that httpx brings along: no variable would mend it.
        raise OSError(error.errno, error.strerror, f"SSL_CERT_FILE {named}") from None


class BoundedClient(httpx.Client):
    """`httpx.Client` with limits.

    Args:
        total: seconds for one request, from connecting to the last byte of its answer.
        json_only: a good answer is JSON or empty, anything else an `httpx.DecodingError`; of a
            refusal whose body is neither, the status is left.
        most: how many requests it makes.
        options: of `httpx.Client`.
    """

    def __init__(
        self, *, total: float, json_only: bool = False, most: int | None = None, **options: Any
    ) -> None:
        with _surroundings_named():
            super().__init__(**options)
        self._most = most
        self._total = total
        self._json_only = json_only
        self._count = itertools.count(1)
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        """A request, or an `httpx.HTTPError` when there can be none."""
        return _built(lambda: super(BoundedClient, self).build_request(*args, **options))

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, and read all of its answer."""
        _check_count(self._count, request, self._most or MOST_REQUESTS)
        request.headers["accept-encoding"] = _CODING
        ended: queue.SimpleQueue[httpx.Response | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                ended.put(self._exchange(request, options))
            except BaseException as error:  # noqa: BLE001 - told in the thread that waits
                ended.put(error)

        request.extensions = {**request.extensions, "trace": self._note}
        # In a thread of its own, as nothing else ends a read to which bytes keep trickling.
        worker = threading.Thread(target=work, name="bounded-http", daemon=True)
        worker.start()
        try:
            outcome = ended.get(timeout=self._total)
        except queue.Empty:
            self._hang_up()
            worker.join(_GRACE)
            raise _late(request, self._total) from None
        if isinstance(outcome, httpx.Response):
            return outcome
        raise _as_http_error(outcome, request)

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the sockets that are opened; called by httpcore for each step of a request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._sockets.add(info["return_value"].get_extra_info("socket"))

    def _hang_up(self) -> None:
        """End every connection, so that whoever reads from one sees its end, and closes it.

        Closed from here, its number could be another connection's while the other thread reads.
        """
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which takes the TLS away under the reader.
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def _exchange(self, request: httpx.Request, options: dict[str, Any]) -> httpx.Response:
        answer = super().send(request, **{**options, "stream": True})
        try:
            answer.stream = _Limited(answer)
            answer.read()
        except BaseException as error:  # noqa: BLE001 - _broken passes on what is not HTTP's
            answer.close()
            raise _broken(error) from None
        return _readable(answer) if self._json_only else answer


class BoundedAsyncClient(httpx.AsyncClient):
    """`httpx.AsyncClient` with the limits of `BoundedClient`."""

    def __init__(self, *, total: float, json_only: bool = False, **options: Any) -> None:
        with _surroundings_named():
            super().__init__(**options)
        self._total = total
        self._json_only = json_only
        self._count = itertools.count(1)

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        """A request, or an `httpx.HTTPError` when there can be none."""
        return _built(lambda: super(BoundedAsyncClient, self).build_request(*args, **options))

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, and read all of its answer."""
        _check_count(self._count, request, MOST_REQUESTS)
        request.headers["accept-encoding"] = _CODING
        try:
            async with asyncio.timeout(self._total):
                answer = await super().send(request, **{**options, "stream": True})
                try:
                    answer.stream = _Limited(answer)
                    await answer.aread()
                except BaseException as error:  # noqa: BLE001 - as above
                    await answer.aclose()
                    raise _broken(error) from None
        except TimeoutError:
            raise _late(request, self._total) from None
        except (ValueError, httpx.LocalProtocolError) as error:
            raise _as_http_error(error, request) from None
        _leave_out_odd_waits(answer.headers)
        return _readable(answer) if self._json_only else answer


class _Limited(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's bytes, uncompressed, until they are too many: httpx counts neither."""

    def __init__(self, answer: httpx.Response) -> None:
        self._stream: Any = answer.stream
        self._request, self._size = answer.request, 0
        coding = answer.headers.pop("content-encoding", "").strip().lower()
        if coding not in {"", "identity", _CODING}:
            raise self._unreadable("an answer that is compressed otherwise than asked")
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if coding == _CODING else None

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            yield self._counted(part)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield self._counted(part)

    def _counted(self, part: bytes) -> bytes:
        if self._inflate:
            try:
                part = self._inflate.decompress(part, MAX_ANSWER_BYTES + 1 - self._size)
            except zlib.error:
                raise self._unreadable("an answer that is not compressed as it says") from None
        self._size += len(part)
        if self._size > MAX_ANSWER_BYTES:
            raise self._unreadable(f"an answer of over {MAX_ANSWER_BYTES // 2**20} MiB")
        return part

    def _unreadable(self, why: str) -> httpx.DecodingError:
        return httpx.DecodingError(why, request=self._request)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


def _check_count(count: Iterator[int], request: httpx.Request, most: int) -> None:
    if next(count) > most:
        raise httpx.RemoteProtocolError(
            f"over {most} requests for one piece of work: is a page repeated without end?",
            request=request,
        )


def _late(request: httpx.Request, total: float) -> httpx.ReadTimeout:
    return httpx.ReadTimeout(f"no whole answer within {total:g} s", request=request)


def _broken(error: BaseException) -> BaseException:
    if isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError)):
        return BrokenAnswerError(str(error) or type(error).__name__)
    return error


def _built(build: Callable[[], httpx.Request]) -> httpx.Request:
    try:
        return build()
    except UnicodeEncodeError:
        raise httpx.LocalProtocolError(_ILLEGAL_HEADER) from None
    except (httpx.InvalidURL, UnicodeError) as error:  # the latter of a name such as xn--
        raise httpx.UnsupportedProtocol(f"not an address: {error}") from None


def _as_http_error(error: BaseException, request: httpx.Request) -> BaseException:
    if isinstance(error, httpx.LocalProtocolError):
        return httpx.LocalProtocolError(_ILLEGAL_HEADER, request=request)
    # A label of the host's name that is empty or too long for DNS; or a redirect to such a place.
    if isinstance(error, (UnicodeError, httpx.InvalidURL)):
        return httpx.UnsupportedProtocol("not a host name that DNS could know", request=request)
    return error


def _leave_out_odd_waits(headers: httpx.Headers) -> None:
    """Of what a refusal tells to wait for, the times that are none: auth0-python reckons with all.

    A date of the year 99999, or a number of a thousand digits, would end it in a traceback.
    """
    for name in ("retry-after", "x-ratelimit-reset"):
        said = headers.get(name, "")
        if not re.fullmatch(r"[0-9]{1,12}", said):
            try:
                parsedate_to_datetime(said)
            except ValueError:
                headers.pop(name, None)


def _readable(answer: httpx.Response) -> httpx.Response:
    if not answer.content.strip():
        return answer
    try:
        value = json.loads(answer.content.decode())
        if b"\\ud" in answer.content.lower():
            # Half a surrogate pair is JSON, and nothing could ever print it.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        if answer.is_success:
            kind = answer.headers.get("content-type", "").partition(";")[0] or "a body"
            raise httpx.DecodingError(
                f"status {answer.status_code} with {kind} that is not JSON: did a proxy, or a "
                "server that is no tenant, answer?",
                request=answer.request,
            ) from None
        return httpx.Response(
            answer.status_code,
            headers=[
                (name, value)
                for name, value in answer.headers.multi_items()
                if name not in {"content-length", "transfer-encoding"}
            ],
            request=answer.request,
        )
    return answer
