"""docs/mapping.md, typed word for word by a newcomer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from rapport.cli import app

GUIDE = (Path(__file__).parent.parent / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (?P<what>[^>]+?) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)


def test_the_guide_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed, commands = "", 0
    for block in BLOCK.finditer(GUIDE):
        what, text = block["what"], block["text"]
        if what.startswith("file: "):
            path = tmp_path / what.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif what.startswith("run"):
            program, *arguments = shlex.split(text)
            assert program == "rapport"
            done = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
            printed = done.output
            assert done.exit_code == (2 if what == "run: fails" else 0), printed
            commands += 1
        else:
            assert what == "output"
            for line in text.strip().splitlines():
                assert " ".join(line.split()) in " ".join(printed.split())
    assert commands == 4
    aside = pd.read_csv("aside.csv")
    assert aside[["query", "row"]].to_numpy().tolist() == [["events.invoices", 6]]
    signals = pd.read_csv("signals.csv", dtype={"account_id": str}).set_index("account_id")
    acme = signals.loc["101"]
    assert acme["strategic_meetings_365d"] == 1
    assert acme["retainer_active"] == 1
    assert pd.isna(acme["visits_365d"])
    assert acme["spend"] == 4000
    assert signals.loc["102", "refund_share"] == 0.5
    labels = pd.read_parquet("crm/labels.parquet").set_index("account_id")["relationship"]
    assert labels.to_dict() == {"101": "client", "102": "customer"}
