"""Reviewers' verdicts in an export's labels and in training: each once, and gone when taken back or erased."""

from __future__ import annotations

import json
import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command
from typer.testing import CliRunner, Result

from features.events import BadInput
from features.reader import Export, open_export
from rapport.cli import app
from rapport.desk_labels import fetch_labels
from reviews.database import Database, open_database
from reviews.keys import TOKEN_BYTES, new_key
from reviews.verdict import LabelGiven
from tests.desks import Room, doubtful, drawn
from training.labelled.dataset import load_dataset
from training.labelled.reviewed import DeskLabels, merge_labels, write_labels
from training.simulator.simulate import simulate, write_export

MOMENT = 1_780_000_000_000_000


def label(account_id: str, said: str = "client", labeller: str = "Ann", **given: Any) -> LabelGiven:
    usual = {"seq": 1, "labelled_at": MOMENT, "given_at": MOMENT + 7, "inclusion": None}
    return LabelGiven(account_id=account_id, relationship=said, labeller=labeller, **(usual | given))  # type: ignore[arg-type]


def rows(labels: pd.DataFrame) -> list[tuple[str, ...]]:
    columns = ["account_id", "relationship", "source", "labeller"]
    return [tuple(map(str, row)) for row in labels[columns].itertuples(index=False)]


accounts = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(crm=accounts, by_hand=accounts, desk=accounts, earlier=accounts)
def test_merging_twice_is_merging_once(crm: list[str], by_hand: list[str], desk: list[str], earlier: list[str]) -> None:
    there = [(each, "crm", None) for each in crm] + [(each, "reviewer", "Zoe") for each in by_hand]
    there += [(each, "reviewer", "Ann") for each in earlier]
    labels = (
        pd.DataFrame(there, columns=["account_id", "source", "labeller"]).astype("str").assign(relationship="client")
    )
    labels["labeller"] = labels["labeller"].where(labels["source"] == "reviewer")
    given_now = DeskLabels([label(each) for each in desk], {"Ann"})
    once = merge_labels(labels, given_now)
    assert (once.added, once.replaced) == (len(desk), len(earlier))
    assert rows(once.labels)[-len(desk) or None :] == [(each, "client", "reviewer", "Ann") for each in desk] or not desk
    assert [row[0] for row in rows(once.labels) if row[2] == "crm"] == crm
    assert [row[0] for row in rows(once.labels) if row[3] == "Zoe"] == by_hand
    twice = merge_labels(once.labels, given_now)
    pd.testing.assert_frame_equal(twice.labels, once.labels)


@pytest.fixture
def export(tmp_path: Path, request: pytest.FixtureRequest) -> Export:
    folder = tmp_path / "crm"
    write_export(simulate(200, 3), folder, getattr(request, "param", "parquet"))
    return open_export(folder)


@pytest.mark.parametrize("export", ["csv", "parquet"], indirect=True)
def test_a_file_keeps_what_others_wrote(export: Export) -> None:
    assert export.labels_file is not None
    read = pd.read_csv if export.labels_file.suffix == ".csv" else pd.read_parquet
    raw = read(export.labels_file).assign(region="north")
    write = raw.to_csv if export.labels_file.suffix == ".csv" else raw.to_parquet
    write(export.labels_file, index=False)
    before = export.labels()
    assert before is not None
    ann = label("crm-0000001", "customer", inclusion=0.02)
    path, merged = write_labels(export, DeskLabels([ann], {"Ann"}))
    assert (path, merged.added, merged.replaced) == (export.labels_file, 1, 0)
    after = export.labels()
    assert after is not None
    pd.testing.assert_frame_equal(after.iloc[:-1], before)
    (row,) = after.iloc[-1:].to_dict("records")
    assert (row["account_id"], row["relationship"], row["source"]) == ("crm-0000001", "customer", "reviewer")
    assert (row["labeller"], row["inclusion"]) == ("Ann", 0.02)
    assert row["labelled_at"] == pd.Timestamp(MOMENT, unit="us", tz="UTC")
    assert read(path)["region"].tolist()[:-1] == ["north"] * len(before)
    assert pd.Timestamp(read(path)["given_at"].tolist()[-1]) == pd.Timestamp(MOMENT + 7, unit="us", tz="UTC")
    # Taken back since: the row goes, and the file is as it was.
    write_labels(export, DeskLabels([], {"Ann"}))
    again = export.labels()
    assert again is not None
    pd.testing.assert_frame_equal(again, before)


