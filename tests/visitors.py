"""Somebody at the desk's pages, without a browser: what it sends, and what it keeps."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.service import Service

HERE = "127.0.0.1:8000"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Visitor:
    """Sends what a browser sends from the desk's own pages, and keeps the session's cookie."""

    def __init__(self, service: Service, host: str = HERE) -> None:
        self.service = service
        self.headers = {"host": host, "sec-fetch-site": "same-origin", "x-request-id": "the-same"}
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, **headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        return self.send("POST", path, content=urlencode(form or {}), **(FORM | headers))

    def send(self, method: str, path: str, content: str | None = None, **headers: str) -> httpx.Response:
        known = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = self.headers | ({"cookie": known} if known else {})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.service.request(method, path, headers=given, content=content)
        self._keep(answer)
        # The caller keeps cookies too, which then are everybody's.
        self.service.forget_cookies()
        return answer

    def sign_in(self, key: str, **more: str) -> httpx.Response:
        return self.post("/desk/sign-in", {"key": key, **more})

    @property
    def signed_in(self) -> bool:
        return self.get("/desk/history").status_code == 200

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    import html

    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def actions(page: str) -> list[str]:
    """Where a page's forms are sent to."""
    return re.findall(r'<form[^>]* action="([^"]*)"', page)


def text_of(answer: httpx.Response) -> str:
    """What stands on a page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def seen(answer: httpx.Response) -> Any:
    """All that somebody gets to see of an answer: status, headers and each byte."""
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content
