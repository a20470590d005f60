"""`telocompro token`: an access token to try the API with. Development only."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from infra.embedded import secret_file
from infra.security.tokens import LIFETIME, ROLES, Principal, SigningKey, sign
from infra.settings import Runtime, Secrets, data_folder, read_alone

OPERATOR = UUID("00000000-0000-7000-8000-000000000001")  # nobody's customer id


def run(role: str, customer: UUID | None) -> str:
    """A token of that role. Raises typer.BadParameter outside development, or for a role that nobody knows."""
    data = data_folder()
    if read_alone(Runtime, data=data).environment not in ("development", "test"):
        raise typer.BadParameter("tokens are made by signing in: this is no development environment")
    if role not in ROLES:
        raise typer.BadParameter(f"there is no role {role}: say {', '.join(ROLES)}")
    secrets = read_alone(Secrets, signing_key=secret_file.read_or_make(data)["signing_key"])
    key = SigningKey.from_pem(secrets.signing_key_pem())
    return sign(Principal.of(customer or OPERATOR, role), key, datetime.now(UTC))


def command(
    role: Annotated[str, typer.Option(help="user, admin or superadmin.")],
    customer: Annotated[UUID | None, typer.Option(help="Whose token: the customer's id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Print an access token of fifteen minutes."""
    token = run(role, customer)
    print(json.dumps({"token": token, "role": role, "expires_in": LIFETIME}) if as_json else token)
