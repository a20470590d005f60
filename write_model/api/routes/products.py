"""Products, their variants and prices: what staff may ask of the catalogue."""

from starlette.requests import Request
from starlette.responses import Response

from write_model.api import bodies
from write_model.api.door import PREFIX, Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import path_uuid, read
from write_model.api.routes import examples
from write_model.checkout.commands import AddVariant
from write_model.product import commands

TAG = "products"
TEXTS = ("product.text_invalid", "product.language_unknown", "product.image_invalid", "product.too_many")


def operations(door: Door) -> list[Operation]:
    return [*_words(door), *_variants(door), *_life(door)]


def _words(door: Door) -> list[Operation]:
    async def create(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewProduct)
        command = commands.CreateProduct(
            product_id=door.ids.new(),
            titles=body.titles,
            descriptions=body.descriptions,
            category=body.category,
            tax_category=body.tax_category,
            currency=body.currency,
            images=_images(body.images),
        )
        answer = await door.send(request, caller, command, body)
        return answered(answer, 201, {"Location": f"{PREFIX}/products/{answer.id}"})

    async def update(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.ProductChanges)
        command = commands.UpdateProduct(
            product_id=path_uuid(request, "id"),
            titles=body.titles,
            descriptions=body.descriptions,
            category=body.category,
            images=None if body.images is None else _images(body.images),
        )
        return answered(await door.send(request, caller, command, body))

    return [
        Operation(
            method="POST",
            path="/products",
            name="createProduct",
            summary="Create a product, as a draft",
            tag=TAG,
            endpoint=create,
            body=bodies.NewProduct,
            status=201,
            example=examples.PRODUCT,
            errors=(*TEXTS, "product.title_missing", "product.tax_category_unknown", "product.currency_unknown"),
            versioned=False,
        ),
        Operation(
            method="PATCH",
            path="/products/{id}",
            name="updateProduct",
            summary="Change a product's words and images",
            tag=TAG,
            endpoint=update,
            body=bodies.ProductChanges,
            example=examples.PRODUCT,
            errors=("product.unknown", "product.wrong_state", *TEXTS),
        ),
    ]


def _variants(door: Door) -> list[Operation]:
    async def add_variant(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewVariant)
        command = AddVariant(
            product_id=path_uuid(request, "id"),
            variant_id=door.ids.new(),
            sku=body.sku,
            attributes=body.attributes,
            price_minor=body.price_minor,
        )
        return answered(await door.send(request, caller, command, body), 201)

    async def change_price(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewPrice)
        command = commands.ChangePrice(
            product_id=path_uuid(request, "id"),
            variant_id=body.variant_id,
            price_minor=body.price_minor,
            valid_from=body.valid_from,
        )
        return answered(await door.send(request, caller, command, body))

    return [
        Operation(
            method="POST",
            path="/products/{id}/variants",
            name="addVariant",
            summary="Add a variant with its price; its stock starts at 0",
            tag=TAG,
            endpoint=add_variant,
            body=bodies.NewVariant,
            status=201,
            example=examples.PRODUCT,
            errors=("product.unknown", "product.wrong_state", "product.sku_taken", "product.price_out_of_range"),
        ),
        Operation(
            method="POST",
            path="/products/{id}/price",
            name="changePrice",
            summary="Change the price of a variant, now or from a date on",
            tag=TAG,
            endpoint=change_price,
            body=bodies.NewPrice,
            example=examples.PRODUCT,
            errors=(
                "product.unknown",
                "product.variant_unknown",
                "product.price_in_the_past",
                "product.price_out_of_range",
            ),
        ),
    ]


def _life(door: Door) -> list[Operation]:
    async def publish(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Nothing)
        command = commands.PublishProduct(product_id=path_uuid(request, "id"))
        return answered(await door.send(request, caller, command, body))

    async def archive(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Reason)
        command = commands.ArchiveProduct(product_id=path_uuid(request, "id"), reason=body.reason)
        return answered(await door.send(request, caller, command, body))

    async def delete(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Nothing)
        command = commands.DeleteProduct(product_id=path_uuid(request, "id"))
        return answered(await door.send(request, caller, command, body))

    return [
        Operation(
            method="POST",
            path="/products/{id}/publish",
            name="publishProduct",
            summary="Put a product on sale",
            tag=TAG,
            endpoint=publish,
            body=bodies.Nothing,
            example={**examples.PRODUCT, "status": "PUBLISHED"},
            errors=("product.unknown", "product.variant_missing", "product.wrong_state"),
        ),
        Operation(
            method="POST",
            path="/products/{id}/archive",
            name="archiveProduct",
            summary="Take a product off sale; old orders stay readable",
            tag=TAG,
            endpoint=archive,
            body=bodies.Reason,
            example={**examples.PRODUCT, "status": "ARCHIVED"},
            errors=("product.unknown", "product.wrong_state", "product.text_invalid"),
        ),
        Operation(
            method="DELETE",
            path="/products/{id}",
            name="deleteProduct",
            summary="Delete a product that was never on sale",
            tag=TAG,
            endpoint=delete,
            example={**examples.PRODUCT, "status": "DELETED"},
            errors=("product.unknown", "product.was_on_sale"),
        ),
    ]


def _images(images: list[bodies.NewImage]) -> tuple[commands.Image, ...]:
    return tuple(commands.Image(url=image.url, alt=image.alt) for image in images)
