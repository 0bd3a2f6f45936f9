"""Running the service: uvicorn with the event loop and parser that it was measured with."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from features.events import BadInput
from serving.app import create_app
from serving.settings import Settings

__all__ = ["serve"]

_WAITING: Final = 2048
"""Connections that may wait to be accepted, as uvicorn has it."""

_OF_THE_PORT: Final = (errno.EADDRINUSE, errno.EACCES)


def serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    """Answer until the process is told to stop.

    Parameters
    ----------
    settings : Settings
    announce : callable, optional
        Called once with the service's address, such as `http://127.0.0.1:8000`, when nothing stands in the way of
        answering any more: it listens, and rules and model are loaded. Of port 0 it says which was taken.

    Raises
    ------
    BadInput
        There is no listening at this host and port, or see :func:`serving.app.create_app`.
    """
    with _listen(settings.host, settings.port) as listening:
        app = create_app(settings)
        if announce is not None:
            announce(f"http://{_place(settings.host, listening.getsockname()[1])}")
        if settings.workers == 1:
            uvicorn.Server(_configure(settings, app)).run([listening])
            return
        config = _configure(settings, partial(create_app, settings), factory=True)
        Multiprocess(config, sockets=[listening]).run()


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


def _configure(settings: Settings, app: object, *, factory: bool = False) -> uvicorn.Config:
    # An access log would keep what addresses name, which will be accounts.
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # any callable, as it says itself
        factory=factory,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
    )
