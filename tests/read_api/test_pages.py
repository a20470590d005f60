"""Do the pages for people work without internet: is every file there, and does the policy let them run?"""

import re

import pytest

from read_api.graphql import playground
from read_api.rest import pages
from tests.read_api.world import World

ADDRESS = re.compile(r"""(?:src|href|url)\s*[=:(]\s*["']([^"']+)["']""")
LOADED = re.compile(r"(?:https?:)?//[\w.-]+\.\w+")


async def test_every_file_that_graphiql_names_is_served_from_here(world: World) -> None:
    page = await world.client.get("/graphql", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    named = ADDRESS.findall(page.text)
    assert len(named) == 6
    for address in named:
        assert not LOADED.match(address)
        found = await world.client.get(address)
        assert (found.status_code, bool(found.content)) == (200, True), address


async def test_the_policy_lets_graphiql_run_and_nothing_else(world: World) -> None:
    page = await world.client.get("/graphql")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy  # default-src holds for scripts: none in the page itself
    assert re.findall(r"<script(?![^>]* src=)", page.text) == []
    assert (await world.ask("{ __typename }")).headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("graphiql.min.js", ".createFetcher="),
        ("graphiql.min.js", "GraphiQL"),
        ("graphiql.min.js", "defaultEditorToolsVisibility"),
        ("graphql-ws.min.js", "graphqlWs={}"),
        ("graphql-ws.min.js", "createClient"),
        ("graphql-ws.min.js", "connectionParams"),
        ("react.production.min.js", "createElement"),
        ("react-dom.production.min.js", ".render="),
    ],
)
def test_what_the_start_script_uses_is_in_the_installed_files(file: str, says: str) -> None:
    assert says in (playground.assets() / file).read_text()


def test_styles_and_fonts_of_graphiql_come_with_it() -> None:
    style = (playground.assets() / "graphiql.min.css").read_text()
    assert [address[:40] for address in re.findall(r"url\(([^)]+)\)", style) if not address.startswith("data:")] == []


def test_swagger_ui_needs_no_other_host() -> None:
    assert not LOADED.search(pages.PAGE + pages.START)
    for address in ADDRESS.findall(pages.PAGE):
        if address.startswith(pages.ASSETS):
            assert (pages.swagger() / address.removeprefix(f"{pages.ASSETS}/")).is_file(), address
