"""Promote, refuse, force and roll back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from models.bundle import SCORECARD, BrokenBundle, load_bundle
from models.history import HISTORY, Change, predecessor, read_history
from models.shelf import Shelf, choose
from rapport.tracking import store_tracking
from tests.contenders import FEW, dataset, enter, strong, twin, weak
from tests.quick import few_draws
from training.tracking.connection import Unreachable, connect
from training.tracking.promote import Refused, promote
from training.tracking.registry import Registered, find, named, point
from training.tracking.rollback import rollback

DOWN = "http://127.0.0.1:9"
NOW = {"at": "2026-03-01T00:00:00Z", "by": "ann"}


@pytest.fixture(scope="module", autouse=True)
def quickly() -> Iterator[None]:
    """Let figures come with intervals from few resamples; whether a model is better is told by as many as ever."""
    with few_draws():
        yield


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory, mlflow_template: Path) -> str:
    """A database of mlflow's; `tests/test_promote_server.py` has a server of it."""
    home = tmp_path_factory.mktemp("tracking")
    shutil.copy(mlflow_template, home)
    return store_tracking(home, None)


@pytest.fixture(scope="module")
def entered(uri: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Registered]:
    """Four models: weak (the first, so champion), strong, one that says the same as strong, one taught by the rules."""
    shelf = Shelf(tmp_path_factory.mktemp("models") / "store")
    models = {
        "weak": weak(),
        "strong": strong(),
        "same": twin(strong(), seed=1),
        "distilled": twin(strong(), taught_by="rules"),
    }
    return {name: enter(model, shelf, uri, day) for day, (name, model) in enumerate(models.items(), 1)}


@pytest.fixture(scope="module")
def stores(uri: str, entered: dict[str, Registered], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store in which the weak model was promoted, and one in which the strong one was after it."""
    home = tmp_path_factory.mktemp("stores")
    promote(entered["weak"].version, Shelf(home / "first"), uri, **NOW)
    shutil.copytree(home / "first", home / "second")
    promote(entered["strong"].version, Shelf(home / "second"), uri, **NOW)
    return {"weak": home / "first", "strong": home / "second"}


def in_office(name: str, stores: dict[str, Path], entered: dict[str, Registered], uri: str, folder: Path) -> Shelf:
    """A store of one's own with this champion, in mlflow too."""
    with connect(uri) as client:
        point(client, "champion", entered[name])
    return Shelf(Path(shutil.copytree(stores[name], folder / "store")))


@pytest.fixture
def shelf(uri: str, entered: dict[str, Registered], stores: dict[str, Path], tmp_path: Path) -> Shelf:
    """A store whose champion is the weak model, and nothing else is on its shelf."""
    return in_office("weak", stores, entered, uri, tmp_path)


@pytest.fixture
def later(uri: str, entered: dict[str, Registered], stores: dict[str, Path], tmp_path: Path) -> Shelf:
    """A store in which the strong model took over from the weak one."""
    return in_office("strong", stores, entered, uri, tmp_path)


def alias(uri: str) -> str:
    with connect(uri) as client:
        champion = named(client, "champion")
    assert champion is not None
    return champion.version


def tags(uri: str, version: str) -> dict[str, str]:
    with connect(uri) as client:
        model = find(client, version)
    assert model is not None
    return model.tags


def state(shelf: Shelf) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in shelf.store.rglob("*") if path.is_file()}


def damage(shelf: Shelf, version: str) -> None:
    path = shelf.store / version / SCORECARD
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def test_a_store_without_champion_takes_a_model_as_it_is(
    uri: str, entered: dict[str, Registered], tmp_path: Path
) -> None:
    with connect(uri) as client:
        client.delete_registered_model_alias("rapport", "champion")
    shelf = Shelf(tmp_path)
    moved = promote(entered["weak"].version, shelf, uri, **NOW)
    assert moved.before is None
    assert moved.notes == ("There was no champion to compare it with.",)
    assert shelf.champion() == alias(uri) == entered["weak"].version


