"""From a matplotlib figure to an SVG that lives inside a page: its colours, its letters, its own names.

The report of a training and the review desk draw with it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BASE",
    "CLIENT",
    "CUSTOMER",
    "FAINT",
    "GRID",
    "GROUND",
    "INK",
    "MODEL",
    "RULES",
    "YARDSTICK",
    "Plot",
    "draw",
    "drawing",
    "signed",
]

GROUND: Final = "#fefefe"
INK: Final = "#1d2733"
FAINT: Final = "#5f6b7a"
GRID: Final = "#d9dee5"
MODEL: Final = "#1f5fae"
RULES: Final = "#b4571d"
BASE: Final = "#7c8694"
YARDSTICK: Final = "#5b6b7d"
CLIENT: Final = "#0b7a6f"
CUSTOMER: Final = "#8b4aa8"

_ROLES: Final = {
    GROUND: "ground",
    INK: "ink",
    FAINT: "faint",
    GRID: "grid",
    MODEL: "model",
    RULES: "rules",
    BASE: "base",
    YARDSTICK: "yardstick",
    CLIENT: "client",
    CUSTOMER: "customer",
}
"""The page's own name of each colour, so that it can be another one in the dark."""

_DARK: Final = {
    "ground": "#191f26",
    "ink": "#e4e8ee",
    "faint": "#a2aebc",
    "grid": "#29313a",
    "model": "#6ea8ee",
    "rules": "#e8935a",
    "base": "#8f9aa8",
    "yardstick": "#a3b1c2",
    "client": "#45c2b1",
    "customer": "#c58be0",
}
"""The same in the dark."""

_LETTERS: Final = "system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Noto Sans,Liberation Sans,Arial,sans-serif"
"""Of an image, which knows nothing of the page that it stands on."""

_SETTINGS: Final = {
    # Text stays text: it can be found, read aloud and set in the page's own letters.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib; what it measures is as wide as any page's letters
    "font.size": 9.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": FAINT,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "path.simplify": True,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot for a page.

    Attributes
    ----------
    name : str
        Letters and dashes, unique within the page.
    title, description : str
        What it shows and what there is to see, for those who do not see it.
    svg : Markup
        Without a reference to anything outside.
    """

    name: str
    title: str
    description: str
    svg: Markup

    @property
    def file(self) -> bytes:
        """The same as a file of its own, which has to say what it is."""
        return str(self.svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()

    @property
    def image(self) -> bytes:
        """The same as an image for a page that is light or dark as its reader's system is."""
        dark = ";".join(f"--{role}:{colour}" for role, colour in _DARK.items())
        style = f"<style>:root{{font-family:{_LETTERS}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}</style>"
        begin, end, rest = self.file.partition(b"<title")
        return begin + style.encode() + end + rest


@contextmanager
def drawing() -> Iterator[None]:
    """Set matplotlib as the page's plots need it while figures are made and written, and back again afterwards."""
    import matplotlib as mpl

    with mpl.rc_context(cast("Any", _SETTINGS)):
        yield


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign, a minus as wide as a plus.

    Examples
    --------
    >>> signed(-0.5), signed(0.25)
    ('−0.50', '+0.25')
    """
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")  # adding 0 makes -0 the same as 0


def draw(figure: Figure, name: str, title: str, description: str) -> Plot:
    """Write a figure as an SVG for inlining.

    The same figure gives the same bytes: no clock, and names that hash what they name.

    Parameters
    ----------
    figure : Figure
        Made, and now written, under `drawing`.
    name, title, description : str
        See `Plot`.

    Returns
    -------
    Plot
    """
    import matplotlib as mpl

    content = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = _inline(content.getvalue(), name, title, description)
    return Plot(name, title, description, Markup(svg))  # noqa: S704 - title and description are escaped there


def _inline(svg: str, name: str, title: str, description: str) -> str:
    box = re.search(r'viewBox="([^"]+)"', svg)
    if box is None:
        raise RuntimeError("matplotlib wrote an SVG without a viewBox: report this, with its version.")
    inner = svg[svg.index(">", svg.index("<svg")) + 1 :].strip()
    inner = re.sub(r"<metadata>.*?</metadata>", "", inner, flags=re.DOTALL)
    inner = re.sub(r"<!--.*?-->\s*", "", inner, flags=re.DOTALL)
    inner = re.sub(r"\s*\n\s*", "\n", inner)
    inner = re.sub(r" font-family: [^;\"]*;?| font: (?=\d)", lambda found: " font: " * ("font:" in found[0]), inner)
    # Several drawings share one page: names are made unique, and point within the page alone.
    inner = re.sub(r'\bid="', f'id="{name}-', inner)
    inner = re.sub(r"url\(#", f"url(#{name}-", inner)
    inner = re.sub(r'xlink:href="#', f'href="#{name}-', inner)
    for colour, role in _ROLES.items():
        inner = inner.replace(colour, f"var(--{role}, {colour})")
    return (
        f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>{inner}'
    )
