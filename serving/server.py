"""Running the service: uvicorn with the event loop and parser that it was measured with."""

from __future__ import annotations

import errno
import gc
import socket
import sys
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from signal import Signals
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from features.events import BadInput
from serving.app import create_app
from serving.doors.patience import HEAD_BYTES, PatientProtocol
from serving.settings import Settings, share_metrics
from serving.watching.lines import log_settings

__all__ = ["serve"]

_WAITING: Final = 2048
"""Connections that may wait to be accepted, as uvicorn has it."""

_BREATH: Final = 30
"""Seconds within which a process of several has to give a sign of life, its start included, or it is replaced: what
uvicorn allows by itself, a busy machine takes for the start alone, so that no process would ever come up."""

_OF_THE_PORT: Final = (errno.EADDRINUSE, errno.EACCES)


def serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """Answer until the process is told to stop, then finish what is in hand; told twice, stop at once.

    Parameters
    ----------
    settings : Settings
    announce : callable, optional
        Called once with the service's address, such as `http://127.0.0.1:8000`, when nothing stands in the way of
        answering any more: it listens, and rules and model are loaded. Of port 0 it says which was taken.

    Raises
    ------
    BadInput
        There is no listening at this host and port, or without keys not there; or see
        :func:`serving.app.create_app`.
    """
    if not settings.auth and not _is_loopback(settings.host):
        raise BadInput(
            f"Without keys the service listens on this machine alone, not on {settings.host}: leave out --no-auth, or "
            "take --host 127.0.0.1."
        )
    with _listen(settings.host, settings.port) as listening:
        app = _make(settings)
        if announce is not None:
            announce(f"http://{_place(settings.host, listening.getsockname()[1])}")
        if settings.workers == 1:
            _Server(_configure(settings, app), app).run([listening])
        else:
            _run_workers(settings, listening)


def _make(settings: Settings) -> FastAPI:
    """Make the service, and keep the garbage collector from what will be there until the end.

    Going through all of it takes a tenth of a second, in which nobody is answered, again and again.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    return app


def _run_workers(settings: Settings, listening: socket.socket) -> None:
    with TemporaryDirectory(prefix="rapport-metrics-") as folder:
        share_metrics(Path(folder))
        workers = _Workers(_configure(settings, partial(_make, settings), factory=True), sockets=[listening])
        workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        sys.exit(STARTUP_FAILURE)


class _Server(uvicorn.Server):
    """Ends after the first signal when all is finished, and after the second at once."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._ending = app.state.lookout.ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        # Not kept to be raised again at the end, as uvicorn does: the process then ends without its last lines.
        self.force_exit = self.should_exit
        self.should_exit = self._ending.begun = True


class _Workers(Multiprocess):
    """Processes that answer side by side, of which uvicorn replaces those that die or hang."""

    def terminate_all(self) -> None:
        """Take no more connections, and have each process finish."""
        # Each process has this socket, too: open here, it would go on to take what nobody answers any more.
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for all to finish, until a second signal."""
        for worker in self.processes:
            while worker.process.is_alive():
                if any(sig in (Signals.SIGINT, Signals.SIGTERM) for sig in self.signal_queue):
                    worker.process.kill()
                worker.process.join(0.1)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """Take the address; uvicorn itself would log that it cannot, and end the process."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        # A service that is started again need not wait until its last connections are forgotten.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_WAITING)
    except (OSError, ValueError) as error:
        listening.close()
        raise _refuse(host, port, error) from error
    listening.set_inheritable(True)
    return listening


def _refuse(host: str, port: int, error: OSError | ValueError) -> BadInput:
    # Not every text can be looked up as a host's name; that is a ValueError.
    reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "this is no name of a host"
    other = "--port" if isinstance(error, OSError) and error.errno in _OF_THE_PORT else "--host"
    return BadInput(f"The service cannot listen on {_place(host, port)}: {reason}; choose another {other}.")


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _configure(settings: Settings, app: Any, *, factory: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=factory,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=partial(  # type: ignore[arg-type] # what makes a protocol, as the class itself would
            PatientProtocol, seconds=settings.arrival_seconds, most=2 * settings.max_batch_bytes + HEAD_BYTES
        ),
        ws="none",
        lifespan="on",
        log_config=log_settings(settings.log_level),
        # An access log would keep what addresses name, which will be accounts.
        access_log=False,
        server_header=False,
        # Nobody asks where a request came from.
        proxy_headers=False,
        timeout_worker_healthcheck=_BREATH,
        timeout_keep_alive=settings.keep_alive_seconds,  # type: ignore[arg-type] # a float does as well
        timeout_graceful_shutdown=settings.drain_seconds,  # type: ignore[arg-type]
    )
