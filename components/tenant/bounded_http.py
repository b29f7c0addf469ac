"""HTTP clients whose every request ends: in time, with an answer that fits, or with one error.

httpx's own timeouts are for the silence between two bytes, so a peer that sends a byte now and
then, or never stops sending, holds a client for as long as it likes. Here a request has a time for
all of it, an answer a size, and whatever goes wrong is an `httpx.HTTPError` whose text holds no
header: h11 quotes an illegal one, and that may be a token. Nothing is repeated.
"""

import asyncio
import itertools
import json
import os
import re
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self, TypeVar, TypeVarTuple

import httpx

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_REQUESTS: Final = 1000
"""Of one client: reading page by page ends, also when a tenant repeats a page without end."""

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of one answer, uncompressed: a page of a hundred Actions of 100 kB each fits."""

_CODING: Final = "gzip"
"""The one that is asked for, whatever a request says: of some that httpx knows, kilobytes become
more than there is."""

_ILLEGAL_HEADER: Final = (
    "a header of the request has a character that HTTP does not allow: is there a line break, or "
    "a letter beyond ASCII, in a token or key?"
)


class BrokenAnswerError(httpx.RemoteProtocolError):
    """An answer had begun and did not end: the request surely arrived."""


class BoundedAsyncClient(httpx.AsyncClient):
    """`httpx.AsyncClient` with limits.

    `total` is in seconds, for one request from connecting to the last byte of its answer; `most`
    says how many requests it makes. With `json_only` a good answer is JSON or empty, anything else
    an `httpx.DecodingError`; of a refusal whose body is neither, the status is left.
    """

    def __init__(
        self, *, total: float, json_only: bool = False, most: int | None = None, **options: Any
    ) -> None:
        # Neither ssl nor httpx says which variable keeps a client from being made.
        try:
            super().__init__(**options)
        except UnicodeError:
            raise  # A header's, such as a token's: no proxy is at fault.
        except (ImportError, ValueError, httpx.InvalidURL):
            # Without their words, which have the address, and that may have a password.
            raise OSError(
                "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a proxy that is not http:// or "
                "https://; set one that is, or name the hosts in NO_PROXY"
            ) from None
        except OSError as error:
            named = os.environ.get("SSL_CERT_FILE")
            if not named:
                raise  # Those that httpx brings along: no variable would mend it.
            raise OSError(error.errno, error.strerror, f"SSL_CERT_FILE {named}") from None
        self._total, self._json_only = total, json_only
        self._most, self._count = most or MOST_REQUESTS, itertools.count(1)

    def build_request(self, *args: Any, **options: Any) -> httpx.Request:
        """A request, or an `httpx.HTTPError` when there can be none."""
        try:
            return super().build_request(*args, **options)
        except UnicodeEncodeError:
            raise httpx.LocalProtocolError(_ILLEGAL_HEADER) from None
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter of a name such as xn--
            raise httpx.UnsupportedProtocol(f"not an address: {error}") from None

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, and read all of its answer."""
        if next(self._count) > self._most:
            raise httpx.RemoteProtocolError(
                f"over {self._most} requests for one piece of work: is a page repeated without "
                "end?",
                request=request,
            )
        request.headers["accept-encoding"] = _CODING
        try:
            async with asyncio.timeout(self._total):
                answer = await super().send(request, **{**options, "stream": True})
                try:
                    answer.stream = _Limited(answer)
                    await answer.aread()
                except (httpx.NetworkError, httpx.RemoteProtocolError, OSError) as error:
                    raise BrokenAnswerError(_reason(error)) from None
                finally:
                    await answer.aclose()
        except TimeoutError:
            text = f"no whole answer within {self._total:g} s"
            raise httpx.ReadTimeout(text, request=request) from None
        except httpx.LocalProtocolError:
            raise httpx.LocalProtocolError(_ILLEGAL_HEADER, request=request) from None
        except httpx.TimeoutException as error:
            raise type(error)(str(error) or "timed out", request=request) from None
        except httpx.NetworkError as error:
            raise type(error)(_reason(error), request=request) from None
        except OSError as error:  # TLS that is none, after it began.
            raise httpx.ReadError(_reason(error), request=request) from None
        # A label of the host's name that is empty or too long for DNS; or a redirect to such a one.
        # A group is anyio's, of a port beyond 65535.
        except (UnicodeError, httpx.InvalidURL, ExceptionGroup):
            text = "not a host name that DNS could know, or no port"
            raise httpx.UnsupportedProtocol(text, request=request) from None
        _leave_out_odd_waits(answer.headers)
        return _readable(answer) if self._json_only else answer


