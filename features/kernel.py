"""The kernel: from sorted events to signals, account by account; numba compiles it (:mod:`features.compiled`).

A loop over events with one account's state at hand is what this job is; in numpy it is a hundred calls an account,
most of them on a handful of numbers. Compiled without fast-math, an account goes through the same instructions in the
same order whether it comes alone or among millions, so the bits agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np

from features.measures import DAY, LAYOUT, MONTH_DAYS, N_MEASURES, WINDOWS
from features.recurrence import count_yearly, note_day
from features.slots import KIND_NAMES, KIND_OF_SLOT, N_SLOTS, slots_of

__all__ = ["NEVER", "fill_signals"]

NEVER: Final = int(np.iinfo(np.int64).min)
"""A missing time among microseconds, as numpy's NaT."""

Jit = Callable[[Callable[..., Any]], Callable[..., Any]]
_jit: Jit = numba.njit(error_model="numpy")

_SHORT, _LONG = (days * DAY for days in WINDOWS if days is not None)
_EVER = 2 * N_SLOTS
_KINDS = len(KIND_NAMES)
_CONTRACT, _DEAL = KIND_NAMES.index("contract"), KIND_NAMES.index("deal")
_PURCHASE, _FEEDBACK = KIND_NAMES.index("purchase"), KIND_NAMES.index("feedback")
_CONTRACTS = (slots_of("contract").start, slots_of("contract").stop)
_PURCHASES = (slots_of("purchase").start, slots_of("purchase").stop)

# Numba takes integers as constants of the program, but no dict.
_COUNT, _TOTAL, _PRICED, _IN_FORCE = (LAYOUT[b] for b in ("count", "total", "priced", "in_force"))
_DAYS_WITH, _GAPS, _GAP_TOTAL = (LAYOUT[b] for b in ("days_with", "gaps", "gap_total"))
_GAP_SPREAD, _GAP_LONGEST, _DAYS_SINCE = (LAYOUT[b] for b in ("gap_spread", "gap_longest", "days_since"))
_ENDED, _DURATION, _DURATION_LONGEST = (LAYOUT[b] for b in ("ended", "duration", "duration_longest"))
_OPEN, _YEARLY = LAYOUT["open"], LAYOUT["yearly"]
_VALUED, _VALUE, _RENEWALS = (LAYOUT[b] for b in ("valued", "value_in_force", "renewals"))
_LARGEST, _SCORED, _SCORE_TOTAL = (LAYOUT[b] for b in ("largest", "scored", "score_total"))
_CONTACTS, _CONTACTS_LONG = LAYOUT["contacts"], LAYOUT["contacts_365d"]
_FIRST, _LAST, _MONTHS, _KNOWN = (LAYOUT[b] for b in ("first_days", "last_days", "active_months", "months_known"))
_ORGANISATION, _OWNER, _OWNER_DAYS = (LAYOUT[b] for b in ("is_organisation", "has_owner", "owner_days"))


@_jit
def _clear(row, latest, squares):
    row[:] = 0.0
    row[_DAYS_SINCE : _DAYS_SINCE + _KINDS] = np.nan
    row[_FIRST] = np.nan
    row[_LAST] = np.nan
    latest[:] = -1
    squares[:] = 0.0


@_jit
def _count(row, slot, age, amount):
    """Count the event and add its amount in each window that it falls into."""
    priced = not np.isnan(amount)
    row[_COUNT + _EVER + slot] += 1.0
    if priced:
        row[_TOTAL + _EVER + slot] += amount
        row[_PRICED + slot] += 1.0
    if age > _LONG:
        return
    row[_COUNT + N_SLOTS + slot] += 1.0
    row[_TOTAL + N_SLOTS + slot] += amount if priced else 0.0
    if age <= _SHORT:
        row[_COUNT + slot] += 1.0
        row[_TOTAL + slot] += amount if priced else 0.0


@_jit
def _keep_time(row, kind, age, latest, squares):
    """Follow the days and gaps of the kind, and the months of the account; events come in order of time."""
    day, month = age // DAY, age // (MONTH_DAYS * DAY)
    before = latest[kind]
    if before != day:
        row[_DAYS_WITH + kind] += 1.0
        if before >= 0:
            gap = float(before - day)
            row[_GAPS + kind] += 1.0
            row[_GAP_TOTAL + kind] += gap
            row[_GAP_LONGEST + kind] = max(row[_GAP_LONGEST + kind], gap)
            squares[kind] += gap * gap
        latest[kind] = day
    days = age / DAY
    row[_DAYS_SINCE + kind] = days
    row[_LAST] = days
    if np.isnan(row[_FIRST]):
        row[_FIRST] = days
        row[_KNOWN] = month + 1.0
    if latest[_KINDS] != month:
        row[_MONTHS] += 1.0
        latest[_KINDS] = month


@_jit
def _agree(row, slot, kind, begins, ends, amount, as_of):
    """Follow a contract, whose end is planned from the start, or a deal, whose end is unknown until it has come."""
    if kind == _CONTRACT:
        known = ends != NEVER
        if not known or ends > as_of:
            row[_IN_FORCE + slot] = 1.0
            if not np.isnan(amount):
                row[_VALUED] += 1.0
                row[_VALUE] += amount
    else:
        known = NEVER < ends < as_of
        row[_OPEN] += 0.0 if known else 1.0
    if known:
        days = (ends - begins) / DAY
        row[_ENDED + kind] += 1.0
        row[_DURATION + kind] += days
        row[_DURATION_LONGEST + kind] = max(row[_DURATION_LONGEST + kind], days)


