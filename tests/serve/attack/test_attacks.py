"""What an attacker tries over HTTP: paths, names, addresses, bodies, headers."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from tumorscope.serve.database.tables import STUDIES, UPLOAD_FILES

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PATHS = (
    "../../keys/service.key",
    "..%2f..%2fkeys%2fservice.key",
    "%2e%2e/%2e%2e/keys/service.key",
    "..\\..\\keys\\service.key",
    "%00",
    "a%00.js",
    "....//....//keys/service.key",
    "/etc/passwd",
    "%c0%ae%c0%ae/keys/service.key",
    "x" * 5000,
)
FILE_NAMES = (
    "../../../etc/cron.d/x",
    "/etc/passwd",
    "C:\\windows\\x.dcm",
    "a\0b.dcm",
    "a\r\nSet-Cookie: x=y",
    XSS,
    "." * 300,
    "\u202egnp.exe",
    "CON",
    "",
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:24])
def test_no_path_leaves_the_page_s_folder(service, path):
    """Traversal, encodings, NUL: 404, and no byte of a file outside."""
    client = service.client(follow_redirects=False)

    for prefix in ("/", "/assets/", "/api/v1/models/", "/api/v1/studies/"):
        answer = client.get(f"{prefix}{path}")
        assert answer.status_code in (400, 401, 404, 405, 414, 422), answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize("study", ["..", "../..", "%2e%2e", "1 OR 1=1", "%00", XSS])
def test_an_identifier_that_is_none_finds_nothing(service, study):
    """Identifiers are compared whole; nothing of them becomes a path or SQL."""
    client = service.session_of("admin")

    for end in ("", "/report.pdf", "/series/0/pixels", "/results/0.dcm"):
        answer = client.get(f"/api/v1/studies/{quote(study, safe='%')}{end}")
        assert answer.status_code in (404, 405, 422)


@pytest.mark.parametrize("name", FILE_NAMES, ids=lambda name: repr(name)[:24])
def test_a_sender_s_file_name_never_becomes_a_path(service, name):
    """Whatever a file is called, it lies in its upload's folder under a name of ours."""
    client = service.session_of("reader")
    upload = client.post("/api/v1/uploads", json={}).json()["id"]

    answer = client.put(
        f"/api/v1/uploads/{upload}/files/0", params={"name": name}, content=b"abc"
    )

    assert answer.status_code in (200, 422)
    folder = service.settings.data / "studies" / upload / "source"
    stored = [one.name for one in folder.iterdir()] if folder.exists() else []
    assert all(len(one) >= 36 and "/" not in one for one in stored)
    assert not list(service.settings.data.glob("**/passwd"))
    assert "set-cookie" not in answer.headers


