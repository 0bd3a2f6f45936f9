"""The times that a request may name, as a pattern: every day of the calendar within the bounds, and no other."""

from __future__ import annotations

from typing import Final

__all__ = ["TIME"]

_YEAR: Final = "(?:19[7-9][0-9]|2[01][0-9][0-9])"
_LEAP_YEAR: Final = "(?:19(?:[79][26]|8[048])|20(?:[02468][048]|[13579][26])|21(?:0[48]|[2468][048]|[13579][26]))"
_LONG: Final = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT: Final = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_FEBRUARY: Final = "02-(?:0[1-9]|1[0-9]|2[0-8])"
_DAY: Final = f"(?:{_YEAR}-(?:{_LONG}|{_SHORT}|{_FEBRUARY})|{_LEAP_YEAR}-02-29)"

_CLOCK: Final = "[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
_OFFSET: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

# On the first day a clock ahead of UTC may show what lies before the bounds, and on the last day a clock behind it what
# lies after them. So late and so early nobody needs such clocks.
_FIRST: Final = "1970-01-01"
_LAST: Final = "2199-12-31"

TIME: Final = (
    f"^(?:{_DAY}(?:{_CLOCK}(?:Z|[+-]00:00)?)?"
    f"|(?!{_FIRST}){_DAY}{_CLOCK}[+]{_OFFSET}"
    f"|(?!{_LAST}){_DAY}{_CLOCK}-{_OFFSET})$"
)
