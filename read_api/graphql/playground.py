"""The GraphiQL page, from files that are installed: it works without internet."""

from pathlib import Path

ASSETS = "/graphql/assets"
_PACKAGE = "graphene_django_graphiql_static"

PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self' ws://localhost:* ws://127.0.0.1:* wss:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}
PAGE = f"""<!DOCTYPE html>
<html lang="es">
<head>
<meta charset="utf-8">
<title>TeLoCompro GraphiQL</title>
<link rel="stylesheet" href="{ASSETS}/graphiql.min.css">
<style>html, body, #editor {{ height: 100%; margin: 0; overflow: hidden }}</style>
<script src="{ASSETS}/react.production.min.js"></script>
<script src="{ASSETS}/react-dom.production.min.js"></script>
<script src="{ASSETS}/graphql-ws.min.js"></script>
<script src="{ASSETS}/graphiql.min.js"></script>
</head>
<body>
<div id="editor"></div>
<script src="{ASSETS}/start.js"></script>
</body>
</html>
"""
START = """const here = location.origin + location.pathname;
const socket = here.replace(/^http/, 'ws');
// The headers of the editor go with everything: as headers of a request, or into the socket's connection_init.
const fetcher = (wanted, options) => {
  const headers = (options && options.headers) || {};
  const wsClient = graphqlWs.createClient({ url: socket, connectionParams: headers });
  return GraphiQL.createFetcher({ url: here, wsClient })(wanted, options);
};
const query = `query Productos {
  products(first: 5) {
    nodes { id title variants { sku price { display } stock { available } } }
  }
}
`;
const editor = React.createElement(GraphiQL, { fetcher, defaultQuery: query, defaultEditorToolsVisibility: true });
const place = document.getElementById('editor');
if (ReactDOM.createRoot) { ReactDOM.createRoot(place).render(editor); } else { ReactDOM.render(editor, place); }
"""


def assets() -> Path:
    """The folder of the installed files."""
    from importlib.util import find_spec

    found = find_spec(_PACKAGE)
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "static" / _PACKAGE
