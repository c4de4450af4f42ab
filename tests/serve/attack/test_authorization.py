"""Every route of the service by everybody: the table in the documentation is made here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tumorscope.serve.security.access import SCOPES_OF, Role, Scope

OPEN = {
    "GET /": "the page itself holds no data",
    "GET /{name}": "icons of the page",
    "GET /assets/{name}": "scripts and styles of the page",
    "GET /api/v1/openapi.json": "the description of the API",
    "GET /api/v1/sign-in": "how to sign in",
    "GET /api/v1/sign-in/oidc": "the way to the provider's page",
    "GET /api/v1/sign-in/oidc/callback": "the way back from there",
    "GET /api/v1/session": "who is signed in; 401 where nobody is",
    "POST /api/v1/session": "signing in",
    "GET /health/live": "the process answers",
    "GET /health/ready": "database, disk and queue are well",
}
"""Routes that need no sign-in, and why."""
OWN = ("{study_id}", "{upload_id}", "{job_id}")
"""Routes with one of these concern one study: a program sees its own only."""
SENDER_ONLY = "{upload_id}"
"""An upload is its sender's alone, whatever the role."""
PEOPLE = {
    "nobody": None,
    "forged": None,
    "expired token": None,
    "disabled account": None,
    "reader": SCOPES_OF[Role.READER],
    "admin": SCOPES_OF[Role.ADMIN],
    "service, own": SCOPES_OF[Role.SERVICE],
    "service, other's": SCOPES_OF[Role.SERVICE],
    "reader's token to read": frozenset({Scope.READ}),
}
NOT_BY_TOKEN = (
    "POST /api/v1/tokens",
    "POST /api/v1/accounts",
    "PATCH /api/v1/accounts",
)
BODIES = {"POST /api/v1/tokens": {"label": "a", "scopes": ["read"]}}
"""What a route needs before it says who may ask; `{}` is enough for the others."""
REGENERATE = "TUMORSCOPE_WRITE_TABLES=1 python -m pytest tests/serve/attack -k table"


def routes_of(app):
    """Return method and path of every route with the scopes that it asks for."""
    return dict(sorted(_walk(app.routes, "")))


def _walk(routes, prefix):
    for route in routes:
        if hasattr(route, "original_router"):
            inner = prefix + route.include_context.prefix
            yield from _walk(route.original_router.routes, inner)
            continue
        dependant = getattr(route, "dependant", None)
        asked = [] if dependant is None else dependant.dependencies
        scopes = [getattr(one.call, "required_scope", None) for one in asked]
        for method in sorted(route.methods - {"HEAD"}):
            found = next((one for one in scopes if one is not None), None)
            yield f"{method} {prefix}{route.path}", found


def expected_status(route, scope, who):
    """Return the refusal that must come, or None where the route must answer."""
    scopes = PEOPLE[who]
    if route in OPEN or (scopes and scope in scopes and "session/password" in route):
        return None
    if scopes is None:
        return 401
    by_token = "token" in who or "service" in who
    if scope not in scopes or (by_token and route.startswith(NOT_BY_TOKEN)):
        return 403
    foreign = who == "service, other's" and any(one in route for one in OWN)
    foreign |= SENDER_ONLY in route and who != "service, own"
    return 404 if foreign else None


@pytest.fixture(scope="module")
def routes(service):
    return routes_of(service.app)


@pytest.fixture(scope="module")
def cells(service, routes):
    """Return what everybody was answered on every route."""
    return {
        (route, who): _ask(service, route, who) for route in routes for who in PEOPLE
    }


def _ask(service, route, who):
    method, path = route.split(" ")
    concerned = (*OWN, "{patient_key:path}")
    objects = None
    if any(one in path for one in concerned):
        objects = service.put_study("service")
    values = {
        "study_id": getattr(objects, "study_id", ""),
        "upload_id": getattr(objects, "study_id", ""),
        "job_id": getattr(objects, "job_id", ""),
        "account_id": service.accounts["spare"].id,
        "patient_key:path": getattr(objects, "patient_key", ""),
        "prefix": "000000000000",
        "model_id": "run-00000000",
        "number": "0",
        "study_uid": "1.2.3",
        "name": "favicon.ico",
    }
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"{route}: name a value for its parameter here"
    client = _client(service, who)
    options = {} if method in ("GET", "DELETE") else {"json": BODIES.get(route, {})}
    answer = client.request(method, path, **options)
    code = "" if answer.status_code < 400 else answer.json().get("code", "")
    return answer.status_code, code


def _client(service, who):
    if who in ("reader", "admin"):
        return service.session_of(who)
    if who == "expired token":
        return service.token_of("admin", days=1e-9)
    if who == "reader's token to read":
        return service.token_of("reader", Scope.READ)
    if "service" in who:
        return service.token_of("service" if "own" in who else "other service")
    client = service.client()
    if who == "forged":
        client.cookies.set(service.safety.cookie, "x" * 43)
        client.headers["X-CSRF-Token"] = "0" * 64
    if who == "disabled account":
        client = service.session_of("spare")
        spare = service.accounts["spare"].id
        service.safety.accounts.set_disabled(spare, disabled=True)
    return client


def test_every_route_asks_for_a_scope_or_is_open_on_purpose(routes):
    """A route that nobody thought about fails here."""
    forgotten = [
        route for route, scope in routes.items() if scope is None and route not in OPEN
    ]

    assert len(routes) > 40
    assert forgotten == []


def test_everybody_gets_on_every_route_what_the_rules_say(routes, cells):
    """Refused exactly where the role, the scope or the owner says so; never an error."""
    wrong = []
    for (route, who), (status, code) in cells.items():
        must = expected_status(route, routes[route], who)
        refused = status in (401, 403)
        is_right = status == must if must else not refused and status < 500
        if PEOPLE[who] is None and route == "GET /api/v1/session":
            is_right = status == 401
        if route == "POST /api/v1/session" or "session/password" in route:
            is_right = is_right or status in (409, 422)
        if not is_right:
            wrong.append((route, who, status, code, must))

    assert wrong == [], wrong


def test_the_table_in_the_documentation_is_what_was_found(routes, cells, repository):
    """docs/authorization.md says what this test saw."""
    page = repository / "docs" / "authorization.md"
    text = _page(routes, cells)
    if os.environ.get("TUMORSCOPE_WRITE_TABLES"):
        page.write_text(text, encoding="utf-8")

    assert page.read_text(encoding="utf-8") == text, f"make it again: {REGENERATE}"


def _page(routes, cells):
    shown = [who for who in PEOPLE if who not in ("forged", "expired token")]
    lines = [
        "# Who may do what",
        "",
        "Each cell was asked of the running app by a test: `yes` where the route "
        "answered, otherwise the status of the refusal. A study that somebody may not "
        "see answers 404, as if it were not there. A forged cookie and a token that is "
        "over get what nobody gets.",
        "",
        f"Make the table again: `{REGENERATE}`.",
        "",
        f"| route | scope | {' | '.join(shown)} |",
        f"|---|---|{'---|' * len(shown)}",
    ]
    for route, scope in routes.items():
        words = []
        for who in shown:
            must = expected_status(route, scope, who)
            status, _ = cells[route, who]
            words.append("yes" if must is None and status not in (401, 403) else status)
        asked = f"`{scope}`" if scope else f"none: {OPEN[route]}"
        lines.append(f"| `{route}` | {asked} | {' | '.join(map(str, words))} |")
    return "\n".join(lines) + "\n"


@pytest.fixture
def repository() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).parents[3]