class EndingLoop(asyncio.SelectorEventLoop):
    """A loop whose threads keep no process from ending: a name's look-up may hang for minutes."""

    def run_in_executor(
        self, _executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()

        def run() -> None:
            try:
                done.set_result(func(*args))
            except BaseException as error:  # noqa: BLE001 - told where it is awaited
                done.set_exception(error)

        threading.Thread(target=run, name="bounded-http-work", daemon=True).start()
        return asyncio.wrap_future(done, loop=self)


class BoundedClient:
    """A `BoundedAsyncClient` that works in a thread of its own, for who cannot await.

    Or for who must not need the threads of its loop: in a Pulumi program all of them may wait for
    a resource that waits for the hook that asks (`pulumi up --parallel 1`).
    """

    def __init__(self, **options: Any) -> None:
        self._http = BoundedAsyncClient(**options)
        self._runner = asyncio.Runner(loop_factory=EndingLoop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._work, name="bounded-http", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with self._runner:  # What is still asked for after a Ctrl-C, it cancels.
            self._loop.run_forever()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._done(self._http.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._done(self._http.request(method, url, **options))

    def send(self, request: httpx.Request) -> httpx.Response:
        return self._done(self._http.send(request))

    async def requested(self, method: str, url: str, **options: Any) -> httpx.Response:
        return await self.awaited(self._http.request(method, url, **options))

    async def awaited(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Limited(httpx.AsyncByteStream):
    """An answer's bytes, uncompressed, until they are too many: httpx counts neither."""

    def __init__(self, answer: httpx.Response) -> None:
        self._stream: Any = answer.stream
        self._request = answer.request
        coding = answer.headers.pop("content-encoding", "").strip().lower()
        if coding not in {"", "identity", _CODING}:
            raise self._unreadable("an answer that is compressed otherwise than asked")
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if coding == _CODING else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            if self._inflate:
                try:
                    part = self._inflate.decompress(part, MAX_ANSWER_BYTES + 1 - size)  # noqa: PLW2901
                except zlib.error:
                    why = "an answer that is not compressed as it says"
                    raise self._unreadable(why) from None
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise self._unreadable(f"an answer of over {MAX_ANSWER_BYTES // 2**20} MiB")
            yield part

    def _unreadable(self, why: str) -> httpx.DecodingError:
        return httpx.DecodingError(why, request=self._request)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _reason(error: BaseException) -> str:
    """What the system said; an asynchronous httpx says that something failed, or nothing."""
    deeper: BaseException | None = error
    while deeper:
        if isinstance(deeper, ExceptionGroup):  # The host has several addresses.
            deeper = deeper.exceptions[0]
        if isinstance(deeper, OSError) and deeper.errno:
            return re.sub("Connect call failed .*", os.strerror(deeper.errno), str(deeper))
        deeper = deeper.__cause__ or deeper.__context__
    return str(error) or "the connection ended"


def _leave_out_odd_waits(headers: httpx.Headers) -> None:
    """Of what a refusal tells to wait for, the times that are none: auth0-python reckons with all.

    A date of the year 99999, or a number of a thousand digits, would end it in a traceback.
    """
    for name in ("retry-after", "x-ratelimit-reset"):
        said = headers.get(name, "")
        if not re.fullmatch(r"[0-9]{1,12}", said):
            try:
                parsedate_to_datetime(said)
            except (ValueError, OverflowError):
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
