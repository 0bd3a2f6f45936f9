"""A simulated team of reviewers, who work at a real desk: claim, answer, look at what the machine says, think again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from reviews.answer import Answer, Opinion, Shown
from reviews.case import Case, CaseRefused, Filters
from reviews.database import Database
from reviews.desk import Desk
from reviews.keys import TOKEN_BYTES, new_key
from reviews.record import Record
from reviews.sample import AUDIT
from reviews.terms import HOUR
from reviews.value import ORDER
from reviews.verdict import LabelGiven

REVIEWERS = ("Ann", "Ben", "Cem", "Dora")
LEAD = "Eve"

SLIPS = 0.05
"""Share of the answers that are not what the account is."""

SURE = 0.9
"""From this confidence on a machine that says otherwise makes a reviewer look again, and find half of the slips."""

MINUTE = HOUR // 60

Choose = Callable[[str, int], Case | None]
"""From a reviewer and the time to the case that they are to look at."""


@dataclass(slots=True)
class Work:
    """What was done."""

    answers: int = 0
    revised: int = 0
    ruled: int = 0


@dataclass(eq=False)
class Team:
    """Reviewers and their lead, at one desk.

    Who slips at which account is drawn from the seed, the reviewer and the account, whoever chooses the account.

    Parameters
    ----------
    database : Database
    truth : mapping of str to str
        What each account is.
    seed : int
    slips : float
        Share of the answers.
    """

    database: Database
    truth: Mapping[str, str]
    seed: int
    slips: float = SLIPS
    work: Work = field(default_factory=Work)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.desk = Desk(self.database)
        ledger = self.database.ledger
        # What a database draws for itself is drawn from the seed here, so that the same figures come out again.
        for name in (AUDIT, ORDER, "second"):
            ledger.secret(name, lambda: rng.bytes(32))
        self.keys = {}
        for name in (*REVIEWERS, LEAD):
            key, _ = new_key("admin" if name == LEAD else "review", name, 0, rng.bytes(TOKEN_BYTES))
            ledger.add_key(key)
            self.keys[name] = key.id
        self._names = {key: name for name, key in self.keys.items()}
        self._turns = 0

    def labels(self, after: int = 0) -> Iterator[LabelGiven]:
        """Yield the labels that the desk gives, page by page as `rapport train --labels-from` reads them."""
        while page := self.desk.labels(after):
            yield from page
            after = page[-1].seq

    def work_until(self, n_labels: int, at: int, choose: Choose) -> int:
        """Answer cases in turn until the desk gives so many labels of clients and customers; return the time then."""
        idle = 0
        given, last = self._count(0)
        while given < n_labels and idle < len(REVIEWERS):
            at += MINUTE
            reviewer = self.keys[REVIEWERS[self._turns % len(REVIEWERS)]]
            self._turns += 1
            case = choose(reviewer, at)
            idle = idle + 1 if case is None else 0
            if case is not None:
                self._look(case, reviewer, at)
                more, last = self._count(last)
                given += more
        return at

    def _count(self, after: int) -> tuple[int, int]:
        found = list(self.labels(after))
        usable = sum(label.relationship != "prospect" for label in found)
        return usable, found[-1].seq if found else after

    def _look(self, case: Case, reviewer: str, at: int) -> None:
        said = self._says(case.account_id, reviewer)
        self.desk.answer(case.id, reviewer, Answer(said), at, Shown(case.prediction_id))
        self.work.answers += 1
        record = self.desk.reveal(case.id, reviewer)
        then = self._thinks_again(said, record, reviewer)
        if then != said and self.desk.case(case.id, reviewer).state != "lead":
            self.desk.revise(case.id, reviewer, Answer(then), at, Shown(case.prediction_id, record.relationship))
            self.work.revised += 1
        if self.desk.case(case.id, reviewer).state == "lead":
            ruling = Answer(self._says(case.account_id, self.keys[LEAD]))
            self.desk.rule(case.id, self.keys[LEAD], ruling, at, Shown(case.prediction_id))
            self.work.ruled += 1

    def _says(self, account_id: str, reviewer: str) -> Opinion:
        """Say what the account is, or now and then what it is not."""
        truth: Opinion = self.truth[account_id]  # type: ignore[assignment]
        if self._drawn(account_id, reviewer)[0] >= self.slips:
            return truth
        return "customer" if truth == "client" else "client"

    def _thinks_again(self, said: Opinion, record: Record, reviewer: str) -> Opinion:
        """Say what the account is once the machine has spoken."""
        doubts = record.relationship != said and record.confidence >= SURE
        notices = self._drawn(record.account_id, reviewer)[1] < 0.5
        return self.truth[record.account_id] if doubts and notices else said  # type: ignore[return-value]

    def _drawn(self, account_id: str, reviewer: str) -> Sequence[float]:
        rng = np.random.default_rng([self.seed, crc32(f"{self._names[reviewer]} {account_id}".encode())])
        return rng.random(2).tolist()  # type: ignore[no-any-return]


def first_in_queue(team: Team) -> Choose:
    """Choose as the desk does."""
    return team.desk.claim


class ByChance:
    """Chooses cases by chance, from all that wait: the rival of the desk's order.

    Parameters
    ----------
    team : Team
    labelled : frozenset of str
        Accounts that are left out, since there is a label of them.
    """

    def __init__(self, team: Team, labelled: frozenset[str]) -> None:
        self._desk = team.desk
        names = sorted(team.truth.keys() - labelled)
        self._names = np.random.default_rng(team.seed).permutation(np.array(names, dtype=object)).tolist()
        self._begun: list[Case] = []

    def __call__(self, reviewer: str, at: int) -> Case | None:
        """Claim a case that waits for its second reader, else the next account's."""
        for case in list(self._begun):
            try:
                return self._desk.claim_one(case.id, reviewer, at)
            except CaseRefused as refused:
                if refused.why == "settled":
                    self._begun.remove(case)
        while self._names:
            lines = self._desk.queue(Filters(account=self._names.pop(0)), reviewer, at, limit=1)
            if lines:
                case = self._desk.claim_one(lines[0].id, reviewer, at)
                self._begun.append(case)
                return case
        return None