@_jit
def _rate(row, score):
    if not np.isnan(score):
        row[_SCORED] += 1.0
        row[_SCORE_TOTAL] += score


@_jit
def _distinct(values, n):
    """Count the distinct ones among the first n values."""
    if n == 0:
        return 0.0
    part = values[:n]
    part.sort()
    found = 1.0
    for i in range(1, n):
        if part[i] != part[i - 1]:
            found += 1.0
    return found


@_jit
def _finish(row, squares):
    """Derive what is known only after the last event."""
    for kind in range(_KINDS):
        total = row[_GAP_TOTAL + kind]
        # Whole days add up without rounding, so the difference cannot come out negative.
        row[_GAP_SPREAD + kind] = np.sqrt(row[_GAPS + kind] * squares[kind] - total * total)
    for slot in range(_CONTRACTS[0], _CONTRACTS[1]):
        row[_RENEWALS] += max(row[_COUNT + _EVER + slot] - 1.0, 0.0)
    bought, priced = 0.0, 0.0
    for slot in range(_PURCHASES[0], _PURCHASES[1]):
        bought += row[_COUNT + _EVER + slot]
        priced += row[_PRICED + slot]
    if bought > 0.0 and priced == 0.0:
        # It bought, but at prices that nobody wrote down: its spend is unknown, not 0.
        for window in range(3):
            start = _TOTAL + window * N_SLOTS
            row[start + _PURCHASES[0] : start + _PURCHASES[1]] = np.nan


@_jit
def _state_facts(row, is_organisation, has_owner, owner_since, as_of):
    row[_ORGANISATION] = is_organisation
    row[_OWNER] = has_owner
    row[_OWNER_DAYS] = np.nan
    if owner_since >= as_of:
        # An owner who came later is none yet.
        row[_OWNER] = 0.0
    elif owner_since != NEVER and has_owner != 0.0:
        row[_OWNER_DAYS] = (as_of - owner_since) / DAY


@_jit
def _form(row, plan, signals):
    """Form each signal: measures added up, perhaps divided."""
    parts, part_ends, wholes, whole_ends, divides = plan
    at, of = 0, 0
    for j in range(len(signals)):
        part, whole = 0.0, 0.0
        empty = at == part_ends[j]
        while at < part_ends[j]:
            part += row[parts[at]]
            at += 1
        single = of == whole_ends[j]
        while of < whole_ends[j]:
            whole += row[wholes[of]]
            of += 1
        if empty or not (single or whole > 0.0):
            signals[j] = np.nan
        else:
            signals[j] = part / whole if divides[j] else part


@_jit
def _add_events(row, first, stop, as_of, events, latest, squares, seen):
    """Go through an account's events, in order of time, as far as they are known at `as_of`."""
    slots, occurred, recorded, ends, amounts, scores, contacts = events
    people, deal_days = seen[:2], seen[2]
    named, recent, opened = 0, 0, 0
    for i in range(first, stop):
        if occurred[i] >= as_of:
            break
        if len(recorded) and recorded[i] >= as_of:
            continue
        slot, age = slots[i], as_of - occurred[i]
        kind = KIND_OF_SLOT[slot]
        amount = amounts[i] if len(amounts) else np.nan
        _count(row, slot, age, amount)
        _keep_time(row, kind, age, latest, squares)
        if kind in (_CONTRACT, _DEAL):
            _agree(row, slot, kind, occurred[i], ends[i] if len(ends) else NEVER, amount, as_of)
            opened = note_day(deal_days, opened, age // DAY) if kind == _DEAL else opened
        elif kind == _FEEDBACK and len(scores):
            _rate(row, scores[i])
        elif kind == _PURCHASE:
            row[_LARGEST] = np.fmax(row[_LARGEST], amount)
        if len(contacts) and contacts[i] >= 0:
            people[0, named], people[1, recent] = contacts[i], contacts[i]
            named += 1
            recent += age <= _LONG
    row[_CONTACTS] = _distinct(people[0], named)
    row[_CONTACTS_LONG] = _distinct(people[1], recent)
    row[_YEARLY] = count_yearly(deal_days, opened)


@_jit
def fill_signals(offsets, as_of, events, facts, plan, signals):
    """Fill `signals`, a row an account; `offsets` bound each account's events."""
    longest = 0
    for a in range(len(as_of)):
        longest = max(longest, offsets[a + 1] - offsets[a])
    seen = np.empty((3, longest), np.int64)
    row = np.empty(N_MEASURES)
    latest, squares = np.empty(_KINDS + 1, np.int64), np.empty(_KINDS)
    is_organisation, has_owner, owner_since = facts
    for a in range(len(as_of)):
        _clear(row, latest, squares)
        _add_events(row, offsets[a], offsets[a + 1], as_of[a], events, latest, squares, seen)
        _finish(row, squares)
        _state_facts(row, is_organisation[a], has_owner[a], owner_since[a], as_of[a])
        _form(row, plan, signals[a])
