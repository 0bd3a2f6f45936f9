"""The log: JSON, a line each, without what it must not hold; and it never stands in the service's way."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.watching.lines import JsonLines, LineWriter, log_settings

QUOTED = "Zanzibar-4711"


class Page:
    """What was written; it can be jammed, so that writing waits."""

    def __init__(self) -> None:
        self.text = b""
        self.pieces: list[bytes] = []
        self.most = 1_000_000
        self.free = threading.Event()
        self.free.set()

    def write(self, content: bytes) -> int:
        self.free.wait(10)
        self.pieces.append(content)
        taken = min(len(content), self.most)
        self.text += content[:taken]
        return taken

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.decode().splitlines()]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def logger(page: Page) -> Iterator[logging.Logger]:
    logger = logging.getLogger("serving.tested")
    writer = LineWriter(page.write, limit=100)
    writer.setFormatter(JsonLines())
    logger.addHandler(writer)
    logger.propagate = False
    logger.setLevel("INFO")
    yield logger
    page.free.set()
    logger.removeHandler(writer)
    writer.close()


def flush(logger: logging.Logger) -> None:
    for handler in logger.handlers:
        handler.flush()


def test_a_line_says_when_what_and_where_from(logger: logging.Logger, page: Page) -> None:
    logger.warning("The %s is full.", "spool", extra={"facts": {"records": 3, "share": float("nan")}})
    flush(logger)
    (line,) = page.lines
    assert list(line) == ["time", "level", "source", "process", "message", "records", "share"]
    assert (line["level"], line["source"], line["message"]) == ("warning", "serving.tested", "The spool is full.")
    assert (line["records"], line["share"]) == (3, None)
    assert time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")
    assert line["time"][-1] == "Z"


def test_of_an_error_kind_and_place_are_logged_and_not_its_message(logger: logging.Logger, page: Page) -> None:
    def fail() -> None:
        raise RuntimeError(QUOTED)

    try:
        fail()
    except RuntimeError:
        logger.exception("It failed.\nfuture: <Task exception=%r>", RuntimeError(QUOTED))
    flush(logger)
    (line,) = page.lines
    assert (line["message"], line["error"]) == ("It failed.", "RuntimeError")
    assert "test_watching_lines.py:" in line["at"]
    assert QUOTED not in page.text.decode()


@given(message=st.text(), facts=st.dictionaries(st.text(), st.text() | st.integers() | st.floats() | st.none()))
def test_whatever_is_logged_is_one_line_of_json(message: str, facts: dict[str, Any]) -> None:
    record = logging.makeLogRecord({"msg": message.replace("%", ""), "created": 1.5, "facts": facts})
    line = JsonLines().format(record)
    assert "\n" not in line
    content = json.loads(line)
    assert content["time"] == "1970-01-01T00:00:01.500Z" or "time" in facts
    assert facts.keys() <= content.keys()


def test_lines_keep_their_order_and_are_written_in_bunches(logger: logging.Logger, page: Page) -> None:
    for i in range(90):
        logger.info("%s", i)
    flush(logger)
    assert [line["message"] for line in page.lines] == [str(i) for i in range(90)]
    assert len(page.pieces) < 90
    # What is longer the system may write in parts, with those of another process in between.
    assert all(len(piece) <= 4096 and piece.endswith(b"\n") for piece in page.pieces)


def test_what_is_taken_in_parts_arrives_whole(logger: logging.Logger, page: Page) -> None:
    page.most = 7
    for i in range(9):
        logger.info("%s", "x" * 1000 * i)
    flush(logger)
    assert [len(line["message"]) for line in page.lines] == [1000 * i for i in range(9)]


def test_a_line_that_cannot_be_written_is_not_the_last(logger: logging.Logger, page: Page) -> None:
    logger.info("odd", extra={"facts": {"\ud800": QUOTED}})
    logger.info("last")
    flush(logger)
    told = [line["message"] for line in page.lines]
    assert told == ["A line of serving.tested could not be written: PydanticSerializationError.", "last"]
    assert QUOTED not in page.text.decode()


def test_a_log_that_nobody_reads_stops_nobody(logger: logging.Logger, page: Page) -> None:
    page.free.clear()
    began = time.monotonic()
    for i in range(150):
        logger.info("%s", i)
    assert time.monotonic() - began < 1
    page.free.set()
    flush(logger)
    flush(logger)
    told = [line["message"] for line in page.lines]
    assert told[0] == "0"
    assert 100 <= len(told) < 150
    lost = [text for text in told if "were dropped, since nobody took them off" in text]
    assert sum(int(text.split()[0]) for text in lost) + len(told) - len(lost) == 150


def test_a_log_that_is_closed_stops_nobody() -> None:
    def broken(content: bytes) -> int:
        raise BrokenPipeError

    writer = LineWriter(broken)
    writer.setFormatter(JsonLines())
    writer.handle(logging.makeLogRecord({"msg": "one"}))
    writer.flush()
    writer.handle(logging.makeLogRecord({"msg": "two"}))
    writer.close()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_level_is_ours_and_others_packages_only_warn(level: str) -> None:
    settings = log_settings(level)
    assert settings["root"]["level"] == "WARNING"
    assert settings["loggers"]["serving"] == settings["loggers"]["uvicorn"] == {"level": level.upper()}
    assert "sqlalchemy" not in settings["loggers"]
