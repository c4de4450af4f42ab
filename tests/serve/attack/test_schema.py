"""Generated requests over the whole OpenAPI document: no server error, nothing undocumented."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tumorscope.serve.security.access import Scope

EXAMPLES = int(os.environ.get("TUMORSCOPE_SCHEMA_EXAMPLES", "200"))
LEAN = 8
OPERATIONS = 35
"""At least so many are tried; fewer would mean that the document lost some."""
KEPT_AWAY = ("authorization", "cookie", "host", "content-length")
"""Headers that say who asks, or that the client itself writes."""


@pytest.fixture(scope="module")
def operations(service):
    """Return every operation of the document."""
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    schema.config.base_url = "http://127.0.0.1"
    found = [one.ok() for one in schema.get_all_operations()]
    assert len(found) >= OPERATIONS
    return found


class Senders:
    """Nobody, an admin, a program and a reader, who send what was generated."""

    def __init__(self, service):
        self.clients = [
            service.client(),
            service.token_of("admin", *Scope),
            service.token_of("service", *Scope),
            service.session_of("reader"),
        ]
        objects = service.put_study("service")
        self.known = {
            "study_id": objects.study_id,
            "upload_id": objects.study_id,
            "job_id": objects.job_id,
            "number": 0,
        }
        self.count = 0
        self.wrong: set[str] = set()

    def try_operation(self, operation, examples):
        """Send requests to one operation and note each answer that must not come."""
        documented = {int(one) for one in operation.definition.raw["responses"]}
        modes = list(schemathesis.GenerationMode)
        cases = st.one_of(
            *[operation.as_strategy(generation_mode=one) for one in modes]
        )

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases, who=st.sampled_from(self.clients), is_known=st.booleans())
        def attempt(case, who, is_known):
            if is_known:
                case.path_parameters = {
                    name: self.known.get(name, value)
                    for name, value in (case.path_parameters or {}).items()
                }
            status = _send(who, case)
            self.count += 1
            if status >= 500 or status not in documented:
                self.wrong.add(f"{operation.label}: {status}")

        attempt()


def _send(client, case):
    options = case.as_transport_kwargs(base_url="http://127.0.0.1")
    headers = dict(options.get("headers") or {})
    for name in list(headers):
        if name.lower() in KEPT_AWAY:
            del headers[name]
    answer = client.request(
        options["method"],
        options["url"],
        headers=headers,
        params=options.get("params"),
        cookies=None,
        json=options.get("json"),
        content=options.get("data"),
    )
    return answer.status_code


def _try_all(service, operations, examples):
    senders = Senders(service)
    for operation in operations:
        senders.try_operation(operation, examples)
    return sorted(senders.wrong), senders.count


def test_generated_requests_meet_no_server_error_and_no_undocumented_status(
    service, operations
):
    """A few requests for each operation, by nobody, an admin, a program and a reader."""
    wrong, count = _try_all(service, operations, LEAN)

    assert count >= LEAN * OPERATIONS // 2
    assert wrong == []


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_generated_requests_meet_no_server_error_either(service, operations):
    """The same with two hundred for each operation."""
    wrong, count = _try_all(service, operations, EXAMPLES)

    print(f"{count} requests over {len(operations)} operations")  # noqa: T201 - a figure
    assert count >= EXAMPLES * OPERATIONS // 2
    assert wrong == []
