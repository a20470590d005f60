"""What can be asked over GraphQL? Writes docs/schema.graphql.

`python -m tools.schema`. A test fails when the page says something else than the code.
"""

from pathlib import Path

from read_api.graphql.schema import build_schema

PAGE = Path(__file__).parents[1] / "docs/schema.graphql"
MADE = "# Made by `python -m tools.schema` from the code. Do not edit.\n\n"


def page() -> str:
    """The whole schema in its own language."""
    return f"{MADE}{build_schema().as_str()}\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"docs/{PAGE.name}")