def test_an_export_without_labels_gets_a_file_like_its_events(export: Export) -> None:
    assert export.labels_file is not None
    export.labels_file.unlink()
    bare = open_export(export.path)
    path, _ = write_labels(bare, DeskLabels([], set()))
    assert not path.exists()
    path, _ = write_labels(bare, DeskLabels([label("crm-0000001")], set()))
    assert path.name == "labels.parquet"
    found = open_export(export.path).labels()
    assert found is not None
    assert rows(found) == [("crm-0000001", "client", "reviewer", "Ann")]


def reviewed(database: Database, *names: str) -> Room:
    """A desk at which Ann has called all these accounts clients."""
    room = Room(database)
    key, _ = new_key("review", "Ann", 1, bytes(TOKEN_BYTES))
    room.ledger.add_key(key)
    room.keep(*(doubtful(name, as_of=MOMENT) for name in names[1:]), drawn(names[0], 0.25, as_of=MOMENT))
    for _ in names:
        room.work("client", key.id)
    return room


def test_each_verdict_is_in_training_once_and_erased_ones_are_not(export: Export, sqlite_url: str) -> None:
    names = [f"crm-{i:07}" for i in (3, 5, 8)]
    assert export.labels_file is not None
    export.labels_file.unlink()
    bare = open_export(export.path)
    with open_database(sqlite_url) as database:
        room = reviewed(database, *names)
        labels = merge_labels(bare.labels(), fetch_labels(sqlite_url, None)).labels
        dataset = load_dataset(bare, labels=labels)
        assert sorted(dataset.account_ids) == names
        assert dataset.y.all()
        assert set(dataset.as_of) == {MOMENT}
        inclusion = dict(zip(dataset.account_ids, dataset.inclusion, strict=True))
        assert inclusion[names[0]] == 0.25
        assert np.isnan(inclusion[names[1]])
        assert dataset.labels.labellers == 1
        write_labels(bare, fetch_labels(sqlite_url, None))
        room.ledger.erase(names[1], room.tick(), None, None)
        path, merged = write_labels(open_export(export.path), fetch_labels(sqlite_url, None))
        assert (merged.added, merged.replaced) == (2, 3)
        assert names[1] not in pd.read_parquet(path)["account_id"].tolist()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def test_the_commands(export: Export, sqlite_url: str) -> None:
    with open_database(sqlite_url) as database:
        reviewed(database, "crm-0000003", "crm-0000005")
    done = run("labels", "export", export.path, "--labels-from", sqlite_url)
    assert done.exit_code == 0, done.output
    assert "2 labels of the review desk" in done.output
    found = export.labels()
    assert found is not None
    assert (found["source"] == "reviewer").sum() == 2
    again = run("labels", "export", export.path, "--labels-from", sqlite_url)
    assert "in place of 2 that it gave before" in again.output
    missing = run("labels", "export", export.path, "--labels-from", "sqlite:///nowhere/at-all.db")
    assert missing.exit_code == 2
    assert "--labels-from names another" in missing.output
    assert "--database" not in missing.output


def test_the_commands_that_the_readme_shows_can_be_called() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    shown = [line.partition(" #")[0] for line in readme.splitlines() if re.match("rapport [a-z]", line)]
    commands = get_command(app)
    assert len(shown) > 5
    for line in shown:
        command: Any = commands
        words = shlex.split(line)[1:]
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        # Raises where an option is missing, or is none.
        command.make_context(line, words)


