"""How many threads fitting may take, so that it is neither slowed by them nor told apart by their number."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread", "threads_for"]

ROWS_WORTH_THREADS = 20_000
"""Rows from which scoring gains by threads."""


@cache
def _pools() -> ThreadpoolController:
    """Look for the libraries of this process once: reading its memory map takes as long as fitting a small tree.

    What fitting uses, numpy, SciPy and scikit-learn, is loaded long before this is first asked for.
    """
    return ThreadpoolController()


def threads_for(n_rows: int) -> AbstractContextManager[Any]:
    """Allow more threads than one only where there are rows enough to share.

    Threads that wait for each other after each small tree cost more than they save, tenfold and more on a busy machine.
    The numbers are the same with any number of threads.
    """
    limit: AbstractContextManager[Any] = _pools().limit(
        limits=None if n_rows >= ROWS_WORTH_THREADS else 1, user_api="openmp"
    )
    return limit


def one_blas_thread() -> AbstractContextManager[Any]:
    """Allow one thread for products of matrices, whose last bits depend on how many there are."""
    limit: AbstractContextManager[Any] = _pools().limit(limits=1, user_api="blas")
    return limit
