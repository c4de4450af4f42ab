"""A DICOM node: scans come in by C-STORE, results go out by C-STORE.

What comes in is on the disk before it is acknowledged. When nothing more came of a study
for a while, it is handed in to the queue that the page uses, with its identity: its
results belong into the patient's own study.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage
from pynetdicom import AE, StoragePresentationContexts, evt
from sqlalchemy import select

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.serve.arrivals import Arrivals
from tumorscope.serve.database.tables import STUDIES
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.node_settings import NodeSettings, Peer
from tumorscope.serve.result_files import ResultFiles
from tumorscope.serve.storage import new_id, whole_file
from tumorscope.workflows.received_files import ReceivedFiles

INCOMING = "incoming"
ACCOUNT = "dicom-node"
SENT = "sent"
VERIFICATION = "1.2.840.10008.1.1"
SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
_WARNINGS = (0xB000, 0xB006, 0xB007)
_LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class DicomNode:
    """One node on one port.

    Attributes:
        settings: Address, titles, destination.
        intake: Queue and storage of the service.
        results: Screenings in the storage.
        received: Reads headers in a sandbox.
    """

    settings: NodeSettings
    intake: Intake
    results: ResultFiles
    received: ReceivedFiles
    _server: Any = None

    @property
    def incoming(self) -> Path:
        """Where files wait for the rest of their study."""
        return self.intake.storage.data / INCOMING

    @property
    def arrivals(self) -> Arrivals:
        """What waits, also from an earlier run."""
        return Arrivals(folder=self.incoming, quiet_s=self.settings.quiet_s)

    def start(self) -> None:
        """Listen."""
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        node = AE(ae_title=self.settings.ae_title)
        node.require_called_aet = True
        node.require_calling_aet = list(self.settings.callers)
        node.maximum_associations = self.settings.associations
        node.add_supported_context(VERIFICATION)
        for context in (MRImageStorage, EnhancedMRImageStorage):
            node.add_supported_context(context, _syntaxes())
        self._server = node.start_server(
            (self.settings.host, self.settings.port),
            block=False,
            evt_handlers=[(evt.EVT_C_STORE, self._store), (evt.EVT_C_ECHO, _echo)],
        )

    @property
    def port(self) -> int:
        """Port that it listens on."""
        return int(self._server.socket.getsockname()[1])

    def stop(self) -> None:
        """Take nothing more."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()

    def work(self) -> None:
        """Hand in what is complete, and send what is done; call it again and again."""
        for study_id in self.arrivals.hand_in(self.intake):
            _LOG.info("study received", extra={"study": study_id})
        for study_id, folder in self._unsent():
            self._send(study_id, folder)

    def _store(self, event: Any) -> int:
        """Keep one file; it is on the disk when the sender hears of success."""
        content = event.encoded_dataset()
        if len(content) > self.settings.file_bytes:
            return OUT_OF_RESOURCES
        name = new_id()
        place = self.incoming.parent / f".{INCOMING}-{name}"
        try:
            with whole_file(place) as partial:
                partial.write_bytes(content)
            found = self.received.read(place)
            self.arrivals.keep(place, found.study_key, found.instance_key)
        except UnreadableScanError:
            return CANNOT_UNDERSTAND
        except OSError:
            _LOG.warning("nothing can be kept")
            return OUT_OF_RESOURCES
        finally:
            place.unlink(missing_ok=True)
        return SUCCESS

    def _unsent(self) -> Iterator[tuple[str, str]]:
        if self.settings.destination is None:
            return
        query = select(STUDIES.c.id, STUDIES.c.result_folder).where(
            STUDIES.c.account_id == ACCOUNT, STUDIES.c.result_folder.is_not(None)
        )
        with self.intake.database.read() as connection:
            rows = connection.execute(query).all()
        for study_id, folder in rows:
            if not (self.intake.storage.study(study_id) / SENT).exists():
                yield study_id, folder

    def _send(self, study_id: str, folder: str) -> None:
        """Send the objects of a study; what fails is tried again."""
        names = self.results.read(study_id, folder)["dicom_results"]
        files = [self.results.file(study_id, folder, f"dicom/{name}") for name in names]
        destination = self.settings.destination
        if destination is None:
            return
        if not files or send_objects(files, destination, self.settings.ae_title):
            (self.intake.storage.study(study_id) / SENT).touch()
            _LOG.info("results sent", extra={"study": study_id})
        else:
            _LOG.warning("results not sent", extra={"study": study_id})


def send_objects(files: Sequence[Path], peer: Peer, ae_title: str) -> bool:
    """Send objects of our own by C-STORE.

    Args:
        files: Written by this program.
        peer: Where to.
        ae_title: Our own.

    Returns:
        Whether all were taken.
    """
    node = AE(ae_title=ae_title)
    objects = [dcmread(path) for path in files]
    for class_uid in {str(one.SOPClassUID) for one in objects}:
        node.add_requested_context(class_uid)
    association = node.associate(peer.host, peer.port, ae_title=peer.ae_title)
    if not association.is_established:
        return False
    try:
        answers = [association.send_c_store(one) for one in objects]
    finally:
        association.release()
    return all(getattr(one, "Status", None) in (SUCCESS, *_WARNINGS) for one in answers)


def _echo(_event: Any) -> int:
    return SUCCESS


def _syntaxes() -> list[str]:
    """Return the transfer syntaxes that are read."""
    known = StoragePresentationContexts[0].transfer_syntax
    return [str(one) for one in known]