def test_a_better_model_is_promoted(shelf: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    better = entered["strong"].version
    assert better not in shelf.versions()
    moved = promote(better, shelf, uri, **NOW)
    assert moved.before == entered["weak"].version
    assert moved.comparison is not None
    assert moved.comparison.better
    assert moved.comparison.n_out_of_fold == 2 * FEW
    assert moved.comparison.n_by_scorecard == len(dataset()) - 2 * FEW
    assert moved.overridden == ()
    assert shelf.champion() == alias(uri) == better
    assert load_bundle(shelf.store / better).version == better
    choice = choose(None, shelf.store)
    assert choice.model is not None
    assert choice.model.version == better
    assert tags(uri, better)["promoted_by"] == "ann"
    assert tags(uri, better)["promoted_at"] == NOW["at"]
    assert read_history(shelf.store)[-1] == Change(what="promoted", version=better, before=moved.before, **NOW)


def test_the_challenger_can_be_promoted_by_that_name(shelf: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    with pytest.raises(Refused, match=entered["distilled"].version):
        promote("challenger", shelf, uri, **NOW)


@pytest.mark.parametrize(
    ("contender", "finding"), [("same", "not surely better"), ("weak", "not surely better"), ("distilled", "distilled")]
)
def test_a_model_that_has_not_earned_it_is_refused(
    contender: str, finding: str, later: Shelf, uri: str, entered: dict[str, Registered]
) -> None:
    champion = entered["strong"].version
    before = state(later)
    with pytest.raises(Refused, match=finding) as refusal:
        promote(entered[contender].version, later, uri, **NOW)
    assert refusal.value.obstacles
    assert "95 % interval" in str(refusal.value)
    assert "--force --reason" in str(refusal.value)
    assert state(later) == before
    assert alias(uri) == champion


def test_force_needs_a_reason(shelf: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    with pytest.raises(BadInput, match="--force needs --reason"):
        promote(entered["same"].version, shelf, uri, force=True, reason=" ", **NOW)


def test_force_is_recorded(later: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    worse = entered["same"].version
    moved = promote(worse, later, uri, force=True, reason="The board wants it", **NOW)
    assert moved.overridden
    assert later.champion() == alias(uri) == worse
    assert tags(uri, worse)["promoted_reason"] == "The board wants it"
    assert "not surely better" in tags(uri, worse)["promoted_against"]
    last = read_history(later.store)[-1]
    assert (last.reason, last.overridden) == ("The board wants it", moved.overridden)


def test_rolling_back_twice_goes_back_twice(later: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    weak_one, strong_one, same = (entered[name].version for name in ("weak", "strong", "same"))
    promote(same, later, uri, force=True, reason="try", **NOW)
    for earlier in (strong_one, weak_one):
        moved = rollback(later, uri, reason="wrong", **NOW)
        assert moved.notes == ()
        assert later.champion() == alias(uri) == earlier
        assert tags(uri, earlier)["rolled_back_reason"] == "wrong"
    before = state(later)
    with pytest.raises(BadInput, match="nothing to roll back to"):
        rollback(later, uri, **NOW)
    assert state(later) == before


@pytest.mark.parametrize("where", [DOWN, None])
def test_rolling_back_works_while_mlflow_is_down(
    where: str | None, later: Shelf, uri: str, entered: dict[str, Registered]
) -> None:
    weak_one, strong_one = entered["weak"].version, entered["strong"].version
    moved = rollback(later, where, **NOW)
    assert later.champion() == weak_one
    assert alias(uri) == strong_one
    assert f"'rapport promote {weak_one}'" in moved.notes[0]
    # What the note says to do repairs it.
    assert "mlflow's alias" in promote(weak_one, later, uri, **NOW).notes[1]
    assert alias(uri) == weak_one


def test_a_champion_before_that_is_broken_is_not_brought_back(
    later: Shelf, uri: str, entered: dict[str, Registered]
) -> None:
    damage(later, entered["weak"].version)
    before = state(later)
    with pytest.raises(BrokenBundle, match=f"{entered['strong'].version} stays"):
        rollback(later, uri, **NOW)
    assert state(later) == before


def test_nothing_moves_while_mlflow_is_down(shelf: Shelf, entered: dict[str, Registered]) -> None:
    before = state(shelf)
    with pytest.raises(Unreachable, match="does not answer"):
        promote(entered["strong"].version, shelf, DOWN, **NOW)
    assert state(shelf) == before


def test_a_damaged_champion_is_mended_by_promoting_it_again(
    shelf: Shelf, uri: str, entered: dict[str, Registered]
) -> None:
    champion = entered["weak"].version
    damage(shelf, champion)
    assert choose(None, shelf.store).degraded
    assert promote(champion, shelf, uri, **NOW).notes == ("It is the champion already.",)
    assert not choose(None, shelf.store).degraded


def test_a_damaged_champion_is_compared_as_mlflow_keeps_it(
    shelf: Shelf, uri: str, entered: dict[str, Registered]
) -> None:
    damage(shelf, entered["weak"].version)
    moved = promote(entered["strong"].version, shelf, uri, **NOW)
    assert moved.comparison is not None
    assert moved.comparison.champion == entered["weak"].version


def test_a_champion_that_nobody_can_open_is_an_obstacle(shelf: Shelf, uri: str, entered: dict[str, Registered]) -> None:
    (shelf.store / "CHAMPION").write_text("gone-gone\n")
    with pytest.raises(Refused, match="cannot be compared with the champion gone-gone"):
        promote(entered["strong"].version, shelf, uri, **NOW)
    promote(entered["strong"].version, shelf, uri, force=True, reason="It is gone", **NOW)
    assert shelf.champion() == entered["strong"].version


def test_a_model_that_cannot_answer_is_not_even_forced(
    shelf: Shelf, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {**strong().facts.fingerprint, "events": (1e9,) * len(strong().facts.fingerprint["events"])}
    foreign = twin(strong(), fingerprint=changed)
    abroad = Shelf(tmp_path / "abroad")
    with pytest.raises(BrokenBundle, match="learned from other signals"):
        enter(foreign, abroad, uri)
    before = state(shelf)
    with pytest.raises(BadInput, match=f"knows no model '{foreign.version}'"):
        promote(foreign.version, shelf, uri, force=True, reason="try", **NOW)
    assert state(shelf) == before


def test_a_champion_of_another_store_is_compared_with(
    uri: str, later: Shelf, entered: dict[str, Registered], tmp_path: Path
) -> None:
    elsewhere = Shelf(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="not surely better"):
        promote(entered["same"].version, elsewhere, uri, **NOW)
    assert promote(entered["strong"].version, elsewhere, uri, **NOW).before is None
    assert elsewhere.champion() == entered["strong"].version


def test_a_history_that_was_meddled_with_is_refused(shelf: Shelf) -> None:
    (shelf.store / HISTORY).write_text('{"at": 1}\n')
    with pytest.raises(BadInput, match="line 1 is no change"):
        rollback(shelf, None, **NOW)


def test_the_service_never_sees_a_store_without_champion(
    shelf: Shelf, uri: str, entered: dict[str, Registered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails on the way, the pointer names a bundle that loads."""
    for step in ("adopt", "crown"):
        with monkeypatch.context() as patch:
            patch.setattr(Shelf, step, _fail)
            with pytest.raises(OSError, match="full"):
                promote(entered["strong"].version, shelf, uri, **NOW)
        choice = choose(None, shelf.store)
        assert choice.model is not None
        assert choice.model.version == entered["weak"].version
    shutil.rmtree(shelf.store / entered["strong"].version)
    promote(entered["strong"].version, shelf, uri, **NOW)
    assert rollback(shelf, uri, **NOW).version == entered["weak"].version


def _fail(*_: object) -> None:
    raise OSError("The disk is full")


@given(moves=st.lists(st.sampled_from(["a", "b", "c", "back"]), max_size=12))
def test_rolling_back_walks_the_line_of_champions(moves: list[str]) -> None:
    line, changes = ["first"], list[Change]()
    for move in moves:
        before = line[-1]
        if move == before:
            continue
        if move != "back":
            line.append(move)
        elif len(line) > 1:
            line.pop()
        else:
            assert predecessor(changes, before) is None
            continue
        what = "rolled back" if move == "back" else "promoted"
        assert move != "back" or predecessor(changes, before) == line[-1]
        changes.append(Change(what=what, version=line[-1], before=before, **NOW))
