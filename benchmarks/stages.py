"""Where the time of one request goes: each stage timed by itself, for one account and for as many as sit together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter, time_ns
from typing import Any

from rich.console import Console
from rich.table import Table

from features.request import log_of_many
from features.table import signals_matrix
from models.policy import decide
from models.rules import RuleBook
from models.shelf import choose
from reviews.record import pack
from serving.answering.answers import begin_answer
from serving.answering.body import parse_body
from serving.answering.identities import Identities
from serving.answering.judgement import Judged, judge
from serving.answering.question import read_question
from serving.answering.record import record_of
from serving.answering.schemas import request_form
from serving.answering.wanted import Wanted

TOGETHER = 20
"""Requests that are heard together, about, where 64 connections ask all the time."""


def show_stages(console: Console, store: Path, bodies: Sequence[Mapping[str, Any]], rates: Mapping[str, float]) -> None:
    """Print what each stage takes an account, and what is left of a request's time for HTTP and the rest."""
    texts = [json.dumps(body).encode() for body in bodies[:TOGETHER]]
    alone, together = _stages(store, texts[:1]), _stages(store, texts)
    table = Table(title="Where a request's time goes: µs an account", title_justify="left")
    for column in ("stage", "alone", f"{TOGETHER} together"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, seconds in alone.items():
        table.add_row(stage, f"{seconds * 1e6:.1f}", f"{together[stage] * 1e6:.1f}")
    kept = {"record", "evidence, where kept (in the writer's thread)"}
    table.add_row(
        "sum, not recorded", *(f"{1e6 * sum(t for s, t in x.items() if s not in kept):.0f}" for x in (alone, together))
    )
    console.print(table)
    for name, rate in rates.items():
        console.print(f"{name}: {1e6 / rate:.0f} µs a request under load, HTTP and all")


def _stages(store: Path, texts: Sequence[bytes]) -> dict[str, float]:
    form, rules, model, wanted = request_form(10_000), RuleBook.default(), choose(None, store).model, Wanted()
    now = time_ns() // 1000
    questions = [read_question(text, form) for text in texts]
    accounts, events = [each.account for each in questions], [each.events for each in questions]
    records = questions[0].records
    log = log_of_many(accounts, events, records).log
    signals = signals_matrix(log.at(now))
    decisions = decide(signals, rules, model)
    judged = [each for each in judge(questions, rules, model, now) if isinstance(each, Judged)]
    identity = Identities().make(now)
    pairs = list(zip(questions, judged, strict=True))
    work: dict[str, Callable[[], object]] = {
        "JSON to dictionaries, validated": lambda: [parse_body(text, form) for text in texts],
        "events to columns": lambda: log_of_many(accounts, events, records),
        "columns to signals": lambda: signals_matrix(log.at(now)),
        "signals to decisions": lambda: decide(signals, rules, model),
        "decisions and reasons in words": decisions.decisions,
        "answer to JSON": lambda: [begin_answer("a", str(identity), each, wanted) for each in judged],
        "record": lambda: [
            record_of(identity, each, its, None, bytes(32), 0.0) for each, its in pairs if its.decision.route == "auto"
        ],
        "evidence, where kept (in the writer's thread)": lambda: [pack(text) for text in texts],
    }
    return {stage: _time(do) / len(texts) for stage, do in work.items()}


def _time(work: Callable[[], object]) -> float:
    """Return what a call takes where nothing else gets in its way: the fifth part of the quickest."""
    times = []
    for _ in range(200):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return sorted(times)[len(times) // 5]
