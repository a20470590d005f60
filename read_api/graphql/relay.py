"""Ids, pages and the way from one to the next: what a client gives back to us, it got from us."""

from uuid import UUID

from read_api.graphql.errors import Failed
from read_api.graphql.types import PageInfo

MOST = 100  # nodes of a page


def as_uuid(text: str, argument: str) -> UUID:
    """Raises Failed."""
    try:
        return UUID(text)
    except ValueError:
        raise Failed("edge.parameter_invalid", parameter=argument, message="no id") from None


def page_size(first: int) -> int:
    """Raises Failed."""
    if not 1 <= first <= MOST:
        raise Failed("edge.parameter_invalid", parameter="first", most=MOST)
    return first


def page_info(cursors: list[str], has_next: bool, after: str | None) -> PageInfo:
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
