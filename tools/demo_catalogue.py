"""What does the demo shop sell? 200 products in Spanish and English, the same on every machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

DEMO = UUID("2c1f9a44-6d0e-5b0c-9a57-3f4e8d0c7b21")  # namespace of the demo's ids


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product: its names, the price in cents that it starts at, and what its variants differ by."""

    es: str
    en: str
    from_minor: int
    varies: str  # a key of VARIATIONS
    tax_category: str = "standard"


@dataclass(frozen=True, slots=True)
class DemoVariant:
    variant_id: UUID
    sku: str
    attributes: dict[str, str]
    price_minor: int
    quantity: int  # received into the warehouse


@dataclass(frozen=True, slots=True)
class DemoProduct:
    product_id: UUID
    name: str  # of the image file
    titles: dict[str, str]
    descriptions: dict[str, str]
    category: str
    tax_category: str
    variants: tuple[DemoVariant, ...]
    hue: int  # of its picture, 0–359


VARIATIONS: dict[str, tuple[tuple[dict[str, str], int], ...]] = {
    "size": (({"size": "S"}, 0), ({"size": "M"}, 0), ({"size": "L"}, 200)),
    "colour": (({"colour": "black"}, 0), ({"colour": "white"}, 0)),
    "storage": (({"storage": "128 GB"}, 0), ({"storage": "256 GB"}, 6000)),
    "weight": (({"weight": "500 g"}, 0), ({"weight": "1 kg"}, 350)),
    "one": (({}, 0),),
}
STYLES = (
    ("Andes", "Andes", "hecho para durar", "made to last"),
    ("Costa", "Coast", "ligero y fresco", "light and fresh"),
    ("Sierra", "Highland", "cálido y resistente", "warm and sturdy"),
    ("Galápagos", "Galapagos", "con materiales reciclados", "with recycled materials"),
)
CATEGORIES: dict[str, tuple[Kind, ...]] = {
    "electronics": (
        Kind("Teléfono", "Phone", 19900, "storage"),
        Kind("Tableta", "Tablet", 24900, "storage"),
        Kind("Cámara", "Camera", 32900, "colour"),
        Kind("Audífonos", "Headphones", 4900, "colour"),
        Kind("Parlante", "Speaker", 5900, "colour"),
    ),
    "home": (
        Kind("Lámpara", "Lamp", 2900, "colour"),
        Kind("Silla", "Chair", 6900, "colour"),
        Kind("Mesa", "Table", 12900, "one"),
        Kind("Cobija", "Blanket", 2400, "size"),
        Kind("Espejo", "Mirror", 3900, "one"),
    ),
    "kitchen": (
        Kind("Cafetera", "Coffee maker", 5400, "colour"),
        Kind("Sartén", "Frying pan", 2199, "size"),
        Kind("Juego de cuchillos", "Knife set", 3899, "one"),
        Kind("Licuadora", "Blender", 4699, "colour"),
        Kind("Vajilla", "Dinner set", 5999, "colour"),
    ),
    "clothing": (
        Kind("Camiseta", "T-shirt", 1299, "size"),
        Kind("Chaqueta", "Jacket", 5499, "size"),
        Kind("Pantalón", "Trousers", 3499, "size"),
        Kind("Saco de lana", "Wool sweater", 4299, "size"),
        Kind("Gorra", "Cap", 1199, "colour"),
    ),
    "shoes": (
        Kind("Zapatillas", "Sneakers", 4999, "size"),
        Kind("Botas", "Boots", 7999, "size"),
        Kind("Sandalias", "Sandals", 2499, "size"),
        Kind("Zapatos de cuero", "Leather shoes", 6999, "size"),
        Kind("Pantuflas", "Slippers", 1499, "size"),
    ),
    "sports": (
        Kind("Balón", "Football", 1899, "one"),
        Kind("Bicicleta", "Bicycle", 29900, "size"),
        Kind("Mochila", "Backpack", 3999, "colour"),
        Kind("Carpa", "Tent", 8999, "one"),
        Kind("Colchoneta", "Exercise mat", 1999, "colour"),
    ),
    "beauty": (
        Kind("Perfume", "Perfume", 3599, "one"),
        Kind("Crema de manos", "Hand cream", 799, "one"),
        Kind("Champú", "Shampoo", 699, "one"),
        Kind("Protector solar", "Sunscreen", 1399, "one"),
        Kind("Jabón artesanal", "Handmade soap", 499, "one"),
    ),
    "toys": (
        Kind("Rompecabezas", "Jigsaw puzzle", 1599, "one"),
        Kind("Muñeca de trapo", "Rag doll", 1899, "colour"),
        Kind("Bloques de madera", "Wooden blocks", 2299, "one"),
        Kind("Cometa", "Kite", 999, "colour"),
        Kind("Juego de mesa", "Board game", 2799, "one"),
    ),
    "groceries": (
        Kind("Café de altura", "Highland coffee", 650, "weight", "zero"),
        Kind("Chocolate", "Chocolate", 450, "weight", "standard"),
        Kind("Quinua", "Quinoa", 380, "weight", "zero"),
        Kind("Panela", "Cane sugar", 290, "weight", "zero"),
        Kind("Miel", "Honey", 720, "weight", "standard"),
    ),
    "books": (
        Kind("Novela", "Novel", 1450, "one", "zero"),
        Kind("Libro de cocina", "Cookbook", 2190, "one", "zero"),
        Kind("Atlas", "Atlas", 3290, "one", "zero"),
        Kind("Cuento infantil", "Children's story", 1090, "one", "zero"),
        Kind("Diccionario", "Dictionary", 1890, "one", "zero"),
    ),
}


