"""What outsiders may see of an event. Made by each room's `public.publish`, stored by `public_changes`."""

from collections.abc import Mapping
from dataclasses import dataclass

PUBLIC = "public"  # audience: everybody
STAFF = "staff"  # audience: admins


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    type: str  # "order:status_changed", "stock:updated", "notification:new"
    channel: str  # "order:<id>", "stock:<variant id>", "customer:<id>"
    audience: str  # PUBLIC, STAFF, or "customer:<id>" (staff see these too)
    payload: Mapping[str, object]  # JSON types; nothing personal
    version: int = 1
