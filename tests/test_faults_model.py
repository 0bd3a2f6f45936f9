"""The model is missing, damaged or replaced while callers ask: no request fails, and each is one version's answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.fingerprint import fingerprint
from features.signals import SIGNAL_NAMES
from models.policy import decide
from models.rules import RuleBook
from models.shelf import Shelf
from tests.acknowledged import check_kept, check_statuses
from tests.load import Asked, Load, Process, fetch, loaded, predict
from tests.service import put_model

Start = Callable[..., Process]
LOOK = 0.1
QUICK = {"champion_seconds": LOOK, "record_seconds": 5}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose_it(bundle: Path) -> None:
    bundle.rename(bundle.with_name(f".{bundle.name}"))


def flip_its_scorecard(bundle: Path) -> None:
    flip(bundle / "scorecard.npz")


def flip_its_manifest(bundle: Path) -> None:
    flip(bundle / "manifest.json")


def cut_its_scorecard(bundle: Path) -> None:
    path = bundle / "scorecard.npz"
    path.write_bytes(path.read_bytes()[:100])


def keep_it(bundle: Path) -> None:
    """Its fingerprint is broken already."""


def strange() -> dict[str, Any]:
    """The fingerprint of code that measures another spend."""
    stored = fingerprint()
    first, *others = stored["spend"]
    return stored | {"spend": (None if first is not None else 1.0, *others)}


BREAKS: list[tuple[Callable[[Path], None], dict[str, Any]]] = [
    (lose_it, {}),
    (flip_its_scorecard, {}),
    (flip_its_manifest, {}),
    (cut_its_scorecard, {}),
    (keep_it, {"stored": strange()}),
]


async def in_office(process: Process, version: str | None, degraded: bool = False) -> float:
    """Wait until it answers; how long that took."""
    begun, content = time.monotonic(), {}
    while time.monotonic() - begun < 30:
        answer = await fetch(process.port, "/readyz")
        assert answer.status == 200, "it serves, however degraded"
        content = answer.content
        if content["model"] == version and (content["parts"]["model"]["status"] == "degraded") == degraded:
            return time.monotonic() - begun
        await asyncio.sleep(0.01)
    pytest.fail(f"{version} does not come into office: {content}")


async def break_and_mend(process: Process, store: Path, sound: str) -> Load:
    """Each time another broken model is crowned, then the sound one again."""
    async with loaded(process.port, pause=0.01) as load:
        await load.more(10)
        for base, (break_it, given) in enumerate(BREAKS):
            broken = put_model(store, base=1.0 + base, **given)
            break_it(store / broken)
            (store / "CHAMPION").write_text(f"{broken}\n")
            await in_office(process, None, degraded=True)
            await load.more(10)
            answered = [prediction for answer in await load.more(10) for prediction in answer.predictions]
            assert answered[-1]["decided_by"] == "rules"
            Shelf(store).crown(sound)
            await in_office(process, sound)
            await load.more(10)
    return load


def test_a_broken_champion_costs_no_request(start_service: Start, sqlite_url: str, tmp_path: Path) -> None:
    process = start_service(sqlite_url, **QUICK)
    sound = Shelf(tmp_path / "store").champion()
    assert sound is not None
    load = asyncio.run(break_and_mend(process, tmp_path / "store", sound))
    assert not load.unanswered
    check_statuses(load)
    versions = {prediction["versions"]["model"] for prediction in load.predictions}
    assert versions == {sound, None}, "no broken model ever answers"
    assert process.end() == 0
    check_kept(sqlite_url, load)


def with_signals() -> Iterator[Asked]:
    """Requests that are told what was judged, so that it can be judged again."""
    while True:
        asked = predict()
        yield replace(asked, path=f"{asked.path}?signals=true&reasons=all")


async def swap(process: Process, shelf: Shelf, versions: list[str], times: int) -> tuple[Load, list[float]]:
    waits = []
    async with loaded(process.port, with_signals, pause=0.005) as load:
        for turn in range(times):
            version = versions[turn % len(versions)]
            shelf.crown(version)
            waits.append(await in_office(process, version))
            await load.more(5)
    return load, waits


def check_consistent(load: Load, shelf: Shelf) -> dict[str, int]:
    """Each answer is what its version says of its signals, probability and reasons alike; how many of each."""
    rules, answers = RuleBook.default(), defaultdict(list)
    for answer in load.predictions:
        answers[answer["versions"]["model"]].append(answer)
    for version, given in answers.items():
        signals = [[answer["signals"][name] for name in SIGNAL_NAMES] for answer in given]
        decided = decide(np.array(signals, dtype=np.float64), rules, shelf.load(version).model)
        for i, answer in enumerate(given):
            decision = decided.decision(i, None)
            assert answer["probability_client"] == decision.probability_client
            assert answer["base_log_odds"] == decision.base
            assert [reason["log_odds"] for reason in answer["reasons"]] == [each.log_odds for each in decision.reasons]
            assert answer["route"] == decision.route
    return {version: len(given) for version, given in answers.items()}


def swap_under_load(process: Process, store: Path, times: int) -> str:
    """Replace the champion again and again; what happened, in figures."""
    first = Shelf(store).champion()
    assert first is not None
    versions = [put_model(store, base=-0.7), put_model(store, base=1.4), first]
    load, waits = asyncio.run(swap(process, Shelf(store), versions, times))
    assert not load.unanswered
    check_statuses(load)
    counted = check_consistent(load, Shelf(store))
    assert counted.keys() == set(versions)
    return (
        f"{times} swaps: {len(load.answers)} answers, none failed, of {json.dumps(counted)}; a new champion answered "
        f"after {np.mean(waits):.2f} s on average, {max(waits):.2f} s at most"
    )


def test_each_answer_is_one_versions(start_service: Start, sqlite_url: str, tmp_path: Path) -> None:
    swap_under_load(start_service(sqlite_url, **QUICK), tmp_path / "store", 6)


@pytest.mark.slow
def test_fifty_swaps_cost_no_request(
    start_service: Start, sqlite_url: str, tmp_path: Path, told: Callable[[str], None]
) -> None:
    """With the pace at which the service looks by default: a new champion answers within two seconds."""
    process = start_service(sqlite_url)
    told(swap_under_load(process, tmp_path / "store", 50))
    assert process.end() == 0
