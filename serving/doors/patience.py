"""What a connection is given to say what it wants: so much time, and so many bytes."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any, Final, cast

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.errors import PROBLEM_JSON, Refusal, problem_document

__all__ = ["HEAD_BYTES", "PatientProtocol"]

HEAD_BYTES: Final = 65_536
"""Of a request's line and headers, at most."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, which by itself would wait for ever for a request that does not arrive.

    A head has to arrive within some seconds, and then a body; what is longer than any request may be is not read to its
    end. A request that arrives in one piece, as nearly all do, costs no timer.

    Parameters
    ----------
    seconds : float
        For a head, and again for a body.
    most : int
        Bytes of a request, whatever it is; the routes have limits of their own, and say so.
    **given
        As uvicorn gives it.
    """

    def __init__(self, *, seconds: float, most: int, **given: Any) -> None:
        super().__init__(**given)
        self._seconds = seconds
        self._most = most
        self._alarm: TimerHandle | None = None
        self._under_way = self._in_head = False
        self._received = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; where a request is not whole by now, wait for the rest of it, but not for long."""
        super().data_received(data)
        if not self._under_way:
            return
        self._received += len(data)
        if self._in_head and self._received > HEAD_BYTES:
            detail = f"Line and headers of a request may have {HEAD_BYTES:,} bytes at most."
            self._refuse(Refusal("http-error", detail, status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
        elif self._received > self._most:
            self.transport.close()
        elif self._alarm is None:
            self._arm()

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._under_way = self._in_head = True
        self._received = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on to the body, for which the time begins anew."""
        self._in_head = False
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have a whole request."""
        self._under_way = False
        self._disarm()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the shape that all errors have."""
        del msg
        self._refuse(Refusal("http-error", "This is no HTTP/1.1 request.", status=HTTPStatus.BAD_REQUEST))

    def _arm(self) -> None:
        self._alarm = self.loop.call_later(self._seconds, self._give_up)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        if self._under_way and self._silent():
            part = "line and headers have" if self._in_head else "body has"
            self._refuse(Refusal("too-slow", f"A request's {part} to arrive within {self._seconds:g} seconds."))
        else:
            self.transport.close()

    def _silent(self) -> bool:
        """Say whether nothing of an answer is on its way, so that another one can be given."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # which uvicorn does not say of a new connection
        if cycle is None:
            return True
        return cycle.response_complete if self._in_head else not cycle.response_started

    def _refuse(self, refusal: Refusal) -> None:
        # Whoever is about to answer it will find that nobody is there any more, as the connection is lost now.
        document = problem_document(refusal)
        body = to_json(document)
        status = HTTPStatus(document["status"])
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {PROBLEM_JSON}\r\n"
            f"content-length: {len(body)}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
