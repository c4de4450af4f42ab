"""Reading the whole log again: which record is the first that cannot be trusted."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tumorscope.serve.audit_log.checkpoints import Checkpoint, is_genuine
from tumorscope.serve.audit_log.entry import START_SEAL, seal_of
from tumorscope.serve.audit_log.log import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found.

    Attributes:
        n_records: Records that are there.
        n_checkpoints: Checkpoints that were compared.
        covered: Number of the last record that a checkpoint vouches for; records after
            it could have been cut off without a trace.
        first_bad: Number of the first record that is missing, altered or out of place;
            None where all is well.
        why: What is wrong with it; empty where all is well.
    """

    n_records: int
    n_checkpoints: int
    covered: int
    first_bad: int | None = None
    why: str = ""

    def as_text(self) -> str:
        """Return lines for a terminal."""
        if self.first_bad is not None:
            return (
                f"audit log: record {self.first_bad} is the first bad one: {self.why}"
            )
        lines = [f"audit log: {self.n_records} records, each follows the one before it"]
        if self.n_checkpoints:
            lines.append(
                f"{self.n_checkpoints} checkpoints agree; they vouch that nothing up to "
                f"record {self.covered} was cut off"
            )
        else:
            lines.append(
                "no checkpoint was compared: records cut off at the end would not show"
            )
        return "\n".join(lines)


def verify(
    records: Iterable[Record],
    chain_key: bytes,
    *,
    checkpoints: Sequence[Checkpoint] = (),
    public: str = "",
) -> Verification:
    """Check every seal, and that the log holds what the checkpoints say.

    Args:
        records: In the order of their numbers.
        chain_key: Key of the seals.
        checkpoints: Kept outside the database.
        public: Key that checks their signatures; needed where there are any.
    """
    promised = _promises(checkpoints, public)
    covered = max(promised, default=0)
    count, fault = _follow(records, chain_key, promised)
    if fault is None and covered > count:
        fault = (count + 1, f"it is missing: a checkpoint saw record {covered}")
    false = [one.number for one in checkpoints if not is_genuine(one, public)]
    faults = [] if fault is None else [fault]
    if false:
        faults.append((min(false), "its checkpoint is not signed with the log's key"))
    first, why = min(faults, default=(None, ""))
    return Verification(
        n_records=count,
        n_checkpoints=len(checkpoints) - len(false),
        covered=covered,
        first_bad=first,
        why=why,
    )


def _follow(
    records: Iterable[Record], key: bytes, promised: dict[int, set[str]]
) -> tuple[int, tuple[int, str] | None]:
    """Return how many records are good, and the first that is not with the reason."""
    count, before = 0, START_SEAL
    for record in records:
        number = count + 1
        why = ""
        if record.number != number:
            why = f"it is missing: record {record.number} stands in its place"
        elif not _is_sealed(record, before, key):
            why = "its text, its seal or its place was altered"
        elif promised.get(number, {record.seal}) != {record.seal}:
            why = "a checkpoint saw another record there: the log was written anew"
        if why:
            return count, (number, why)
        count, before = record.number, record.seal
    return count, None


def _promises(checkpoints: Sequence[Checkpoint], public: str) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for one in checkpoints:
        if is_genuine(one, public):
            found.setdefault(one.number, set()).add(one.seal)
    return found


def _is_sealed(record: Record, before: str, key: bytes) -> bool:
    expected = seal_of(key, record.number, before, record.body)
    return hmac.compare_digest(expected.encode(), record.seal.encode())
