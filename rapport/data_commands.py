"""Commands on data: a simulated export, importing one's own, checking it, and its signals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features.memory import MEMORY, parse_memory
from rapport.options import AsOf, Engine, ExportFolder, Master, Memory, Out, Seed, moment

__all__ = ["add_to"]


def sample(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.", show_default=False)],
    accounts: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 5_000,
    seed: Seed = 0,
) -> None:
    """Write a simulated CRM export, with the truth beside it.

    OUT then holds events, accounts and labels as an export has them, and truth.parquet: the probability
    with which each account is a client, which no real CRM knows.

    **Examples**

        rapport sample crm
        rapport sample big --accounts 100000 --seed 7
    """
    from rapport.show import bar, say
    from training.simulator.simulate import simulate, write_export

    with bar() as progress:
        progress(f"Simulating {accounts:,} accounts", 0, 0)
        world = simulate(accounts, seed)
        write_export(world, out)
    say(f"{out}: {len(world.events):,} events of {accounts:,} accounts, {len(world.labels):,} of them labelled.")
    say(f"Next: [bold]rapport check {out}[/] or [bold]rapport train {out}[/]")


def import_(
    mapping: Annotated[Path, typer.Argument(metavar="MAPPING.toml", help="How the source becomes events.")],
    source: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the source's files.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="EXPORT", help="The export to write.", show_default=False)],
    set_aside: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write rows that do not fit there, with the reason.", show_default=False),
    ] = None,
    memory: Memory = MEMORY,
) -> None:
    """Turn any source (CSV, Parquet, JSON) into an export, by a mapping written in SQL.

    The mapping sees the files of DIR and nothing else; it can neither write nor attach. Without --set-aside
    the first rows that do not fit stop the import and are shown; nothing is ever dropped in silence.

    **Examples**

        rapport import my-crm.toml --source dump/ --out crm
        rapport import my-crm.toml --source dump/ --out crm --set-aside bad-rows.csv

    docs/mapping.md writes a mapping step by step; examples/ holds three for public data.
    """
    from features.mapping import import_source, load_mapping
    from rapport.show import bar, print_table, say

    with bar() as progress:
        report = import_source(load_mapping(mapping), source, out, set_aside, progress, parse_memory(memory))
    print_table("Read", ("file", "rows"), [(file.name, file.rows) for file in report.files])
    columns = ("query", "returned", "= kept", "+ set aside")
    rows = [(q.name, q.returned, q.kept, q.set_aside) for q in report.queries]
    print_table("Mapped", columns, rows)
    say(f"Next: [bold]rapport check {out}[/]")


def check(export: ExportFolder) -> None:
    """Say whether an export is valid, what it holds, and what each kind and column covers.

    Every row is read; one that does not fit is named with its file, row, column, value and what was expected.

    **Example**

        rapport check crm
    """
    from features.coverage import cover
    from features.reader import open_export
    from rapport.show import bar
    from rapport.show_coverage import print_coverage

    with bar() as progress:
        progress("Checking", 0, 0)
        coverage = cover(open_export(export))
    print_coverage(export, coverage)


def signals(
    export: ExportFolder,
    out: Out,
    as_of: AsOf = None,
    memory: Memory = MEMORY,
    engine: Engine = "local",
    master: Master = "local[*]",
) -> None:
    """Measure the signals of every account: a row an account, account_id first.

    docs/signals.md says what each column means. An empty value means unknown, or that it does not apply. The file
    appears when it is whole; a run that was broken off is gone on with by the same command.

    **Examples**

        rapport signals crm --out signals.parquet
        rapport signals crm --out signals.csv --as-of 2026-01-01
        rapport signals warehouse --out signals.parquet --memory 8GB
    """
    if engine == "spark":
        from rapport.on_spark import signals_on_spark

        signals_on_spark(export, out, as_of, master)
        return
    from features.progress import follow
    from features.reader import open_export
    from features.stream import SCHEMA, measure, stream
    from rapport.resumed import reading_of, resumed, threads
    from rapport.show import bar, say
    from rapport.targets import check_targets

    size = parse_memory(memory)
    check_targets(export, out)
    source = open_export(export)
    at = moment(as_of, source)
    with resumed(out, source, {"as_of": at}, SCHEMA) as run, bar() as progress:
        batches = stream(source.rows(reading_of(run, size)), lambda rows: measure(rows.log(), at), threads(size))
        rows = run.write(follow(batches, "Measuring events", source.n_events(), progress, done=run.events))
    say(f"{out}: {rows:,} accounts.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sample")(sample)
    app.command("import")(import_)
    app.command("check")(check)
    app.command("signals")(signals)
