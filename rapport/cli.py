"""The command `rapport`.

Commands import what they need when they run, so that `rapport --help` answers at once.
"""

from __future__ import annotations

import errno
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from features.events import BadInput
from rapport import (
    audit_commands,
    classify_commands,
    curve_commands,
    data_commands,
    db_commands,
    keys_commands,
    labels_commands,
    model_commands,
    registry_commands,
    replay_commands,
    rules_commands,
    service_commands,
)

__all__ = ["app", "main"]

_EXTRAS = {
    **dict.fromkeys(("jinja2", "joblib", "lightgbm", "matplotlib", "mlflow", "scipy", "sklearn"), "train"),
    **dict.fromkeys(("py4j", "pyspark"), "spark"),
}
"""What to install for a package that is missing."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Commands(TyperGroup):
    """Commands that end with one message and exit code 2 where the input is at fault and a user can mend it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BadInput as error:
            message = str(error)
        except OSError as error:
            # Who has no room left has to make some; another place helps where this one cannot be used at all.
            advice = "make room" if error.errno in _FULL else "name another place"
            message = f"{error.filename or 'a file'}: {error.strerror or error}; {advice}."
        except ModuleNotFoundError as error:
            extra = _EXTRAS.get((error.name or "").split(".")[0])
            if extra is None:
                raise
            message = f"This command needs {error.name}; install it with: pip install 'rapport[{extra}]'"
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]rapport:[/] {escape(message)}")
        raise typer.Exit(2)


app = typer.Typer(
    name="rapport",
    cls=_Commands,
    help="""Tells a CRM which of its accounts are clients and which are customers, how sure it is, and why.

    **A first round, from nothing to decisions**

        rapport sample crm                        # a simulated CRM export
        rapport train crm                         # a model, kept in ./models/store
        rapport classify crm --out decisions.csv  # a row an account
        rapport serve                             # the same answers over HTTP

    Your own CRM: see `rapport import --help`.""",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _commands in (
    audit_commands,
    classify_commands,
    curve_commands,
    data_commands,
    db_commands,
    keys_commands,
    labels_commands,
    model_commands,
    registry_commands,
    replay_commands,
    rules_commands,
    service_commands,
):
    _commands.add_to(app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