def products() -> Iterator[DemoProduct]:
    """All of them: ten categories, five kinds, four styles."""
    for category, kinds in CATEGORIES.items():
        for kind in kinds:
            for style in range(len(STYLES)):
                yield product(category, kind, style)


def product(category: str, kind: Kind, style: int) -> DemoProduct:
    es, en, says_es, says_en = STYLES[style]
    name = f"{kind.en}-{en}".lower().replace(" ", "-").replace("'", "")
    product_id = uuid5(DEMO, name)
    return DemoProduct(
        product_id=product_id,
        name=name,
        titles={"es": f"{kind.es} {es}", "en": f"{en} {kind.en.lower()}"},
        descriptions={
            "es": f"{kind.es} de la línea {es}, {says_es}.",
            "en": f"{kind.en} of the {en} line, {says_en}.",
        },
        category=category,
        tax_category=kind.tax_category,
        variants=tuple(variants(product_id, name, kind, style)),
        hue=product_id.int % 360,
    )


def variants(product_id: UUID, name: str, kind: Kind, style: int) -> Iterator[DemoVariant]:
    for number, (attributes, more_minor) in enumerate(VARIATIONS[kind.varies], start=1):
        sku = f"{name}-{number}".upper()
        yield DemoVariant(
            variant_id=uuid5(product_id, sku),
            sku=sku,
            attributes=dict(attributes),
            price_minor=kind.from_minor + more_minor + style * (kind.from_minor // 10),
            quantity=20 + (product_id.int + number) % 180,
        )


def picture(item: DemoProduct) -> str:
    """A drawing of its own for every product, as SVG: shapes from the id, colours from the hue."""
    seed, shapes = item.product_id.int, []
    for index in range(5):
        seed, number = divmod(seed, 9973)
        x, y, size = 90 + number % 460, 90 + (number * 7) % 460, 60 + number % 130
        colour = f"hsl({(item.hue + 35 * index) % 360} 65% {45 + 8 * index}% / 0.75)"
        if number % 3 == 0:
            shapes.append(f'<circle cx="{x}" cy="{y}" r="{size // 2}" fill="{colour}"/>')
        elif number % 3 == 1:
            corner = f'x="{x - size // 2}" y="{y - size // 2}"'
            shapes.append(f'<rect {corner} width="{size}" height="{size}" rx="18" fill="{colour}"/>')
        else:
            points = f"{x},{y - size // 2} {x + size // 2},{y + size // 2} {x - size // 2},{y + size // 2}"
            shapes.append(f'<polygon points="{points}" fill="{colour}"/>')
    letter = item.titles["es"][0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 640" role="img" aria-label="{item.titles["en"]}">'
        f'<rect width="640" height="640" fill="hsl({item.hue} 40% 94%)"/>{"".join(shapes)}'
        f'<text x="320" y="380" font-family="sans-serif" font-size="220" font-weight="700" text-anchor="middle" '
        f'fill="hsl({item.hue} 45% 25%)">{letter}</text></svg>'
    )
