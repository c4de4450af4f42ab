"""Requests to one service."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from requests import RequestException, Response, Session

from tumorscope.client.answers import Job, ServiceError, Study

API = "/api/v1"
TIMEOUT_S = 60.0
POLL_S = 0.5
_TRIES = 5


class Client:
    """A service at one address; it follows no redirection to another."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        """Take the address.

        Args:
            url: Of the page, for instance "https://screening.example".
            token: API token; None where the service asks for none.
        """
        self._base = url.rstrip("/") + API
        self._session = Session()
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def screen(
        self,
        paths: Sequence[Path],
        *,
        title: str = "",
        patient_key: str | None = None,
        model_id: str | None = None,
        timeout_s: float = 600.0,
    ) -> Study:
        """Hand files in and wait for the result.

        Args:
            paths: Files and folders.
            title: Of the study; no patient's data.
            patient_key: Pseudonym by which it can be erased.
            model_id: Model; the default one unless named.
            timeout_s: Seconds to wait.

        Raises:
            ServiceError: If something is refused, or it takes too long.
        """
        job = self.submit(
            paths, title=title, patient_key=patient_key, model_id=model_id
        )
        return self.wait(job.study_id, timeout_s=timeout_s)

    def submit(
        self,
        paths: Sequence[Path],
        *,
        title: str = "",
        patient_key: str | None = None,
        model_id: str | None = None,
    ) -> Job:
        """Hand files in; a full queue and a lost answer are tried again.

        Raises:
            ServiceError: If something is refused.
        """
        key = {"Idempotency-Key": uuid.uuid4().hex}
        opened = self._change("POST", "/uploads", json={"name": title}, headers=key)
        place = f"/uploads/{opened['id']}"
        for number, (name, path) in enumerate(_files(paths)):
            content = path.read_bytes()
            self._change(
                "PUT", f"{place}/files/{number}", params={"name": name}, data=content
            )
        wanted = {"patient_key": patient_key, "model_id": model_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        made = self._change("POST", f"{place}/complete", json=given)
        return Job(job_id=made["job_id"], study_id=made["study_id"])

    def wait(self, study_id: str, *, timeout_s: float = 600.0) -> Study:
        """Return a study when its screening is at its end.

        Raises:
            ServiceError: If that takes too long.
        """
        ends = time.monotonic() + timeout_s
        while not (study := self.study(study_id)).is_over:
            if time.monotonic() > ends:
                raise ServiceError(
                    f"{study_id}: not at its end after {timeout_s:g} s",
                    status=0,
                    code="timeout",
                )
            time.sleep(POLL_S)
        return study

    def study(self, study_id: str) -> Study:
        """Return a study as it is now."""
        return Study.of(self._read(f"/studies/{study_id}").json())

    def studies(self, *, state: str | None = None, q: str = "") -> Iterator[Study]:
        """Yield the work list, newest first."""
        cursor: str | None = None
        while True:
            wanted = {"state": state, "q": q or None, "cursor": cursor}
            page = self._read("/studies", params=wanted).json()
            yield from (Study.of(one) for one in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def pixels(self, study: Study, number: int, channel: int = 0) -> NDArray[np.int16]:
        """Return a series. Shape (slices, rows, columns), int16, in display order."""
        place = f"/studies/{study.id}/series/{number}/pixels"
        content = self._read(place, params={"channel": channel}).content
        return np.frombuffer(content, "<i2").reshape(study.series[number].shape)

    def report(self, study_id: str, *, paper: str = "a4") -> bytes:
        """Return the study's report, a PDF of one page."""
        place = f"/studies/{study_id}/report.pdf"
        return self._read(place, params={"paper": paper}).content

    def dicom_results(self, study_id: str) -> list[bytes]:
        """Return the objects for a PACS."""
        listed = self._read(f"/studies/{study_id}/results").json()
        place = f"/studies/{study_id}/results"
        return [self._read(f"{place}/{one['n']}.dcm").content for one in listed]

    def models(self) -> list[dict[str, Any]]:
        """Return what is known of the service's models, the default first."""
        found: list[dict[str, Any]] = self._read("/models").json()
        return found

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def _read(self, path: str, **options: Any) -> Response:
        return self._request("GET", path, **options)

    def _change(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Ask for a change, again where the service is busy: all changes have a key."""
        for tried in range(_TRIES):
            try:
                found: dict[str, Any] = self._request(method, path, **options).json()
            except ServiceError as error:
                passes = error.status in (0, 429, 503)
                if not passes or tried == _TRIES - 1:
                    raise
                time.sleep(error.retry_after_s or 0.5 * 2**tried)
            else:
                return found
        raise AssertionError("the last try returned or raised")

    def _request(self, method: str, path: str, **options: Any) -> Response:
        try:
            answer = self._session.request(
                method,
                self._base + path,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                **options,
            )
        except RequestException as error:
            raise ServiceError(
                f"{self._base}: cannot be reached ({type(error).__name__})",
                status=0,
                code="unreachable",
            ) from error
        if answer.status_code >= 300:
            raise _refusal(answer)
        return answer


def _refusal(answer: Response) -> ServiceError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    wait = answer.headers.get("Retry-After", "")
    return ServiceError(
        str(problem.get("detail", f"HTTP status {answer.status_code}")),
        status=answer.status_code,
        code=str(problem.get("code", "unknown")),
        retry_after_s=float(wait) if wait.isdigit() else None,
    )


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield files with their names relative to the folder that was given."""
    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            yield file.relative_to(path).as_posix(), file
