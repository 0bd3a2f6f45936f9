"""`python -m tests.launcher`: starts services in moments, since all that they import is imported once.

Reads commands as lines of JSON: `{"log": FILE, "environment": {…}}` starts a service and answers with its process's
number; `{"wait": NUMBER}` waits for its end and answers with how it ended, negative for a signal.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import traceback
from typing import Any


def start(log: str, environment: dict[str, str]) -> int:
    """Fork a service, which writes to a file; its process's number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.environ.update(environment)
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for here, there in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(here, there)
        faulthandler.register(signal.SIGUSR1)  # where do all its threads stand?
        from serving.server import serve
        from serving.settings import Settings

        serve(Settings.read())
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is belongs to this process and not to the one that it came from
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return child


def main() -> None:
    from features.request import log_of_one
    from features.table import signals_matrix
    from serving import server

    assert server.serve
    signals_matrix(log_of_one({"account_id": "nobody"}, [], frozenset()).at(0))
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            number = os.waitstatus_to_exitcode(status)
        else:
            number = start(**command)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
