"""docs/operations.md names what there is, all of it, and its figures are measured."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from reviews.change import FAREWELL_DAYS
from reviews.database import open_database
from serving.settings import Settings
from serving.watching.metrics import Metrics
from tests.records import entry_of, make_record
from tests.service import new_database, running

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)```", PAGE, re.DOTALL)
SUFFIXES = re.compile(r"_(bucket|count|sum)$")
RECORDS = 1_500


def section(title: str) -> str:
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names that /metrics gives once everything has happened."""
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        service.predict({"account": {"account_id": "a"}, "events": []})
        text = service.get("/metrics").text
    families = text_string_to_metric_families(text)
    names = {sample.name for family in families for sample in family.samples if not sample.name.endswith("_created")}
    found = {SUFFIXES.sub("", name) for name in names}
    counted = {family.name for family in Metrics("1").registry.collect()}
    assert {name.removesuffix("_total") for name in found} >= {
        name for name in counted if name.startswith("rapport_")
    } - {"rapport_keys"}
    return found | {"rapport_keys"}


def test_every_metric_is_told_and_no_other(metrics: set[str]) -> None:
    told = set(re.findall(r"`(rapport_\w+)`", section("Metrics")))
    assert told == {name for name in metrics if name.startswith("rapport_")}
    assert all(name.startswith(("rapport_", "process_")) for name in metrics)
    assert "`process_*`" in PAGE


def alarms() -> Iterator[dict[str, Any]]:
    (rules,) = (text for _, language, text in BLOCKS if language == "yaml" and text.startswith("groups:"))
    for group in yaml.safe_load(rules)["groups"]:
        yield from group["rules"]


def test_alarms_watch_metrics_that_there_are_and_are_explained(metrics: set[str]) -> None:
    known = {*metrics, "up"}
    for alarm in alarms():
        names = set(re.findall(r"\b(rapport_\w+|up)\b(?=[{)\[\s])", alarm["expr"]))
        assert names, alarm
        assert {SUFFIXES.sub("", name) for name in names} <= known, alarm
        assert alarm["expr"].count("(") == alarm["expr"].count(")")
        assert alarm.keys() <= {"alert", "expr", "for"}
    listed = re.findall(r"^\| (Rapport\w+) \|", section("Alarms"), re.MULTILINE)
    assert listed == [alarm["alert"] for alarm in alarms()]
    assert "scrape_configs" in yaml.safe_load(next(text for _, language, text in BLOCKS if language == "yaml"))


def test_settings_and_fates_are_called_as_they_are() -> None:
    variables = {Settings.variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"RAPPORT_[A-Z_]+", PAGE)) <= variables
    assert set(re.findall(r'part="(\w+)"', PAGE)) <= {"model", "database", "spool", "keys"}


def test_farewells_are_said_for_as_long_as_is_told() -> None:
    assert "For thirty days the changes tell" in PAGE.replace("\n", " ")
    assert FAREWELL_DAYS == 30


def commands() -> Iterator[list[str]]:
    """Each command of Rapport's that the page shows."""
    for _, language, text in BLOCKS:
        if language == "sh":
            for line in text.replace("\\\n", " ").splitlines():
                found = re.search(r"(?:^|exec /opt/rapport/bin/|podman exec rapport )rapport ([^'|&;]+)", line)
                if found:
                    yield shlex.split(found[1])
    for line in re.findall(r"`rapport ([^`]+)`", PAGE):
        yield shlex.split(line)


def test_every_command_exists_with_its_options() -> None:
    from typer.main import get_command

    from rapport.cli import app

    shown = list(commands())
    assert len(shown) > 10
    for words in shown:
        command: Any = get_command(app)
        for word in words:
            command = getattr(command, "commands", {}).get(word, command)
        assert not hasattr(command, "commands"), words
        known = {option for each in command.params for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


def test_a_backup_is_restored_as_the_page_says(tmp_path: Path, require: Callable[[str, str], None]) -> None:
    require("bash", "install bash to run what docs/operations.md shows")
    url = new_database(tmp_path)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    blocks = {what: text for what, _, text in BLOCKS if what}
    assert set(blocks) == {"run", "restore"}

    def run(text: str) -> None:
        subprocess.run(["bash", "-euc", text], cwd=tmp_path, env=environment, check=True, capture_output=True)

    before, after = make_record("before"), make_record("after")
    with open_database(url) as database:
        database.ledger.write([entry_of(before)])
        run(blocks["run"])
        database.ledger.write([entry_of(after)])
    run(blocks["restore"])
    with open_database(url) as database:
        assert database.ledger.prediction(before.id) == before
        assert database.ledger.prediction(after.id) is None


def test_the_line_for_a_restored_server_makes_old_cursors_void(tmp_path: Path) -> None:
    (statement,) = (text.strip() for _, language, text in BLOCKS if language == "sql")
    with open_database(new_database(tmp_path)) as database:
        assert database.ledger.secret("cursor", lambda: b"old") == b"old"
        with database.writing() as connection:
            connection.exec_driver_sql(statement)
        assert database.ledger.secret("cursor", lambda: b"new") == b"new"


INCOMPRESSIBLE = np.random.default_rng(0).bytes(824)
"""As long as what is kept of forty events."""


@pytest.mark.parametrize(("evidence", "row"), [(None, "one prediction"), (INCOMPRESSIBLE, "one that goes to review")])
def test_a_prediction_takes_the_room_that_is_told(tmp_path: Path, evidence: bytes | None, row: str) -> None:
    told = re.search(rf"^\| {row}[^|]*\| ([\d.]+) kB", PAGE, re.MULTILINE)
    assert told
    empty = new_database(tmp_path)
    path = tmp_path / "rapport.db"
    size = path.stat().st_size
    with open_database(empty) as database:
        records = [make_record(f"account-{i % 400}", evidence=evidence) for i in range(RECORDS)]
        database.ledger.write([entry_of(*records)])
    grown = (path.stat().st_size - size) / RECORDS / 1000
    assert grown == pytest.approx(float(told[1]), rel=0.2)
