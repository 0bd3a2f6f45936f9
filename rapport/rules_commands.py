"""Commands on rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rapport.options import AsOf, ExportFolder, moment

__all__ = ["add_to"]

RulesArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A rules file.", show_default=False)]

_group = typer.Typer(
    help="Check a rules file, and try what it would change. The rules that ship: docs/rules.md.", no_args_is_help=True
)


@_group.command("check")
def check(file: RulesArgument) -> None:
    """Say whether a rules file is valid, and list its rules.

    Every mistake is named with its rule, its key and what was expected there.

    **Example**

        rapport rules check my-rules.toml
    """
    from models.rules import RuleBook
    from rapport.show import print_table, say

    book = RuleBook.load(file)
    rows = [(rule.name, rule.vote, rule.when, rule.weight) for rule in book.rules]
    print_table("Rules", ("name", "vote", "when", "log-odds"), rows, text_columns=3)
    say(f"{file}: valid, {len(book.rules)} rules, version {book.digest}.")


@_group.command("try")
def try_(
    file: RulesArgument,
    export: ExportFolder,
    as_of: AsOf = None,
    show: Annotated[int, typer.Option(min=0, help="How many accounts to list at most.")] = 20,
) -> None:
    """Show whom an edited rules file would flip: what the rules that ship say of them, and what these would.

    Rules alone are compared, without a model.

    **Example**

        rapport rules try my-rules.toml crm
    """
    from features.reader import open_export
    from models.rules import RuleBook
    from rapport.show import bar, print_table, say
    from rapport.trial import flips

    edited, source = RuleBook.load(file), open_export(export)
    at = moment(as_of, source)
    with bar() as progress:
        trial = flips(source, at, RuleBook.default(), edited, progress=progress)
    if trial.rows:
        columns = ("account", "before", "log-odds", "after", "log-odds", "what made the difference")
        print_table("Flipped", columns, trial.rows[:show])
    hidden = max(len(trial.rows) - show, 0)
    rest = f" ({hidden:,} not shown; see --show)" if hidden else ""
    say(f"{len(trial.rows):,} of {trial.n_accounts:,} accounts would flip{rest}.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_group, name="rules")
