"""The page that the `type` of every error points to: `GET /errors`."""

from __future__ import annotations

import sys

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from serving.outcomes import OUTCOMES

__all__ = ["errors_page", "reference_routes"]

_HEAD = """# Errors

Every answer that is not a success is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

```json
{"type": "/errors#invalid-event", "title": "An event does not fit.", "status": 422,
 "detail": "1 place does not fit: see errors.",
 "errors": [{"pointer": "/events/1/kind", "detail": "expected one of purchase, refund, …"}]}
```

`type` is stable: program against it. `errors` names each place, by a JSON pointer into the body or by a query
parameter, and what was expected there. What was found there is left out: errors end up in logs, and it may be an
account's data. `request_id` is the answer's header `X-Request-ID`, which the service's log names too; a caller may send
one of its own. The service gives this page at `/errors`.
"""


def errors_page() -> str:
    """Return docs/errors.md."""
    sections = (
        f"## {outcome.name}\n\n**{outcome.status}** · {outcome.title}\n\n{outcome.remedy}\n"
        for outcome in OUTCOMES.values()
    )
    return "\n".join([_HEAD, *sections])


def reference_routes() -> APIRouter:
    """Make the routes of the page."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/errors")
    async def errors() -> PlainTextResponse:
        return PlainTextResponse(errors_page(), media_type="text/markdown")

    return routes


if __name__ == "__main__":
    sys.stdout.write(errors_page())
