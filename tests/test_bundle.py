"""A bundle is read only if every byte of it is as it was written and its signals are those that this code measures."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from models.bundle import MANIFEST, SCORECARD, BrokenBundle, load_bundle, save_bundle
from models.manifest import SCHEMA_VERSION, Facts, Manifest, version_of
from models.policy import Thresholds
from models.scorecard import Curve, Scorecard
from tests.bundles import CARD, make_facts, make_scorecard


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The folder of a sound bundle."""
    folder = tmp_path / "bundle"
    save_bundle(
        folder,
        make_facts(),
        make_scorecard(),
        created_at="2026-07-01T00:00:00Z",
        extras={"card.md": CARD, "estimator.joblib": b"never opened"},
    )
    return folder


def reseal(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite a manifest as its writer would have written it, had it believed something else."""
    document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    change(document)
    document["digest"] = ""
    document["digest"] = "0" * 64
    text = json.dumps(document)
    before, _, after = text.rpartition("0" * 64)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / MANIFEST).write_text(before + digest + after, encoding="utf-8")


def test_comes_back_as_it_was(bundle: Path) -> None:
    found = load_bundle(bundle)
    X = np.linspace(-1.0, 3.0, 5 * len(SIGNAL_NAMES)).reshape(5, -1)
    assert found.scorecard.score(X).tolist() == make_scorecard().score(X).tolist()
    assert Facts.model_validate(found.manifest.model_dump(include=set(Facts.model_fields))) == make_facts()
    model = found.model
    assert (model.version, model.starter) == (found.version, False)
    assert model.thresholds == Thresholds(client=0.9123456789012345, customer=None)
    assert model.low.tolist() == [0.0] * len(SIGNAL_NAMES)
    assert np.isnan(model.high).all()


def test_same_content_same_bytes(bundle: Path, tmp_path: Path) -> None:
    save_bundle(
        tmp_path / "again",
        make_facts(),
        make_scorecard(),
        created_at="2026-07-01T00:00:00Z",
        extras={"card.md": CARD, "estimator.joblib": b"never opened"},
    )
    for file in bundle.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_files_can_be_read_by_the_service(bundle: Path) -> None:
    assert stat.S_IMODE(bundle.stat().st_mode) & 0o500 == 0o500
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_version_is_of_the_content() -> None:
    facts, card = make_facts(), make_scorecard().to_bytes()
    version = version_of(facts, card)
    assert version == version_of(make_facts(), make_scorecard().to_bytes())
    assert version == version_of(make_facts(metrics={}, libraries={}), card)
    others = [
        version_of(facts, make_scorecard(0.25).to_bytes()),
        version_of(make_facts(seed=2), card),
        version_of(make_facts(thresholds=Thresholds(client=0.9, customer=None)), card),
        version_of(make_facts(data_digest="1" * 64), card),
    ]
    assert len({version, *others}) == 5
    assert version_of(make_facts(starter=True), card).startswith("starter-")


@pytest.mark.parametrize("name", [MANIFEST, SCORECARD, "card.md", "estimator.joblib"])
def test_a_flipped_bit_anywhere_is_noticed(bundle: Path, name: str) -> None:
    content = (bundle / name).read_bytes()
    for place in np.unique(np.linspace(0, len(content) - 1, 60).astype(int)).tolist():
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 7)
        (bundle / name).write_bytes(damaged)
        with pytest.raises(BrokenBundle, match=r"Restore the bundle|layout is version"):
            load_bundle(bundle)
    (bundle / name).write_bytes(content)
    load_bundle(bundle)


@given(st.binary(max_size=200))
def test_any_manifest_is_refused_or_sound(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST).write_bytes(content)
        with pytest.raises(BrokenBundle):
            load_bundle(Path(folder))


@pytest.mark.parametrize("name", [MANIFEST, SCORECARD, "card.md", "estimator.joblib"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BrokenBundle, match=f"{name}: it cannot be read"):
        load_bundle(bundle)


@pytest.mark.parametrize("name", [MANIFEST, SCORECARD])
@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_a_cut_off_file_is_refused(bundle: Path, name: str, kept: int) -> None:
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content[:kept])
    with pytest.raises(BrokenBundle, match=name):
        load_bundle(bundle)


def test_another_layout_is_named(bundle: Path) -> None:
    reseal(bundle, lambda document: document.update(schema_version=99))
    with pytest.raises(BrokenBundle, match=f"its layout is version 99, this Rapport reads version {SCHEMA_VERSION}"):
        load_bundle(bundle)


def test_a_manifest_that_lacks_something_is_refused(bundle: Path) -> None:
    reseal(bundle, lambda document: document.pop("thresholds"))
    with pytest.raises(BrokenBundle, match="thresholds: Field required"):
        load_bundle(bundle)


def test_a_file_outside_the_folder_is_never_read(bundle: Path) -> None:
    reseal(bundle, lambda document: document["files"].update({"../secret": document["files"]["card.md"]}))
    with pytest.raises(BrokenBundle, match="no plain file name"):
        load_bundle(bundle)


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused(bundle: Path, name: str) -> None:
    reseal(bundle, lambda document: document["files"].update({name: document["files"]["card.md"]}))
    with pytest.raises(BrokenBundle, match=r"manifest.json"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("part", "place", "number"),
    [("slopes", 1, 1e308), ("slopes", 0, 1e-9), ("slopes", 2, 1e-9), ("slopes", 3, 1.0), ("levels", 0, -1e7)],
)
def test_numbers_that_add_up_beyond_measure_are_refused(bundle: Path, part: str, place: int, number: float) -> None:
    first, *others = make_scorecard().curves
    shares = np.full(4, 0.25)
    sound = Curve.of_steps(first.signal, np.array([1.0, 3.0]), shares, shares)
    wrong = getattr(sound, part).copy()
    wrong[place] = number
    broken = object.__new__(Scorecard)
    for name, value in (
        ("base", 0.1),
        ("tables", ()),
        ("curves", (dataclasses.replace(sound, **{part: wrong}), *others)),
    ):
        object.__setattr__(broken, name, value)
    save_bundle(bundle, make_facts(), Scorecard(0.1, (sound, *others)), created_at=None)
    load_bundle(bundle)
    save_bundle(bundle, make_facts(), broken, created_at=None)
    with pytest.raises(BrokenBundle, match=r"scorecard.npz: .*expected"):
        load_bundle(bundle)


def test_a_changed_signal_is_named_with_both_values(bundle: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["fingerprint"]["purchases"][0] += 1.0

    reseal(bundle, change)
    with pytest.raises(BrokenBundle, match=r"purchases: 5 stored, 4 here .*Train again"):
        load_bundle(bundle)


def test_another_order_of_signals_is_refused(bundle: Path) -> None:
    facts = make_facts()
    turned = make_facts(signals=(*facts.signals[1:], facts.signals[0]))
    card = make_scorecard()
    turned_card = dataclasses.replace(card, curves=(*card.curves[1:], card.curves[0]))
    save_bundle(bundle, turned, turned_card, created_at=None)
    with pytest.raises(BrokenBundle, match="the order of the signals"):
        load_bundle(bundle)


def test_facts_and_scorecard_must_agree(tmp_path: Path) -> None:
    facts = make_facts()
    with pytest.raises(ValueError, match="different signals"):
        save_bundle(tmp_path / "b", make_facts(signals=facts.signals[1:]), make_scorecard(), created_at=None)
    assert not (tmp_path / "b").exists()


def test_writing_again_replaces_the_whole(bundle: Path) -> None:
    save_bundle(bundle, make_facts(seed=2), make_scorecard(), created_at=None)
    assert sorted(file.name for file in bundle.iterdir()) == [MANIFEST, SCORECARD]
    assert load_bundle(bundle).manifest.seed == 2


def test_the_manifest_can_be_read_by_people(bundle: Path) -> None:
    text = (bundle / MANIFEST).read_text(encoding="utf-8")
    assert '\n {"name": "purchases", "unit": "purchases", "low": 0.0, "high": null, "treatment": false},\n' in text
    assert Manifest.model_validate({k: v for k, v in json.loads(text).items() if k != "digest"}).seed == 1
