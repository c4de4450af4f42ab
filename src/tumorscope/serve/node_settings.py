"""How a DICOM node is set up."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.spec import Spec
from tumorscope.serve.security.settings import is_loopback

Title = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9_.-]+$")]


class Peer(Spec):
    """Another node."""

    ae_title: Title
    """Its title."""
    host: str
    """Its address."""
    port: Annotated[int, Field(ge=1, le=65_535)]
    """Its port."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read TITLE@HOST:PORT.

        Raises:
            ConfigError: If it has another form.
        """
        title, _, address = text.partition("@")
        host, _, port = address.rpartition(":")
        try:
            return cls(ae_title=title, host=host, port=int(port))
        except ValueError as error:
            raise ConfigError("--send-to: give TITLE@HOST:PORT") from error


class NodeSettings(Spec):
    """How a DICOM node is set up."""

    ae_title: Title = "TUMORSCOPE"
    """Its title; who calls another one is refused."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 11112
    """Port to listen on; 0 takes a free one."""
    callers: tuple[Title, ...] = ()
    """Titles that may call; all unless some are named."""
    destination: Peer | None = None
    """Where results go; nowhere unless set."""
    quiet_s: Annotated[float, Field(gt=0)] = 10.0
    """Seconds without a file after which a study counts as complete."""
    file_bytes: Annotated[int, Field(ge=1)] = 512 * 2**20
    """Bytes of one file."""
    associations: Annotated[int, Field(ge=1)] = 10
    """Senders at a time."""

    @model_validator(mode="after")
    def _open_nodes_name_their_callers(self) -> Self:
        if not is_loopback(self.host) and not self.callers:
            raise ConfigError(
                f"--host {self.host} can be reached by others: name who may call with "
                "--caller TITLE. DICOM has no passwords: keep the node inside a "
                "protected network"
            )
        return self
