"""Which model answers: the champion, the starter, one named, or the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.events import BadInput
from models.bundle import SCORECARD, BrokenBundle, save_bundle
from models.shelf import STARTER, Shelf, choose
from tests.bundles import make_facts, make_scorecard


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf with two models and no champion."""
    shelf = Shelf(tmp_path / "store")
    for seed in (1, 2):
        shelf.put(make_facts(seed=seed), make_scorecard(), created_at=None)
    return shelf


def damage(shelf: Shelf, version: str) -> None:
    """Flip a bit of a model's scorecard."""
    path = shelf.store / version / SCORECARD
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_shelf_need_not_exist(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none")
    assert shelf.versions() == []
    assert shelf.champion() is None
    assert not (tmp_path / "none").exists()


def test_put_gives_back_what_stands_there(shelf: Shelf) -> None:
    bundle = shelf.put(make_facts(seed=3), make_scorecard(), created_at=None, extras={"card.md": b"# Card\n"})
    assert bundle.version in shelf.versions()
    assert bundle.path == shelf.store / bundle.version
    assert shelf.load(bundle.version).manifest == bundle.manifest


def test_the_same_model_stands_there_once(shelf: Shelf) -> None:
    before = {path: path.read_bytes() for path in shelf.store.rglob("*") if path.is_file()}
    shelf.put(make_facts(seed=1), make_scorecard(), created_at="2026-07-01T00:00:00Z")
    assert {path: path.read_bytes() for path in shelf.store.rglob("*") if path.is_file()} == before


def test_a_damaged_model_is_put_right_by_putting_it_again(shelf: Shelf) -> None:
    version = shelf.versions()[0]
    seed = shelf.load(version).manifest.seed
    damage(shelf, version)
    assert shelf.put(make_facts(seed=seed), make_scorecard(), created_at=None).version == version
    assert shelf.load(version).version == version


def test_unfinished_work_is_no_version(shelf: Shelf) -> None:
    versions = shelf.versions()
    (shelf.store / ".left-by-a-crash").mkdir()
    (shelf.store / ".left-by-a-crash" / "manifest.json").write_text("{}", encoding="utf-8")
    (shelf.store / "empty").mkdir()
    assert shelf.versions() == versions


def test_a_crown_can_pass(shelf: Shelf) -> None:
    for version in shelf.versions():
        shelf.crown(version)
        assert shelf.champion() == version
        assert choose(None, shelf.store).note == f"The champion {version} answers."
    assert sorted(path.name for path in shelf.store.iterdir()) == ["CHAMPION", *shelf.versions()]


def test_only_an_intact_model_is_crowned(shelf: Shelf) -> None:
    first, second = shelf.versions()
    shelf.crown(first)
    damage(shelf, second)
    with pytest.raises(BrokenBundle, match="digest"):
        shelf.crown(second)
    with pytest.raises(BrokenBundle, match="There is no model 'nobody'"):
        shelf.crown("nobody")
    assert shelf.champion() == first


def test_a_folder_that_was_renamed_is_noticed(shelf: Shelf) -> None:
    version = shelf.versions()[0]
    (shelf.store / version).rename(shelf.store / "mine")
    with pytest.raises(BrokenBundle, match=f"it holds model {version}"):
        shelf.load("mine")


def test_without_a_pointer_the_starter_answers_and_says_so(shelf: Shelf) -> None:
    choice = choose(None, shelf.store)
    assert choice.bundle is not None
    assert choice.bundle.manifest.starter
    assert not choice.degraded
    assert "No champion is named" in choice.note
    assert choice.bundle.version in choice.note


@pytest.mark.parametrize("pointer", [b"gone-gone\n", b"", b"../../etc\n", b"a b\n", b"\xff\xfe"])
def test_a_pointer_to_nothing_leaves_the_rules(shelf: Shelf, pointer: bytes) -> None:
    (shelf.store / "CHAMPION").write_bytes(pointer)
    choice = choose(None, shelf.store)
    assert choice.bundle is None
    assert choice.model is None
    assert choice.degraded
    assert choice.note.startswith("The rules answer, since no model can: ")


def test_a_broken_champion_leaves_the_rules(shelf: Shelf) -> None:
    version = shelf.versions()[0]
    shelf.crown(version)
    damage(shelf, version)
    choice = choose(None, shelf.store)
    assert choice.model is None
    assert choice.degraded
    assert SCORECARD in choice.note


def test_rules_when_asked_for_are_no_failure(shelf: Shelf) -> None:
    choice = choose("rules", shelf.store)
    assert choice.model is None
    assert not choice.degraded


def test_a_model_can_be_named_by_version_or_path(shelf: Shelf, tmp_path: Path) -> None:
    version = shelf.versions()[0]
    save_bundle(tmp_path / "elsewhere", make_facts(seed=9), make_scorecard(), created_at=None)
    by_version, by_path = choose(version, shelf.store), choose(str(tmp_path / "elsewhere"), shelf.store)
    assert by_version.model is not None
    assert by_version.model.version == version
    assert by_path.bundle is not None
    assert by_path.bundle.manifest.seed == 9


def test_a_model_named_and_broken_is_an_error(shelf: Shelf) -> None:
    version = shelf.versions()[0]
    damage(shelf, version)
    with pytest.raises(BrokenBundle, match=SCORECARD):
        choose(version, shelf.store)


def test_an_unknown_name_lists_what_there_is(shelf: Shelf) -> None:
    first, second = shelf.versions()
    with pytest.raises(BadInput, match=f"'nobody'.*{first}, {second}"):
        choose("nobody", shelf.store)


def test_the_starter_is_sound_and_small() -> None:
    choice = choose("starter", Path("no store"))
    assert choice.bundle is not None
    manifest = choice.bundle.manifest
    assert manifest.starter
    assert manifest.version.startswith("starter-")
    assert manifest.created_at is None
    assert sum(file.stat().st_size for file in STARTER.iterdir()) < 1_500_000
    assert "estimator.joblib" not in manifest.files
    assert "This is the starter" in (STARTER / "card.md").read_text(encoding="utf-8")
