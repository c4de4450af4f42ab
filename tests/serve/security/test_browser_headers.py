"""Host names and headers of every answer."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tumorscope.serve.security.browser_headers import BrowserHeaders


@pytest.fixture
def client():
    app = FastAPI()

    @app.get("/")
    @app.get("/api/v1/thing")
    def answer():
        return "fine"

    app.add_middleware(
        BrowserHeaders, allowed_hosts=("screening.example.org",), behind_tls=False
    )
    return TestClient(app, base_url="http://127.0.0.1:8080")


@pytest.mark.parametrize("path", ["/", "/api/v1/thing", "/no-such-page"])
def test_every_answer_forbids_what_a_page_does_not_need(client, path):
    """No sniffing, no frames, no referrer, no other origin; also on errors."""
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_page_may_load_from_itself_only_and_data_load_nothing(client):
    """Page and data have a policy each; data are never kept by a cache."""
    page, data = client.get("/").headers, client.get("/api/v1/thing").headers

    assert page["content-security-policy"].startswith("default-src 'self';")
    assert "object-src 'none'" in page["content-security-policy"]
    assert data["content-security-policy"].startswith("default-src 'none'")
    assert data["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host",
    ["localhost:8080", "127.0.0.1", "[::1]:8080", "SCREENING.example.org", "localhost"],
)
def test_the_server_s_own_names_are_answered(client, host):
    """Loopback names and the operator's names, with any port."""
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "screening.example.org.evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "",
    ],
)
def test_a_foreign_name_is_refused(client, host):
    """DNS rebinding: a page of another name cannot reach the service."""
    answer = client.get("/api/v1/thing", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.json()["code"] == "unknown_host"
