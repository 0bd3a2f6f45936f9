"""Purification: what a pair table says of one signal alone belongs in that signal's curve.

Many sums of curves and tables are the same function. Purified, each table has weighted mean 0 along every row and
column and each curve weighted mean 0, so the base is the average account's log-odds and the split is unique. After
Lengerich, Tan, Chang, Hooker and Caruana, "Purifying interaction effects with the functional ANOVA: an efficient
algorithm for recovering identifiable additive models", AISTATS 2020. With product weights their iteration ends after
one step, and a direction that held for the sum holds for the curve, which is then its average.
"""

from dataclasses import replace

from models.curves import Curve, Floats


def purify_table(values: Floats, row_weights: Floats, column_weights: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Split a table into what only both signals tell together, what each tells alone, and a constant.

    Parameters
    ----------
    values : ndarray of shape (r, c)
        Log-odds.
    row_weights, column_weights : ndarray of shape (r,) and (c,)
        Shares of the training accounts; each sums to 1.

    Returns
    -------
    pure : ndarray of shape (r, c)
        Weighted mean 0 along every row and every column.
    rows, columns : ndarray of shape (r,) and (c,)
        Weighted mean 0.
    mean : float
        ``pure + rows[:, None] + columns + mean`` is `values`.
    """
    row_means = values @ column_weights
    column_means = row_weights @ values
    mean = float(row_weights @ row_means)
    pure = values - row_means[:, None] - column_means + mean
    return pure, row_means - mean, column_means - mean, mean


def centre_curve(curve: Curve, column: Floats) -> tuple[Curve, float]:
    """Split a curve into one of mean 0 over the training accounts and its mean, which belongs in the base.

    Parameters
    ----------
    curve : Curve
    column : ndarray of shape (n,)
        The training accounts' values of the signal. Within a sloping bin the bin's mass alone does not give the mean.
    """
    mean = float(curve.masses @ curve.levels)
    if curve.slopes.any():
        mean = float(curve.at(column).mean())
    return replace(curve, levels=curve.levels - mean), mean
