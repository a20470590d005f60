"""What does httpx2 raise when a connection is lost? Its own errors, and one that is not its own.

Over uvloop a connection that is reset while it is being opened has no socket any more when anyio asks who its peer is:
an AttributeError, which httpx2 lets through. Whether anything had been sent is not known then.
"""

import httpx2

LOST: tuple[type[Exception], ...] = (httpx2.HTTPError, AttributeError)
