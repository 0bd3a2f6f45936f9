"""From signals to a decision: rules, scorecard, policy, bundle."""

from pathlib import Path

DEFAULT_STORE = Path("models/store")
"""Where models are kept unless one says otherwise."""
