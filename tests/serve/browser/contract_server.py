"""The contract of the API, played by a small server: the fast fixture of the page's tests.

It sends what the real one sends (a test reads its answers with the real wire models), can
be slow, full or rude on demand, and keeps a list of what was asked of it.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from phantom_studies import MODEL, PhantomStudy, all_studies, usual_study

CSRF = "csrf-of-the-test"
SUMMARY = (
    "id",
    "title",
    "created",
    "state",
    "model_id",
    "series_count",
    "highest_tumor_probability",
    "decision",
    "reading",
    "withheld",
    "error",
)
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
PASSWORD = "correct horse battery"  # noqa: S105 - of the test's only account


@dataclass
class Contract:
    """What the server is to do, and what it was asked."""

    static: Path
    auth: str = "none"
    reader_first: bool = False
    pacs: bool = True
    scopes: tuple[str, ...] = ("read", "submit", "review", "admin")
    studies: dict[str, PhantomStudy] = field(default_factory=all_studies)
    uploads: dict[str, dict] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    given: list[tuple[str, object]] = field(default_factory=list)
    failing_puts: Counter = field(default_factory=Counter)
    full_queue: int = 0
    signed_in: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def session(self):
        """Return what the page learns of its user."""
        return {
            "account": {"id": "a1", "name": "R. Eader", "role": "reader"},
            "scopes": list(self.scopes),
            "csrf_token": CSRF,
            "auth": self.auth,
            "reader_first": self.reader_first,
            "pacs_configured": self.pacs,
            "version": "0.1.0",
            "notice": MODEL["notice"],
        }

    def view(self, study: PhantomStudy):
        """Return a study; in reader-first mode without result until there is a reading."""
        view = study.view
        waits = self.reader_first and view["reading"] is None
        if not waits or view["state"] not in ("done", "not_assessed"):
            return view
        blank = {
            "tumor_probability": None,
            "interval": None,
            "decision": None,
            "reasons": [],
        }
        series = [
            one
            | {
                "highest": None,
                "overlay": None,
                "slice_results": [each | blank for each in one["slice_results"]],
            }
            for one in view["series"]
        ]
        hidden = {"highest_tumor_probability": None, "decision": None, "state": "done"}
        return view | hidden | {"series": series, "withheld": True}


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(self, status, code, detail="", **headers):
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = (
            status,
            code,
            detail,
            headers,
        )


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    contract: Contract

    def log_message(self, *_):
        """Keep the test's output clean."""

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def do_PUT(self):
        self._answer("PUT")

    def do_DELETE(self):
        self._answer("DELETE")

    def _answer(self, method):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        contract = self.contract
        with contract.lock:
            contract.asked.append((method, self.path))
            try:
                if not parts.path.startswith("/api/v1/"):
                    return self._static(parts.path)
                self._refuse_foreign_change(method, parts.path)
                query = {key: one[0] for key, one in parse_qs(parts.query).items()}
                self._route(method, parts.path.removeprefix("/api/v1/"), query, body)
            except RefusalError as refusal:
                problem = {
                    "type": "about:blank",
                    "title": refusal.code,
                    "status": refusal.status,
                    "detail": refusal.detail,
                    "code": refusal.code,
                }
                self._send(
                    refusal.status, json.dumps(problem).encode(), **refusal.headers
                )

    def _route(self, method, path, query, body):
        is_open = (method, path) in (("POST", "session"), ("GET", "sign-in"))
        if self.contract.auth != "none" and not self.contract.signed_in and not is_open:
            raise RefusalError(401, "unauthenticated", "Sign in.")
        for pattern, verb, action in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return action(self, *found.groups(), query=query, body=body)
        raise RefusalError(404, "not_found", "There is nothing here.")

    def _refuse_foreign_change(self, method, path):
        is_free = method == "GET" or path == "/api/v1/session"
        if not is_free and self.headers.get("X-CSRF-Token") != CSRF:
            raise RefusalError(403, "csrf", "The token of the session is missing.")

    def _static(self, path):
        name = "index.html" if path == "/" else path.lstrip("/")
        file = (self.contract.static / name).resolve()
        if not file.is_file() or self.contract.static.resolve() not in file.parents:
            raise RefusalError(404, "not_found", "There is no such file.")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self._send(200, file.read_bytes(), kind=kind)

    def json(self, value, status=200):
        self._send(status, json.dumps(value).encode())

    def _send(self, status, body, *, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", PAGE_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    # ---------------------------------------------------------------- session
    def read_session(self, **_):
        self.json(self.contract.session())

    def ways(self, **_):
        redirect = "/api/v1/sign-in/oidc" if self.contract.auth == "oidc" else None
        notice = MODEL["notice"]
        self.json({"auth": self.contract.auth, "redirect": redirect, "notice": notice})

    def sign_in(self, *, body, **_):
        if json.loads(body)["password"] != PASSWORD:
            raise RefusalError(
                401, "unauthenticated", "The name or the password is wrong."
            )
        self.contract.signed_in = True
        self.json(self.contract.session())

    def sign_out(self, **_):
        self.contract.signed_in = False
        self._send(204, b"")

    # ---------------------------------------------------------------- uploads
    def open_upload(self, *, body, **_):
        key = self.headers["Idempotency-Key"]
        made = self.contract.uploads.setdefault(
            key, {"id": f"u{len(self.contract.uploads) + 1}", "files": {}}
        )
        made["title"] = json.loads(body)["name"]
        self.json(self._upload(made), 201)

    def _upload(self, upload):
        return {
            "id": upload["id"],
            "state": "open",
            "received": [
                {"n": n, "name": name, "size_bytes": size}
                for n, (name, size) in sorted(upload["files"].items())
            ],
            "expires": "2026-11-25T08:15:00+00:00",
        }

    def _find(self, upload_id):
        for upload in self.contract.uploads.values():
            if upload["id"] == upload_id:
                return upload
        raise RefusalError(404, "not_found", "There is no such upload.")

    def read_upload(self, upload_id, **_):
        self.json(self._upload(self._find(upload_id)))

    def put_file(self, upload_id, n, *, query, body):
        if self.contract.failing_puts[query["name"]] > 0:
            self.contract.failing_puts[query["name"]] -= 1
            raise RefusalError(503, "unavailable", "Busy.")
        self._find(upload_id)["files"][int(n)] = (query["name"], len(body))
        self.json({"received_bytes": len(body)})

    def complete(self, upload_id, *, body, **_):
        upload = self._find(upload_id)
        if self.contract.full_queue > 0:
            self.contract.full_queue -= 1
            raise RefusalError(
                429, "queue_full", "The queue is full.", Retry_After="0.2"
            )
        self.contract.given.append(("complete", json.loads(body)))
        study = usual_study(f"s-{upload['id']}", upload["title"])
        study.polls_left = 3
        study.view["state"] = "queued"
        self.contract.studies[study.view["id"]] = study
        job = study.view["job"]["id"]
        self.json({"job_id": job, "study_id": study.view["id"]}, 202)

    # ---------------------------------------------------------------- studies
    def list_studies(self, *, query, **_):
        views = [
            self._seen(study) for study in reversed(self.contract.studies.values())
        ]
        wanted = [
            view
            for view in views
            if query.get("state", view["state"]) == view["state"]
            and query.get("q", "").lower() in view["title"].lower()
        ]
        limit = int(query.get("limit", 50))
        items = [{name: view[name] for name in SUMMARY} for view in wanted[:limit]]
        cursor = "more" if len(wanted) > limit else None
        self.json({"items": items, "next_cursor": cursor})

    def _seen(self, study):
        if study.polls_left > 0:
            study.polls_left -= 1
            if study.polls_left == 0:
                study.view["state"] = "done"
            elif study.polls_left == 1:
                study.view["state"] = "running"
        return self.contract.view(study)

    def _study(self, study_id):
        if study_id not in self.contract.studies:
            raise RefusalError(404, "not_found", "There is no such study.")
        return self.contract.studies[study_id]

    def read_study(self, study_id, **_):
        self.json(self._seen(self._study(study_id)))

    def delete_study(self, study_id, **_):
        self._study(study_id)
        del self.contract.studies[study_id]
        self._send(204, b"")

    def pixels(self, study_id, number, *, query, **_):
        array = self._study(study_id).pixels[int(number)][int(query["channel"])]
        self._octets(array.astype("<i2").tobytes())

    def relevance(self, study_id, number, **_):
        study = self._study(study_id)
        if int(number) not in study.relevance or self.contract.view(study)["withheld"]:
            raise RefusalError(404, "withheld", "There is no map.")
        self._octets(study.relevance[int(number)].tobytes())

    def _octets(self, content):
        packed = gzip.compress(content, 1)
        kind = "application/octet-stream"
        self._send(200, packed, kind=kind, Content_Encoding="gzip")

    def reading(self, study_id, *, body, **_):
        given = json.loads(body)
        self.contract.given.append(("reading", given))
        study = self._study(study_id)
        seen = {"suspected": True, "none_seen": False}.get(given["opinion"])
        above = study.view["decision"] == "above threshold"
        agreement = "not comparable"
        if seen is not None:
            agreement = "agree" if seen == above else "disagree"
        study.view["reading"] = given | {
            "agreement": agreement,
            "created": "2026-11-24T08:20:00+00:00",
            "account": "a1",
        }
        self.json(study.view["reading"], 201)

    def feedback(self, study_id, *, body, **_):
        given = json.loads(body)
        self.contract.given.append(("feedback", given))
        stored = given | {
            "id": f"f{len(self.contract.given)}",
            "created": "2026-11-24T08:21:00+00:00",
            "account": "a1",
        }
        self._study(study_id).view["feedback"].append(stored)
        self.json(stored, 201)

    def pacs(self, study_id, **_):
        self.contract.given.append(("pacs", study_id))
        self.json({"stored": 2, "warnings": []})

    def pdf(self, study_id, *, query, **_):
        self.contract.given.append(("pdf", query["paper"]))
        self._send(200, b"%PDF-1.4\n%%EOF\n", kind="application/pdf")

    def models(self, **_):
        shadow = MODEL | {
            "id": "next",
            "name": "phantom-next",
            "is_default": False,
            "is_shadow": True,
        }
        self.json([MODEL, shadow])

    def card(self, _model_id, **_):
        self.json(
            {
                "name": MODEL["name"],
                "created": "2026-11-01T00:00:00+00:00",
                "classes": ["no_tumor", "tumor"],
                "threshold": {"threshold_probability": THRESHOLD, "tune_slices": 310},
                "data": {"source": "phantom", "notes": [], "seen": ["0" * 16] * 40},
                "measured": None,
            }
        )

    def cancel(self, job_id, **_):
        self.contract.given.append(("cancel", job_id))
        self.json({"id": job_id, "state": "canceled"})

    def table(self, *_, **__):
        self._send(200, b"study,reader\n", kind="text/csv")


THRESHOLD = MODEL["threshold_probability"]
ID = r"([\w-]+)"
Route = tuple[str, str, Callable]
ROUTES: tuple[Route, ...] = (
    ("session", "GET", Handler.read_session),
    ("sign-in", "GET", Handler.ways),
    ("session", "POST", Handler.sign_in),
    ("session", "DELETE", Handler.sign_out),
    ("uploads", "POST", Handler.open_upload),
    (rf"uploads/{ID}", "GET", Handler.read_upload),
    (rf"uploads/{ID}/files/(\d+)", "PUT", Handler.put_file),
    (rf"uploads/{ID}/complete", "POST", Handler.complete),
    ("studies", "GET", Handler.list_studies),
    (rf"studies/{ID}", "GET", Handler.read_study),
    (rf"studies/{ID}", "DELETE", Handler.delete_study),
    (rf"studies/{ID}/series/(\d+)/pixels", "GET", Handler.pixels),
    (rf"studies/{ID}/series/(\d+)/relevance", "GET", Handler.relevance),
    (rf"studies/{ID}/reading", "POST", Handler.reading),
    (rf"studies/{ID}/feedback", "POST", Handler.feedback),
    (rf"studies/{ID}/pacs", "POST", Handler.pacs),
    (rf"studies/{ID}/report.pdf", "GET", Handler.pdf),
    ("models", "GET", Handler.models),
    (rf"models/{ID}/card", "GET", Handler.card),
    (rf"jobs/{ID}/cancel", "POST", Handler.cancel),
    ("(reader-study|corrections).csv", "GET", Handler.table),
)


class ContractServer:
    """A context in which the contract is served on a free port of the loopback."""

    def __init__(self, contract: Contract) -> None:
        """Prepare a server; entering the context starts it."""
        handler = type("BoundHandler", (Handler,), {"contract": contract})
        self.contract = contract
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ContractServer:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
