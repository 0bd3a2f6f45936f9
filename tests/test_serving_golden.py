"""The golden cases and the tables of signals, through the API."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from tests.golden import Case, load_cases
from tests.service import Service, running
from tests.spec import Spec, load_specs


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


@pytest.mark.parametrize("case", list(load_cases()), ids=lambda case: case.name)
def test_the_articles_examples(service: Service, case: Case) -> None:
    answer = service.predict(case.body)
    assert answer["decided_by"] == "rules"
    assert case.accepts(answer["relationship"], answer["route"]), answer
    for name in case.expected.keys() - {"relationship"}:
        assert answer[name] == case.expected[name], name


@pytest.fixture(scope="module")
def judged(service: Service) -> dict[str, dict[str, float | None]]:
    """The signals of each case of the tables, each asked for once."""
    found: dict[str, dict[str, float | None]] = {}
    for spec in load_specs():
        if spec.case not in found:
            body = {"account": spec.account, "events": spec.events, "records": spec.records, "as_of": spec.as_of}
            found[spec.case] = service.predict(body, "?signals=true")["signals"]
    return found


@pytest.mark.parametrize("spec", list(load_specs()), ids=str)
def test_signal_is_what_its_spec_says(judged: dict[str, dict[str, float | None]], spec: Spec) -> None:
    value = judged[spec.case][spec.signal]
    if math.isnan(spec.expected):
        assert value is None, spec.why
    else:
        assert value == pytest.approx(spec.expected, rel=1e-12, abs=0), spec.why