@contextmanager
def service(answers: dict[str, Any]) -> Iterator[tuple[str, list[str | None]]]:
    """A service that answers by cursor, and the keys it was shown."""
    shown: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            after = parse_qs(urlparse(self.path).query).get("after", [""])[0]
            answer = answers.get(after, 404)
            status, body = (answer, {}) if isinstance(answer, int) else (200, answer)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", answers["elsewhere"])
            self.end_headers()
            self.wfile.write(body.encode() if isinstance(body, str) else json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", shown
        finally:
            server.shutdown()
            thread.join()


def said(account_id: str) -> dict[str, Any]:
    times = {"labelled_at": "2026-06-01T00:00:00Z", "given_at": "2026-06-02T00:00:00Z"}
    return {"account_id": account_id, "relationship": "client", "labeller": "Ann", "inclusion": None, **times}


def test_labels_of_a_service_are_read_page_by_page_with_a_key() -> None:
    pages = {
        "": {"labels": [said("a"), said("b")], "cursor": "x", "reviewers": ["Ann", "Ben"]},
        "x": {"labels": [said("c")], "cursor": "y", "reviewers": []},
        "y": {"labels": [], "cursor": "y", "reviewers": []},
    }
    with service(pages) as (url, shown):
        found = fetch_labels(f"{url}/", "rpt_key")
    assert [each.account_id for each in found.given] == ["a", "b", "c"]
    assert set(found.reviewers) == {"Ann", "Ben"}
    assert found.given[0].given_at - found.given[0].labelled_at == 86_400_000_000
    assert shown == ["Bearer rpt_key"] * 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (401, "--key or RAPPORT_KEY"),
        (403, "admin or review"),
        (404, "review desk"),
        (500, "answers 500"),
        ("<html>", "JSON"),
        ({"hello": 1}, "something else"),
        ({"labels": [{"account_id": "a"}], "cursor": "x"}, "something else"),
    ],
)
def test_a_service_that_does_not_give_labels_is_told(answer: Any, message: str) -> None:
    with service({"": answer}) as (url, _), pytest.raises(BadInput, match=message):
        fetch_labels(url, None)


def test_a_service_that_is_not_there_is_told() -> None:
    with service({}) as (url, _):
        pass
    with pytest.raises(BadInput, match="cannot be reached"):
        fetch_labels(url, None)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:abc", "http://127.0.0.1:8123/a b", "http://[::1", "http://", "https://:8000", "http://a\n"],
)
def test_an_address_that_is_none_is_told(export: Export, url: str) -> None:
    with pytest.raises(BadInput, match="is no address: --labels-from takes one"):
        fetch_labels(url, None)
    refused = run("labels", "export", export.path, "--labels-from", url)
    assert (refused.exit_code, "no address" in refused.output) == (2, True)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b""])
def test_what_does_not_speak_http_is_told(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as caller:
                caller.recv(4096)
                caller.sendall(said)

        thread = Thread(target=speak)
        thread.start()
        with pytest.raises(BadInput, match=r"does not speak HTTP, or broke off|cannot be reached"):
            fetch_labels(f"http://127.0.0.1:{server.getsockname()[1]}", None)
        thread.join()


def test_a_key_that_is_not_known_is_told_apart_from_none() -> None:
    with (
        service({"": 401}) as (url, _),
        pytest.raises(BadInput, match="does not know this key, or the key was revoked"),
    ):
        fetch_labels(url, "rpt_key")


@pytest.mark.parametrize("key", ["rpt_ключ", "rpt_a\n", "rpt_a\r\nX-Other: 1", "rpt a", ""])
def test_what_cannot_be_a_key_is_told_and_not_sent(key: str) -> None:
    with service({}) as (url, shown), pytest.raises(BadInput, match="RAPPORT_KEY gives is no key") as told:
        fetch_labels(url, key)
    assert shown == []
    assert not key or key not in str(told.value)


def test_a_key_is_not_sent_on_to_another_address() -> None:
    with service({}) as (there, shown_there), service({"": 302, "elsewhere": f"{there}/v1/labels"}) as (url, shown):
        with pytest.raises(BadInput, match=r"sends on to .*where the key is not sent"):
            fetch_labels(url, "rpt_key")
        assert (shown, shown_there) == (["Bearer rpt_key"], [])


@pytest.mark.parametrize("role", ["predict", "review", "admin"])
def test_a_new_key_says_what_to_do_with_it(role: str, sqlite_url: str) -> None:
    made = run("keys", "create", "--role", role, "--name", "Ann", "--database", sqlite_url)
    assert made.exit_code == 0, made.output
    assert ("/desk/" in made.output) == (role != "predict")
    assert ("Bearer" in made.output) == (role != "review")
