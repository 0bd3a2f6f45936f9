"""Databases that can be taken away from a service, and given back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from tests.databases import Postgres

ROOT = Path(__file__).resolve().parent.parent
Fault = Callable[[], object]
Broken = Callable[[str], AbstractContextManager[tuple[str, Fault, Fault]]]
"""From a database's URL to the URL that a service is given, and how it breaks and is mended."""


@contextmanager
def locked(url: str) -> Iterator[tuple[str, Fault, Fault]]:
    """Another process holds a SQLite file for itself."""
    with closing(sqlite3.connect(path_of(url), isolation_level=None, check_same_thread=False)) as other:
        yield url, lambda: other.execute("BEGIN EXCLUSIVE").close(), lambda: other.execute("ROLLBACK").close()


@contextmanager
def moved(url: str) -> Iterator[tuple[str, Fault, Fault]]:
    """Somebody moves a SQLite file away, and later back."""
    path = path_of(url)
    away = path.with_suffix(".away")
    yield url, lambda: path.rename(away), lambda: away.rename(path)


@contextmanager
def hanging(url: str) -> Iterator[tuple[str, Fault, Fault]]:
    """The network to a PostgreSQL server swallows what is sent."""
    with _proxied(url) as (through, become):
        yield through, lambda: become("hanging"), lambda: become("open")


@contextmanager
def cut(url: str) -> Iterator[tuple[str, Fault, Fault]]:
    """The network to a PostgreSQL server breaks."""
    with _proxied(url) as (through, become):
        yield through, lambda: become("cut"), lambda: become("open")


def restarted(postgres: Postgres) -> Broken:
    """A PostgreSQL server is stopped, at once as when its machine dies, and later started."""

    @contextmanager
    def broken(url: str) -> Iterator[tuple[str, Fault, Fault]]:
        yield url, lambda: postgres.control("stop", "-m", "immediate"), postgres.start

    return broken


def path_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def _proxied(url: str) -> Iterator[tuple[str, Callable[[str], None]]]:
    """The URL through a proxy, and what makes that open, hanging or cut; see tests/proxy.py."""
    known = make_url(url)
    command = [sys.executable, "-m", "tests.proxy", f"{known.query['host']}/.s.PGSQL.5432"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdin is not None
        assert proxy.stdout is not None
        through = known.set(host="127.0.0.1", port=int(proxy.stdout.readline()), query={})

        def become(mode: str) -> None:
            print(mode, file=proxy.stdin, flush=True)
            assert proxy.stdout is not None
            assert proxy.stdout.readline().strip() == mode

        try:
            yield through.render_as_string(hide_password=False), become
        finally:
            proxy.kill()
