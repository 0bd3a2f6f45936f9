"""A connection is not waited for without end, nor without bounds; real sockets, since no client would misbehave so."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pytest
import uvicorn

from serving.doors.patience import HEAD_BYTES, PatientProtocol
from serving.errors import PROBLEM_JSON

SECONDS = 0.4
MOST = 200_000
HEAD = b"POST / HTTP/1.1\r\nhost: rapport\r\n"
WHOLE = HEAD + b"content-length: 2\r\n\r\n{}"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; on /early before the body is there."""
    length = 0
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        if not message["more_body"]:
            break
    content = str(length).encode()
    headers = [(b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where the application listens, as the service would."""
    protocol = partial(PatientProtocol, seconds=SECONDS, most=MOST)
    config = uvicorn.Config(app, loop="uvloop", http=protocol, lifespan="off", log_config=None)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = threading.Thread(target=server.run, args=([listening],))
        running.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        running.join()


@pytest.fixture
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        yield line


def said(line: socket.socket) -> bytes:
    """All that the service says until it hangs up."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:  # it hung up on what was still on its way
        pass
    return b"".join(parts)


def sent_until_closed(line: socket.socket, pieces: Iterable[bytes], pause: float = 0.0) -> int:
    """Send pieces until the service hangs up; how many bytes that were."""
    sent = 0
    for piece in pieces:
        try:
            line.sendall(piece)
        except ConnectionError:
            return sent
        sent += len(piece)
        time.sleep(pause)
    pytest.fail(f"The service takes {sent:,} bytes and does not hang up.")


def problem(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-type: {PROBLEM_JSON}".encode() in head
    assert b"connection: close" in head
    document: dict[str, Any] = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {document['status']} ".encode())
    return document


def test_what_arrives_whole_is_answered_again_and_again(line: socket.socket) -> None:
    for _ in range(3):
        line.sendall(WHOLE)
        assert line.recv(65536).endswith(b"\r\n\r\n2")
        time.sleep(SECONDS / 2)


def test_what_arrives_in_pieces_but_soon_is_answered(line: socket.socket) -> None:
    for i in range(len(WHOLE)):
        line.sendall(WHOLE[i : i + 1])
    assert line.recv(65536).endswith(b"\r\n\r\n2")


def test_pipelined_requests_are_answered_in_their_order(line: socket.socket) -> None:
    line.sendall(WHOLE * 3 + HEAD)
    answered = said(line)
    assert answered.count(b"HTTP/1.1 200 OK") == 3
    assert problem(b"HTTP/1.1 408" + answered.partition(b"HTTP/1.1 408")[2])["type"] == "/errors#too-slow"


def test_a_connection_that_says_nothing_is_closed(line: socket.socket) -> None:
    assert said(line) == b""


@pytest.mark.parametrize("begun", [b"P", HEAD, HEAD + b"content-le"])
def test_a_head_that_does_not_arrive_is_given_up(line: socket.socket, begun: bytes) -> None:
    line.sendall(begun)
    document = problem(said(line))
    assert (document["type"], document["status"]) == ("/errors#too-slow", 408)
    assert "line and headers have to arrive within 0.4 seconds" in document["detail"]


def test_a_head_that_trickles_is_given_up(line: socket.socket) -> None:
    began = time.monotonic()
    sent_until_closed(line, [HEAD, *[b"a: b\r\n"] * 1000], 0.02)
    assert time.monotonic() - began < 10 * SECONDS


@pytest.mark.parametrize("more", [b"", b"{"])
def test_a_body_that_does_not_arrive_is_given_up(line: socket.socket, more: bytes) -> None:
    line.sendall(HEAD + b"content-length: 9\r\n\r\n" + more)
    document = problem(said(line))
    assert (document["type"], document["status"]) == ("/errors#too-slow", 408)
    assert "body has to arrive" in document["detail"]


def test_a_body_that_nobody_waits_for_is_not_read_for_ever(line: socket.socket) -> None:
    line.sendall(HEAD.replace(b"/ ", b"/early ") + b"content-length: 9\r\n\r\n{")
    answer = said(line)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_head_without_end_is_refused(line: socket.socket) -> None:
    # Not at the first byte too many, since the service reads what has arrived; but soon.
    assert sent_until_closed(line, [HEAD, *[b"a: " + b"b" * 1000 + b"\r\n"] * 5000], 0.001) < 20 * HEAD_BYTES


def test_a_long_head_is_told_so(line: socket.socket) -> None:
    line.sendall(HEAD)
    time.sleep(0.05)
    line.sendall(b"a: " + b"b" * HEAD_BYTES)
    assert problem(said(line))["status"] == 431


def test_a_request_without_end_is_not_read(line: socket.socket) -> None:
    chunks = [b"3e8\r\n" + b"x" * 1000 + b"\r\n"] * 20_000
    sent_until_closed(line, [HEAD.replace(b"/ ", b"/early ") + b"transfer-encoding: chunked\r\n\r\n", *chunks])


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"HELO\r\n\r\n"]
)
def test_what_is_no_http_is_told_so_in_the_one_shape(line: socket.socket, noise: bytes) -> None:
    line.sendall(noise)
    document = problem(said(line))
    assert (document["type"], document["status"]) == ("/errors#http-error", 400)
