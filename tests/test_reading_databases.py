"""Reading and erasing on either database."""

from __future__ import annotations

from pathlib import Path

from tests.reading import quoted
from tests.service import running

ODD = "Müller & Söhne/Ⅲ\t?#%2F"
BODY = {"account": {"account_id": ODD}, "signals": {"events": 5, "retainer_active": 1}}


def test_what_was_answered_is_read_followed_and_erased(tmp_path: Path, database_url: str) -> None:
    patience = {"database_seconds": 60.0, "record_seconds": 60.0}
    with running(tmp_path, model="rules", database=database_url, **patience) as service:
        first, second = (service.predict(BODY, "?reasons=all&signals=true") for _ in range(2))
        read = service.get(f"/v1/predictions/{first['id']}?reasons=all").json()
        assert {name: read[name] for name in first} == first
        address = f"/v1/accounts/{quoted(ODD)}"
        listed = service.get(f"{address}/predictions?limit=1").json()
        assert [each["id"] for each in listed["predictions"]] == [second["id"]]
        rest = service.get(f"{address}/predictions?before={listed['next']}").json()
        assert ([each["id"] for each in rest["predictions"]], rest["next"]) == ([first["id"]], None)
        changes = service.get("/v1/changes").json()
        assert [(each["account_id"], each["prediction_id"]) for each in changes["changes"]] == [(ODD, second["id"])]
        assert service.get(f"/v1/changes?after={changes['cursor']}").json() == {
            "changes": [],
            "cursor": changes["cursor"],
        }
        assert service.request("DELETE", address, params={"reason": "asked"}).status_code == 200
        (gone,) = service.get(f"/v1/changes?after={changes['cursor']}").json()["changes"]
        assert (gone["account_id"], gone["erased"], gone["relationship"]) == (ODD, True, None)
        for path in (f"{address}/predictions", f"/v1/predictions/{first['id']}"):
            assert service.get(path).status_code == 410
        # No database is asked about what none can hold.
        for nobody in ("%00", "%20", "x" * 201, "%ED%A0%80"):
            assert service.get(f"/v1/accounts/{nobody}/predictions").status_code == 404
