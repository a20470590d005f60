"""The inbox as GraphQL shows it."""

import strawberry
from strawberry.types import Info

from projections.inbox import view
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed
from read_api.graphql.relay import page_info, page_size
from read_api.graphql.types import PageInfo, Time

Asked = Info[Context, None]


@strawberry.type
class Notification:
    id: strawberry.ID
    template: str
    order_id: strawberry.ID
    order_number: str
    read: bool
    posted_at: Time


@strawberry.type
class NotificationEdge:
    cursor: str
    node: Notification


@strawberry.type
class NotificationConnection:
    edges: list[NotificationEdge]
    page_info: PageInfo


async def notifications(info: Asked, first: int = 20, after: str | None = None) -> NotificationConnection:
    """Your own, the newest first."""
    context = info.context
    customer_id = context.viewer.customer_id
    if customer_id is None:
        raise Failed("edge.sign_in_needed")
    first = page_size(first)
    at_least = await context.reach(view.SOURCE)
    page = await view.inbox(context.readers, str(customer_id), first, after, at_least)
    context.saw(page.position)
    edges = [
        NotificationEdge(
            cursor=cursor,
            node=Notification(
                id=strawberry.ID(entry.id),
                template=entry.template,
                order_id=strawberry.ID(entry.order_id),
                order_number=entry.order_number,
                read=entry.read_at is not None,
                posted_at=Time(entry.posted_at),
            ),
        )
        for cursor, entry in page.items
    ]
    return NotificationConnection(
        edges=edges, page_info=page_info([edge.cursor for edge in edges], page.has_next, after)
    )
