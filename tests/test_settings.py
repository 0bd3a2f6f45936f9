"""Settings: from the environment or arguments, refused by name where they do not fit, and each on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic_core import PydanticUndefined

from features.events import BadInput
from rapport.cli import app
from serving.describing.settings import settings_page
from serving.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def test_the_page_is_fresh_and_has_every_setting_once() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == settings_page(), "run 'make docs'"
    listed = re.findall(r"^\| `(RAPPORT_\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(Settings.variable(name) for name in Settings.model_fields)
    for row in re.findall(r"^\| `RAPPORT_.*$", page, re.MULTILINE):
        assert all(cell.strip() for cell in row.strip("|").split("|")), row


def test_every_setting_has_a_default_and_a_meaning() -> None:
    for name, field in Settings.model_fields.items():
        assert field.default is not PydanticUndefined, name
        assert field.description, name
        assert not name.endswith(("_seconds", "_bytes", "_hours")) or field.json_schema_extra, f"{name} has no unit"


def test_an_argument_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_QUEUE", "7")
    assert Settings.read().queue == 7
    assert Settings.read(queue=3).queue == 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RAPPORT_PORT", "http"),
        ("RAPPORT_PORT", "65536"),
        ("RAPPORT_WORKERS", "0"),
        ("RAPPORT_AUDIT_SHARE", "2"),
        ("RAPPORT_RECORD_SECONDS", "-1"),
        ("RAPPORT_RECORD_SECONDS", "nan"),
        ("RAPPORT_LOG_LEVEL", "loud"),
        ("RAPPORT_AUTH", "perhaps"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadInput, match=variable):
        Settings.read()


def test_a_variable_nearly_called_as_a_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_TRACKING", "https://mlflow.example.com")
    Settings.read()
    monkeypatch.setenv("RAPPORT_DATABSE", "sqlite:///elsewhere.db")
    with pytest.raises(BadInput, match="no setting RAPPORT_DATABSE: did you mean RAPPORT_DATABASE"):
        Settings.read()


def test_a_password_is_not_printed() -> None:
    assert "secret" not in repr(Settings(database="postgresql://rapport:secret@db.example.com/rapport"))


def test_options_of_the_command_are_settings_with_the_same_defaults() -> None:
    command: Any = typer.main.get_command(app)
    options = {each.name: each for each in command.commands["serve"].params if each.name != "help"}
    assert {"database", "spool", "auth", "log_level"} <= options.keys() <= Settings.model_fields.keys()
    for name, option in options.items():
        assert option.envvar == Settings.variable(name) or (name, option.envvar) == ("rules", None)
        default = option.default if option.show_default is True else option.show_default
        kept = Settings.model_fields[name].default
        assert str(default) == {"auth": "auth", "rules": "False"}.get(name, str(kept)), name
