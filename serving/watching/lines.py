"""The log: one JSON object a line on standard error, written by a thread of its own.

A formatter of the standard library's logging, since forty lines do what a package for it would, and what must never
stand in a log can be kept out here: the message of an error may quote an account's data, so an error is logged by its
kind and place, and of a message of several lines the first alone.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from pydantic_core import to_json

__all__ = ["JsonLines", "LineWriter", "log_settings", "place_of", "settle_log"]

LIMIT: Final = 20_000
"""Lines that may wait to be written. Where nobody takes them off, further ones are counted and dropped: a service must
not stand still because its log does."""

_STANDARD_ERROR: Final = 2
_END: Final = "\n"
_PIECE: Final = 4096
_PAUSE: Final = 0.05
_PATIENCE: Final = 1.0
_OURS: Final = ("features", "models", "rapport", "reviews", "serving", "uvicorn")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; what `extra={"facts": {...}}` gives stands in it, name by name.

    Examples
    --------
    >>> record = logging.makeLogRecord({"msg": "full", "levelname": "INFO", "created": 0, "facts": {"records": 3}})
    >>> JsonLines().format(record)  # doctest: +ELLIPSIS
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","source":null,"process":...,"message":"full","records":3}'
    """

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._time = ""
        self._heads: dict[tuple[str, int], str] = {}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        head = self._heads.get((record.name, record.levelno)) or self._head(record)
        line = f'{{"time":"{self._stamp(record.created)}"{head}{_json(record.getMessage().partition(_END)[0])}'
        facts: dict[str, Any] = getattr(record, "facts", {})
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            facts = facts | {"error": type(error).__name__, "at": place_of(error)}
        return f"{line},{_json(facts)[1:]}" if facts else line + "}"

    def _stamp(self, created: float) -> str:
        second = int(created)
        if second != self._second:
            # Of thousands of lines a second, one asks the calendar.
            self._second, self._time = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._time}.{int((created - second) * 1000):03d}Z"

    def _head(self, record: logging.LogRecord) -> str:
        """Return what all lines of one source and level have."""
        content = {"level": record.levelname.lower(), "source": record.name, "process": os.getpid()}
        head = self._heads[record.name, record.levelno] = f',{_json(content)[1:-1]},"message":'
        return head


def _json(value: object) -> str:
    return to_json(value, inf_nan_mode="null", fallback=lambda odd: type(odd).__name__).decode()


class LineWriter(logging.Handler):
    """Writes lines in bunches from a thread, so that no request waits for whoever reads the log.

    Parameters
    ----------
    write : callable, optional
        Takes bytes and returns how many it took; default: the process's standard error.
    limit : int
        Lines that may wait.
    """

    def __init__(self, write: Callable[[bytes], int] | None = None, limit: int = LIMIT) -> None:
        super().__init__()
        self._write = write or partial(os.write, _STANDARD_ERROR)
        self._limit = limit
        self._waiting: deque[logging.LogRecord] = deque()
        self._dropped = 0
        self._there = threading.Event()
        self._ending = threading.Event()
        self._done = threading.Condition()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; it is on its way within a twentieth of a second."""
        if len(self._waiting) >= self._limit:
            self._dropped += 1
            return
        self._waiting.append(record)
        if not self._there.is_set():
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
            self._there.set()

    def flush(self) -> None:
        """Wait until all lines are written, or for a second."""
        if self._thread is not None:
            self._ending.set()
            with self._done:
                self._done.wait_for(lambda: not (self._waiting or self._dropped), _PATIENCE)
            self._ending.clear()

    def _run(self) -> None:
        while True:
            self._there.wait()
            self._there.clear()
            self._write_all()
            # Whatever comes meanwhile is written together: one call to the system for many lines.
            self._ending.wait(_PAUSE)

    def _write_all(self) -> None:
        # Some may have been dropped while the last of those that fitted were being written.
        while self._waiting or self._dropped:
            lines = [self._line(self._waiting[i]) for i in range(min(len(self._waiting), 1_000))]
            count = len(lines)
            if self._dropped:
                lines.append(self._line(_warning(f"{self._dropped:,} lines were dropped, since nobody took them off.")))
                self._dropped = 0
            for bunch in _bunches(lines):
                self._put(bunch)
            for _ in range(count):
                self._waiting.popleft()
        with self._done:
            self._done.notify_all()

    def _line(self, record: logging.LogRecord) -> bytes:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - one line that cannot be written must not be the last
            line = self.format(_warning(f"A line of {record.name} could not be written: {type(error).__name__}."))
        return f"{line}{_END}".encode()

    def _put(self, content: bytes) -> None:
        while content:
            try:
                content = content[self._write(content) :]
            except BlockingIOError:
                time.sleep(_PAUSE)
            except OSError:
                # Nobody reads the log any more, and where there is no log there is no place to say so.
                return


def log_settings(level: str) -> dict[str, Any]:
    """Return how a process of the service logs, as :func:`logging.config.dictConfig` takes it.

    Parameters
    ----------
    level : str
        What is worth a line; of packages that are not ours, only warnings are.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": JsonLines}},
        "handlers": {"lines": {"()": LineWriter, "formatter": "lines"}},
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {name: {"level": level.upper()} for name in _OURS},
    }


def settle_log() -> None:
    """Write what waits to be written, since a process that a signal ends writes nothing more."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def place_of(error: BaseException) -> str:
    """Return file and line of each step that led to an error, the outermost first."""
    steps, trace = [], error.__traceback__
    while trace is not None:
        steps.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(steps)


def _bunches(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines to as much as the system writes in one piece, since other processes may write there, too."""
    bunch: list[bytes] = []
    size = 0
    for line in lines:
        if bunch and size + len(line) > _PIECE:
            yield b"".join(bunch)
            bunch, size = [], 0
        bunch.append(line)
        size += len(line)
    yield b"".join(bunch)


def _warning(message: str) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.WARNING, "", 0, message, (), None)
