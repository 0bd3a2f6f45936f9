"""Who answers: the champion, the starter or the rules; and that no broken model ever becomes a failed request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.events import BadInput
from features.fingerprint import fingerprint
from models.shelf import Shelf
from tests.bundles import make_facts
from tests.service import CARD, Service, crown_model, put_model, running

BODY = {
    "account": {"account_id": "acme"},
    "events": [{"kind": "purchase", "occurred_at": f"2026-0{month}-01"} for month in range(1, 6)],
}


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_the_manifest(store: Path) -> None:
    flip_a_byte(next(store.glob("*/manifest.json")))


def flip_the_scorecard(store: Path) -> None:
    flip_a_byte(next(store.glob("*/scorecard.npz")))


def cut_the_scorecard(store: Path) -> None:
    path = next(store.glob("*/scorecard.npz"))
    path.write_bytes(path.read_bytes()[:100])


def lose_the_scorecard(store: Path) -> None:
    next(store.glob("*/scorecard.npz")).unlink()


def lose_the_bundle(store: Path) -> None:
    version = Shelf(store).champion()
    assert version is not None
    (store / version).rename(store / f".{version}")


def crown_nobody(store: Path) -> None:
    (store / "CHAMPION").write_text("nobody\n")


def garble_the_pointer(store: Path) -> None:
    (store / "CHAMPION").write_bytes(b"\xff\x00../../etc")


def change_the_fingerprint(store: Path) -> None:
    stored = fingerprint()
    values = stored["spend"]
    stored["spend"] = (None if values[0] is not None else 1.0, *values[1:])
    # The shelf would not crown it: a fingerprint breaks when the code changes under a model that is in office.
    version = put_model(store, stored=stored)
    (store / "CHAMPION").write_text(f"{version}\n")


BREAKS: list[Callable[[Path], None]] = [
    flip_the_manifest,
    flip_the_scorecard,
    cut_the_scorecard,
    lose_the_scorecard,
    lose_the_bundle,
    crown_nobody,
    garble_the_pointer,
    change_the_fingerprint,
]


def check_rules_answer(service: Service) -> None:
    answer = service.predict(BODY)
    assert (answer["decided_by"], answer["versions"]["model"]) == ("rules", None)
    ready = service.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["model"]) == (200, "degraded", None)
    model = service.get("/v1/model").json()
    assert (model["source"], model["version"], model["metrics"], model["card"]) == ("rules", None, None, None)
    assert model["degraded"]
    assert "The rules answer, since no model can" in model["note"]
    assert service.get("/healthz").status_code == 200


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda break_it: break_it.__name__)
def test_a_broken_champion_leaves_the_rules_to_answer(tmp_path: Path, break_it: Callable[[Path], None]) -> None:
    crown_model(tmp_path)
    break_it(tmp_path)
    with running(tmp_path) as service:
        check_rules_answer(service)


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    chance = np.random.default_rng(0)
    for name in ("manifest.json", "scorecard.npz", "card.md"):
        path = tmp_path / version / name
        whole = path.read_bytes()
        for place in chance.choice(len(whole), 5, replace=False):
            changed = bytearray(whole)
            changed[place] ^= 1 << chance.integers(8)
            path.write_bytes(changed)
            with running(tmp_path) as service:
                check_rules_answer(service)
        path.write_bytes(whole)
    with running(tmp_path) as service:
        assert service.predict(BODY)["versions"]["model"] == version


def test_the_champion_answers(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with running(tmp_path) as service:
        assert service.predict(BODY)["versions"]["model"] == version
        model = service.get("/v1/model").json()
        assert (model["version"], model["source"], model["card"]) == (version, "champion", CARD)
        assert model["thresholds"]["client"] == 0.6
        assert model["metrics"]["model"]["auroc"]["value"] == make_facts().metrics["model"]["auroc"].value
        ready = service.get("/readyz").json()
        assert (ready["status"], ready["model"], ready["note"]) == ("ok", version, model["note"])


def test_without_a_champion_the_starter_answers(tmp_path: Path) -> None:
    with running(tmp_path / "nothing") as service:
        model = service.get("/v1/model").json()
        assert (model["source"], model["degraded"]) == ("starter", False)
        assert "No champion" in model["note"]
        answer = service.predict(BODY)
        assert answer["decided_by"] == "model"
        assert answer["versions"]["model"] == model["version"]
        assert model["version"].startswith("starter-")
        assert service.get("/readyz").json()["status"] == "ok"


def test_another_champion_is_noticed(tmp_path: Path) -> None:
    first = crown_model(tmp_path)
    with running(tmp_path, champion_seconds=0.01) as service:
        answers = [service.predict(BODY)]
        second = crown_model(tmp_path, base=-0.4)
        answers.append(_wait_for(service, second))
        Shelf(tmp_path).crown(first)
        answers.append(_wait_for(service, first))
    assert [answer["versions"]["model"] for answer in answers] == [first, second, first]
    assert answers[0]["probability_client"] == answers[2]["probability_client"] != answers[1]["probability_client"]


def test_a_champion_that_breaks_and_is_mended_needs_no_restart(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with running(tmp_path, champion_seconds=0.01) as service:
        (tmp_path / "CHAMPION").write_text("nobody\n")
        _wait_for(service, None)
        check_rules_answer(service)
        (tmp_path / "CHAMPION").write_text(f"{version}\n")
        _wait_for(service, version)


def test_a_model_in_office_outlives_its_files(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with running(tmp_path, champion_seconds=0.01) as service:
        lose_the_scorecard(tmp_path)
        service.wait(0.1)
        assert service.predict(BODY)["versions"]["model"] == version


def test_a_model_asked_for_by_name(tmp_path: Path) -> None:
    crown_model(tmp_path)
    other = put_model(tmp_path, base=-0.4)
    with running(tmp_path, model=other) as service:
        assert service.predict(BODY)["versions"]["model"] == other
        assert service.get("/v1/model").json()["source"] == "named"
    with running(tmp_path, model="rules") as service:
        assert service.predict(BODY)["versions"]["model"] is None
        assert service.get("/readyz").json()["status"] == "ok"
    flip_a_byte(tmp_path / other / "scorecard.npz")
    with running(tmp_path, model=other) as service:
        check_rules_answer(service)
    with pytest.raises(BadInput, match="no model 'nobody'"), running(tmp_path, model="nobody"):
        pass


def test_a_rules_file_of_ones_own_answers(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "buys"\nwhen = "purchases >= 1"\nvote = "client"\nweight = 3.0\ntext = "It buys."\n'
    )
    with running(tmp_path, model="rules", rules=rules) as service:
        listed = service.get("/v1/rules").json()
        assert [rule["name"] for rule in listed["rules"]] == ["buys"]
        answer = service.predict(BODY)
        assert (answer["relationship"], answer["versions"]["rules"]) == ("client", listed["digest"])
    rules.write_text("[[rule]]\n")
    with pytest.raises(BadInput, match=r"rules\.toml"), running(tmp_path, rules=rules):
        pass


def _wait_for(service: Service, version: str | None) -> dict[str, object]:
    """The first answer of this version; every one until then is an answer, too."""
    for _ in range(500):
        answer = service.predict(BODY)
        if answer["versions"]["model"] == version:
            return answer
        service.wait(0.01)
    pytest.fail(f"{version} does not answer")
