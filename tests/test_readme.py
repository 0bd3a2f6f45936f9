"""The README's request gives the README's answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from serving.describing.examples import REQUESTS
from tests.service import running

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_its_request_gives_its_answer(tmp_path: Path) -> None:
    asked = re.search(r"predictions(\?\S*)' .*? -d '(.*?)'\n", README, re.DOTALL)
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert asked
    assert shown
    body = json.loads(asked[2])
    assert body == REQUESTS["events"]["value"]
    with running(tmp_path) as service:
        answer = rounded(json.dumps(service.predict(body, asked[1])))
    assert answer == rounded(shown[1]) | {name: answer[name] for name in ("id", "decided_at")}


def rounded(text: str) -> dict[str, Any]:
    """Read JSON as far as processors agree: exp and log differ in the last bits."""
    content: dict[str, Any] = json.loads(text, parse_float=lambda number: round(float(number), 9))
    return content
