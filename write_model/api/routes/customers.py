"""Customers: registering, signing in, and the own profile."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.security.tokens import LIFETIME, sign
from write_model.account.identity import Registration
from write_model.api import bodies
from write_model.api.door import Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import read
from write_model.api.routes import examples
from write_model.customer.commands import ChangeProfile, RegisterCustomer
from write_model.customer.public import profile
from write_model.handling.authorise import NotSeen
from write_model.handling.bus import Answer
from write_model.handling.request import Request as BusRequest
from write_model.kernel.ids import stream
from write_model.kernel.message import Actor

TAG = "customers"


def operations(door: Door) -> list[Operation]:
    return [*_accounts(door), *_profile(door)]


def _accounts(door: Door) -> list[Operation]:
    async def register(request: Request) -> Response:
        body = await read(request, bodies.NewCustomer)
        email_hmac = door.identity.email_hmac(body.email)
        wished = Registration(door.ids.new(), email_hmac, body.email, body.name, body.locale)
        preview = await door.bus.preview(_registering(wished))  # refused before the address is taken
        registration = await door.identity.begin(body.email, body.password.get_secret_value(), body.name, body.locale)
        if registration is None:  # somebody else's address: nobody learns that from the answer
            return answered(preview, 201)
        return answered(await complete(door, registration), 201)

    async def sign_in(request: Request) -> Response:
        body = await read(request, bodies.Credentials)
        signed_in = await door.identity.sign_in(body.email, body.password.get_secret_value())
        if signed_in.unfinished is not None:
            await complete(door, signed_in.unfinished)
        principal = signed_in.principal
        answer = {
            "accessToken": sign(principal, door.signing_key, await door.clock.now()),
            "tokenType": "Bearer",
            "expiresIn": LIFETIME,
            "customerId": str(principal.subject),
        }
        return Response(orjson.dumps(answer), 200, media_type="application/json")

    return [
        Operation(
            method="POST",
            path="/customers",
            name="registerCustomer",
            summary="Register with an e-mail address and a password",
            tag=TAG,
            endpoint=register,
            body=bodies.NewCustomer,
            status=201,
            example=examples.CUSTOMER,
            errors=(
                "account.password_invalid",
                "customer.email_invalid",
                "customer.name_invalid",
                "customer.locale_unknown",
            ),
            signed_in=False,
            versioned=False,
        ),
        Operation(
            method="POST",
            path="/auth/sign-in",
            name="signIn",
            summary="An access token for fifteen minutes",
            tag=TAG,
            endpoint=sign_in,
            body=bodies.Credentials,
            answer="Token",
            example=examples.TOKEN,
            errors=("account.sign_in_refused",),
            signed_in=False,
            versioned=False,
            command=False,
        ),
    ]


def _profile(door: Door) -> list[Operation]:
    async def read_own(request: Request) -> Response:
        customer_id = door.caller(request).customer_id
        known = await door.bus.known(stream("customer", customer_id))
        if known.version == 0:
            raise NotSeen("customer")
        state: Any = known.state
        body = {**profile(state), "version": known.version, "position": known.position}
        headers = {"ETag": f'"{known.version}"', "Consistency-Token": str(known.position)}
        return Response(orjson.dumps(body), 200, headers, "application/json")

    async def change(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Profile)
        command = ChangeProfile(customer_id=caller.customer_id, name=body.name, locale=body.locale)
        return answered(await door.send(request, caller, command, body))

    return [
        Operation(
            method="GET",
            path="/customers/me",
            name="readProfile",
            summary="The caller's own profile",
            tag=TAG,
            endpoint=read_own,
            answer="Profile",
            example=examples.PROFILE,
            errors=("customer.unknown",),
            versioned=False,
        ),
        Operation(
            method="PATCH",
            path="/customers/me",
            name="changeProfile",
            summary="Change the caller's own profile",
            tag=TAG,
            endpoint=change,
            body=bodies.Profile,
            example={**examples.CUSTOMER, "version": 2},
            errors=("customer.unknown", "customer.name_invalid", "customer.locale_unknown"),
        ),
    ]


async def complete(door: Door, registration: Registration) -> Answer:
    """The profile of an account, also one whose registration broke off. A repeat finds it done."""
    answer = await door.bus.handle(_registering(registration))
    await door.identity.complete(registration)
    return answer


def _registering(registration: Registration) -> BusRequest:
    customer_id = registration.customer_id
    command = RegisterCustomer(
        customer_id=customer_id,
        email=registration.email,
        name=registration.name,
        email_hmac=registration.email_hmac.hex(),
        locale=registration.locale,
    )
    return BusRequest(command=command, caller="registration", actor=Actor("customer", str(customer_id)))
