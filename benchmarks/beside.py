"""A picture of contenders side by side: how long each takes, and how much memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models.drawing import MODEL, YARDSTICK, draw, drawing


class Contender(NamedTuple):
    """What a contender took: seconds, and its peak memory in MB; ours is the first of each race."""

    name: str
    seconds: float
    peak: int


def draw_contenders(found: Mapping[str, Sequence[Contender]], n_events: int) -> bytes:
    """Draw a row of bars for each race, time on the left and memory on the right."""
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(9.2, 1.5 * len(found) + 0.4), layout="constrained")
        rows = figure.subplots(len(found), 2, sharex="col", sharey="row", squeeze=False)
        for pair, (order, contenders) in zip(rows, found.items(), strict=True):
            names = [contender.name for contender in contenders]
            colours = [MODEL, *[YARDSTICK] * (len(contenders) - 1)]
            times = [contender.seconds for contender in contenders]
            peaks = [contender.peak / 1000 for contender in contenders]
            for axes, values, digits in zip(pair, (times, peaks), (1, 2), strict=True):
                bars = axes.barh(names, values, height=0.66, color=colours)
                axes.bar_label(bars, fmt=f"%.{digits}f", padding=3, fontsize=8.5)
                axes.margins(x=0.12)
                axes.tick_params(axis="y", length=0)
            pair[0].invert_yaxis()
            pair[0].set_title(f"{n_events / 1e6:g} million events, {order}", loc="left", fontsize=9.5)
        rows[-1][0].set_xlabel("seconds")
        rows[-1][1].set_xlabel("peak memory, GB")
        told = "Rapport is the first bar of each race; the shorter, the better."
        return draw(figure, "contenders", "Time and memory of each contender", told).image
