"""Labels of a review desk, from its database or from a service that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from features.events import BadInput
from features.iso_times import micros_of
from rapport.opened import HOUR, opened
from reviews.desk import Desk
from reviews.schema import check_schema
from reviews.verdict import LabelGiven
from training.labelled.reviewed import DeskLabels

__all__ = ["fetch_labels"]

_SECONDS: Final = 30.0
_PAGE: Final = 1000


def fetch_labels(url: str, key: str | None) -> DeskLabels:
    """Return all labels of a desk.

    Parameters
    ----------
    url : str
        Of a database, `sqlite:///PATH` or `postgresql://…`; or of a service, `http://…` or `https://…`.
    key : str or None
        An API key for the service, of the role admin or review.

    Raises
    ------
    BadInput
        It cannot be reached, refuses, or is something else.
    """
    if re.match(r"https?://", url):
        _check_address(url)
        _check_key(key)
        return _from_service(url.rstrip("/"), key)
    with opened(url, HOUR, named_by="--labels-from") as database:
        check_schema(database)
        desk = Desk(database)
        return DeskLabels(list(_pages(desk)), desk.labellers())


def _pages(desk: Desk) -> Iterator[LabelGiven]:
    after = 0
    while page := desk.labels(after, _PAGE):
        yield from page
        after = page[-1].seq


def _from_service(url: str, key: str | None) -> DeskLabels:
    given: list[LabelGiven] = []
    reviewers: set[str] = set()
    query = {"limit": str(_PAGE)}
    while True:
        said = _ask(f"{url}/v1/labels?{urlencode(query)}", key)
        try:
            page = [_label(each, len(given) + i) for i, each in enumerate(said["labels"])]
            query["after"] = said["cursor"]
            reviewers.update(said.get("reviewers", ()))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadInput(f"{url} answers something else than labels: is it the address of Rapport?") from None
        if not page:
            return DeskLabels(given, reviewers)
        given += page


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not url.isprintable() or " " in url:
        raise BadInput(f"{url!r} is no address: --labels-from takes one such as https://rapport.example.com:8000.")


def _check_key(key: str | None) -> None:
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        raise BadInput(
            "What --key or RAPPORT_KEY gives is no key: one begins with rpt_ and has neither blanks, line ends nor "
            "other letters than Latin ones."
        )


class _NoRedirect(HTTPRedirectHandler):
    """Follows nobody elsewhere: the key is for the address that was given."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = build_opener(_NoRedirect)


def _ask(url: str, key: str | None) -> Any:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        with _OPENER.open(Request(url, headers=headers), timeout=_SECONDS) as answer:  # noqa: S310 - http, as was checked
            return json.load(answer)
    except HTTPError as error:
        with error:
            raise BadInput(f"{url} answers {error.code}: {_refusal(error, key)}.") from None
    except (URLError, OSError) as error:
        raise BadInput(f"{url} cannot be reached ({getattr(error, 'reason', error)}).") from error
    except HTTPException as error:
        raise BadInput(f"{url} does not speak HTTP, or broke off: is it the address of Rapport?") from error
    except ValueError:
        raise BadInput(f"{url} does not answer in JSON: is it the address of Rapport?") from None


def _refusal(error: HTTPError, key: str | None) -> str:
    """Say why a service refuses, and what to do."""
    if error.code in _ELSEWHERE:
        place = error.headers.get("Location") or "another address"
        return f"it sends on to {place!r}, where the key is not sent; if that is Rapport, give its address"
    if error.code == _UNAUTHORIZED and key is not None:
        return "it does not know this key, or the key was revoked; `rapport keys list` shows those that stand"
    return _REFUSALS.get(error.code, error.reason)


_ELSEWHERE: Final = range(300, 400)
_UNAUTHORIZED: Final = 401
_REFUSALS: Final = {
    401: "it wants an API key; give one with --key or RAPPORT_KEY",
    403: "this key may not read labels; use one of the role admin or review",
    404: "it knows no labels; use the address of a Rapport that has a review desk",
}


def _label(said: dict[str, Any], number: int) -> LabelGiven:
    return LabelGiven(
        seq=number,
        account_id=said["account_id"],
        relationship=said["relationship"],
        labelled_at=micros_of(said["labelled_at"]),
        given_at=micros_of(said["given_at"]),
        labeller=said["labeller"],
        inclusion=said["inclusion"],
    )
