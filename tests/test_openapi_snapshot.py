"""The description that callers have generated their clients from changes only on purpose."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from serving.describing.snapshot import snapshot

PAGE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def test_the_description_is_the_frozen_one() -> None:
    frozen, now = PAGE.read_text(encoding="utf-8"), snapshot()
    difference = list(difflib.unified_diff(frozen.splitlines(), now.splitlines(), "docs/openapi.json", "now", n=2))
    assert not difference, (
        "What the API promises has changed:\n\n"
        + "\n".join(difference[:60])
        + "\n\nIf that is meant, accept it with 'make docs' and say it under API in CHANGELOG.md. A field or a "
        "parameter that goes, or means something else, breaks callers."
    )
    # Read by people: what has changed must show line by line.
    assert json.loads(frozen)["openapi"].startswith("3.1")