def test_a_hostile_text_is_data_wherever_it_comes_out(service):
    """Titles, labels and notes leave as JSON, CSV or PDF with nosniff, never as HTML."""
    objects = service.put_study("reader", title=XSS)
    client = service.session_of("admin")
    study = f"/api/v1/studies/{objects.study_id}"
    client.post(f"{study}/reading", json={"opinion": "suspected", "seconds_open": 1.0})
    client.post(f"{study}/feedback", json={"kind": "other", "comment": f"={XSS}"})

    answers = [
        client.get(study),
        client.get("/api/v1/studies", params={"q": "<script>"}),
        client.get(f"{study}/report.pdf"),
        client.get("/api/v1/reader-study.csv"),
        client.get("/api/v1/corrections.csv"),
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert "html" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answers[0].json()["title"] == XSS
    assert answers[2].headers["content-disposition"].startswith("attachment")
    assert f"'={XSS}".replace('"', '""') in answers[4].text


def test_no_request_chooses_where_results_are_sent(service):
    """SSRF: the PACS is the operator's setting; an address in the request is refused."""
    objects = service.put_study("reader")
    client = service.session_of("reader")
    path = f"/api/v1/studies/{objects.study_id}/pacs"
    evil = "http://169.254.169.254/latest/meta-data"

    answers = [
        client.post(path, params={"url": evil, "stow_url": evil}),
        client.post(path, json={"url": evil}),
        client.post(path, headers={"X-Stow-Url": evil, "X-Forwarded-Host": evil}),
    ]

    assert [one.json()["code"] for one in answers] == ["no_pacs"] * 3
    assert "169.254" not in "".join(one.text for one in answers)


def test_a_host_header_is_never_echoed(service):
    """Poisoned hosts end at the door, also with X-Forwarded-Host."""
    client = service.session_of("reader")

    refused = client.get("/api/v1/studies", headers={"Host": "evil.example"})
    forwarded = client.get(
        "/api/v1/studies", headers={"X-Forwarded-Host": "evil.example"}
    )

    assert refused.status_code == 421
    assert "evil.example" not in forwarded.text + str(forwarded.headers)


def test_mass_assignment_changes_no_owner_and_no_result(service):
    """Fields that a request must not set are refused, not taken over."""
    client = service.session_of("reader")
    upload = client.post("/api/v1/uploads", json={}).json()["id"]
    client.put(f"/api/v1/uploads/{upload}/files/0", content=b"abc")

    for more in (
        {"account_id": service.accounts["admin"].id},
        {"state": "done"},
        {"decision": "not above"},
        {"result_folder": "../.."},
    ):
        answer = client.post(f"/api/v1/uploads/{upload}/complete", json=more)
        assert answer.status_code == 422


def test_a_search_is_no_pattern_and_no_sql(service):
    """Wildcards and quotes in a search stand for themselves."""
    service.put_study("reader", title="100% sure_thing")
    client = service.session_of("reader")

    def found(text):
        answer = client.get("/api/v1/studies", params={"q": text, "limit": 100})
        assert answer.status_code == 200
        return [one["title"] for one in answer.json()["items"]]

    assert found("100% sure_") == ["100% sure_thing"]
    assert found("%sure_thin%") == []
    assert found("' OR '1'='1") == []
    assert found('"; DROP TABLE studies; --') == []
    assert found("sure_thing")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"name": "' + b"a" * 300_000 + b'"}',
        b"[" * 100_000,
        b'{"name": ' + b"1" * 10_000 + b"}",
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000"}',
        b"\xff\xfe\x00",
        b'{"name": NaN}',
    ],
    ids=range(11),
)
def test_a_broken_body_is_refused_without_an_error(service, body):
    """Damaged, deep, huge or odd JSON: a refusal of the client, never of the server."""
    client = service.session_of("reader")

    answer = client.post(
        "/api/v1/uploads", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (201, 400, 413, 422)


def test_a_large_body_where_none_is_expected_is_cut_off(service):
    """JSON routes read a MiB at most, whatever Content-Length says."""
    client = service.client()

    answer = client.post(
        "/api/v1/session",
        content=b" " * (3 * 2**20),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413


def test_a_refused_upload_leaves_no_file(service):
    """Too many bytes: 413, and nothing of them stays on the disk."""
    client = service.session_of("reader")
    upload = client.post("/api/v1/uploads", json={}).json()["id"]
    declared = client.put(
        f"/api/v1/uploads/{upload}/files/0",
        content=b"abc",
        headers={"Content-Length": str(4 * 2**30)},
    )
    folder = service.settings.data / "studies" / upload / "source"

    assert declared.status_code == 413
    assert not folder.exists() or not list(folder.iterdir())


def test_a_number_out_of_range_is_refused(service):
    """Series, file and page numbers beyond all bounds are refused, not computed with."""
    objects = service.put_study("reader")
    client = service.session_of("reader")
    study = f"/api/v1/studies/{objects.study_id}"

    for path in (
        f"{study}/series/-1/pixels",
        f"{study}/series/99999999999999999999/pixels",
        f"{study}/series/0/pixels?channel=99",
        f"{study}/results/-1.dcm",
        "/api/v1/studies?limit=100000",
        "/api/v1/studies?cursor=AAAA",
        "/api/v1/studies?cursor=bmFufGEK",
        f"/api/v1/uploads/{objects.study_id}/files/999999",
    ):
        assert client.get(path).status_code in (404, 405, 422), path


def test_asking_for_what_one_may_not_have_is_recorded(service):
    """Who is signed in and tries a door that is not theirs stands in the log."""
    reader = service.session_of("reader")

    assert reader.get("/api/v1/accounts").status_code == 403

    last = json.loads(list(service.safety.audit_log.read())[-1].body)
    assert last["action"] == "access_refused"
    assert last["account"] == service.accounts["reader"].id
    assert last["code"] == "110113"


def test_another_reader_s_feedback_does_not_tell_a_withheld_result(service):
    """Reader first: comments of others are part of what is withheld."""
    objects = service.put_study("reader")
    study = f"/api/v1/studies/{objects.study_id}"
    service.session_of("admin").post(
        f"{study}/feedback", json={"kind": "disagree", "comment": "it says tumor"}
    )
    services = service.app.state.services
    first = services.settings.model_copy(update={"reader_first": True})
    service.app.state.services = replace(services, settings=first)
    try:
        answer = service.session_of("reader").get(study)
    finally:
        service.app.state.services = services

    assert answer.json()["withheld"]
    assert answer.json()["feedback"] == []
    assert answer.json()["highest_tumor_probability"] is None


def test_the_audit_log_saw_the_attacks_and_is_intact(service):
    """After all of the above the chain holds, and no hostile text stands in it."""
    client = service.session_of("admin")

    state = client.get("/api/v1/audit-log/state").json()
    page = client.get("/api/v1/audit-log", params={"limit": 1000})

    assert state["intact"]
    assert "<script>" not in page.text
    assert "key-" not in json.dumps(page.json())


def test_texts_of_people_stand_in_the_database_as_they_are(service):
    """Nothing was changed on the way in: escaping is for the way out."""
    service.put_study("reader", title=XSS)

    with service.database.read() as connection:
        titles = {row.title for row in connection.execute(STUDIES.select())}
        names = {row.stored_name for row in connection.execute(UPLOAD_FILES.select())}

    assert XSS in titles
    assert not any("<" in name or "/" in name for name in names)
