"""Which events does no read model and no process hear, and why not? Everything else must be heard by somebody."""

from collections.abc import Mapping

UNHEARD: Mapping[str, str] = {}
