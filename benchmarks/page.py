"""Pages of figures: a section of each comparison, which a later run of it replaces."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["ROOT", "commit", "printed", "put_section"]

ROOT = Path(__file__).resolve().parent.parent


def put_section(out: Path, heading: str, lines: Sequence[str]) -> None:
    """Put a section in the place of the one of that heading that a page has, else at its end."""
    page = out.read_text(encoding="utf-8") if out.is_file() else ""
    section = "\n".join((heading, "", *lines)).rstrip() + "\n"
    there = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if there.search(page):
        page = there.sub(lambda found: section + ("\n" if found.end() < len(page) else ""), page, count=1)
    else:
        page = (page.rstrip() + "\n\n" if page else "") + section
    out.write_text(page, encoding="utf-8")


def printed(command: str) -> str:
    """Say by what, when, where and at which commit a section was printed, since it may not be as old as its page."""
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"Printed by `{command}` on {datetime.now(UTC).date()} at commit `{commit()}` ({where}).\n"


def commit() -> str:
    """Return the commit that is checked out, and whether anything but the pages was changed since."""
    there = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{there}-dirty" if changed else there or "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()
