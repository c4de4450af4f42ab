"""The audit log: it only grows, and nothing can be changed without a trace."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.audit_log.checkpoints import (
    CheckpointWriter,
    is_genuine,
    public_key,
    read_checkpoints,
    sign_checkpoint,
)
from tumorscope.serve.audit_log.entry import Entry
from tumorscope.serve.audit_log.log import AuditKeys, AuditLog, Record
from tumorscope.serve.audit_log.verification import verify
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate

CHAIN, PATIENTS, SEED = b"c" * 32, b"p" * 32, b"s" * 32
MUTATIONS = 1000


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Return the address of a database with the service's tables."""
    return f"sqlite:///{tmp_path_factory.mktemp('log') / 'service.sqlite'}"


@pytest.fixture(scope="module")
def database(url):
    """Return that database."""
    database = Database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def log(database):
    """Return a log of sixty records, written by six threads at once."""
    log = AuditLog(database, AuditKeys(chain=CHAIN, patients=PATIENTS))
    actions = list(Action)

    def write(number):
        for step in range(10):
            log.append(
                Entry(
                    action=actions[(number + step) % len(actions)],
                    account_id=f"account-{number}",
                    study_id=f"study-{step}",
                    patient=log.patient_hash(f"patient-{step}"),
                )
            )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return log


@pytest.fixture(scope="module")
def records(log):
    """Return its records."""
    return list(log.read())


@pytest.fixture(scope="module")
def checkpoints(records):
    """Return checkpoints of the tenth and the last record."""
    return [
        sign_checkpoint(SEED, records[at].number, records[at].seal) for at in (9, -1)
    ]


def check(records, checkpoints=()):
    """Verify a list of records."""
    return verify(records, CHAIN, checkpoints=checkpoints, public=public_key(SEED))


def test_threads_that_write_at_once_leave_numbers_without_gaps(records, checkpoints):
    """Every record has its place, and the untouched log is intact."""
    found = check(records, checkpoints)

    assert [one.number for one in records] == list(range(1, 61))
    assert (found.first_bad, found.n_records, found.covered) == (None, 60, 60)
    assert "nothing up to record 60 was cut off" in found.as_text()


def _deleted(records, at, _random):
    return records[:at] + records[at + 1 :]


def _deleted_and_renumbered(records, at, _random):
    rest = [
        Record(number=one.number - 1, body=one.body, seal=one.seal)
        for one in records[at + 1 :]
    ]
    return records[:at] + rest


def _edited(records, at, random):
    body = records[at].body
    place = random.randrange(len(body))
    other = chr((ord(body[place]) - 31 + random.randrange(94)) % 95 + 32)
    if other == body[place]:
        other = "~" if body[place] != "~" else "!"
    return _with(records, at, body=body[:place] + other + body[place + 1 :])


def _resealed(records, at, random):
    digits = "".join(random.choice("0123456789abcdef") for _ in range(64))
    return _with(records, at, seal=digits)


def _swapped(records, at, random):
    other = (at + 1 + random.randrange(len(records) - 1)) % len(records)
    first, second = min(at, other), max(at, other)
    moved = list(records)
    moved[first] = Record(
        number=records[first].number,
        body=records[second].body,
        seal=records[second].seal,
    )
    moved[second] = Record(
        number=records[second].number,
        body=records[first].body,
        seal=records[first].seal,
    )
    return moved


def _repeated(records, at, _random):
    again = Record(
        number=records[at].number + 1, body=records[at].body, seal=records[at].seal
    )
    rest = [
        Record(number=one.number + 1, body=one.body, seal=one.seal)
        for one in records[at + 1 :]
    ]
    return [*records[: at + 1], again, *rest]


def _truncated(records, at, _random):
    return records[:at]


def _with(records, at, **changes):
    one = records[at]
    fields = {"number": one.number, "body": one.body, "seal": one.seal} | changes
    return [*records[:at], Record(**fields), *records[at + 1 :]]


MUTATORS = (
    _deleted,
    _deleted_and_renumbered,
    _edited,
    _resealed,
    _swapped,
    _repeated,
    _truncated,
)


def test_a_thousand_random_mutations_are_all_found_and_named(records, checkpoints):
    """Deleted, edited, reordered, repeated or cut off: the first bad record is named."""
    chance = random.Random(20261124)  # noqa: S311 - a test's
    missed = []

    for number in range(MUTATIONS):
        mutate = MUTATORS[number % len(MUTATORS)]
        at = chance.randrange(len(records))
        changed = mutate(records, at, chance)
        pairs = zip(records, changed, strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
        first = min(len(records), len(changed)) + 1 if same is None else same + 1
        found = check(changed, checkpoints)
        if found.first_bad != first:
            missed.append((mutate.__name__, at, found.first_bad, first))

    assert missed == []


def test_a_log_cut_off_shows_only_by_a_checkpoint(records, checkpoints):
    """Without a checkpoint the words say that a cut would not show."""
    alone, compared = check(records[:40]), check(records[:40], checkpoints)

    assert alone.first_bad is None
    assert "would not show" in alone.as_text()
    assert compared.first_bad == 41
    assert "saw record 60" in compared.why


def test_the_key_holder_who_writes_the_log_anew_is_found_by_a_checkpoint(
    url, records, checkpoints, tmp_path
):
    """Seals made with the right key do not help against a checkpoint kept elsewhere."""
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    migrate(other)
    forged = AuditLog(other, AuditKeys(chain=CHAIN, patients=PATIENTS))
    for _ in range(60):
        forged.append(Entry(action=Action.STUDY_READ, account_id="nobody"))
    rewritten = list(forged.read())
    other.close()

    assert check(rewritten).first_bad is None
    assert check(rewritten, checkpoints).first_bad == 10


def test_a_checkpoint_that_somebody_else_signed_is_named(records):
    """A checkpoint counts with the log's signature only."""
    false = sign_checkpoint(b"x" * 32, 7, records[6].seal)

    found = check(records, [false])

    assert not is_genuine(false, public_key(SEED))
    assert found.first_bad == 7


def test_the_database_itself_refuses_to_change_or_delete_a_record(database, log):
    """A careless program cannot alter the log; only new records are taken."""
    for statement in (
        "UPDATE audit_records SET body = '{}' WHERE number = 3",
        "DELETE FROM audit_records WHERE number = 3",
        "DELETE FROM audit_records",
    ):
        with (
            pytest.raises(DBAPIError, match="only grows"),
            database.write() as connection,
        ):
            connection.execute(text(statement))

    assert len(list(log.read())) == 60


def test_a_record_holds_codes_and_hashes_and_no_patient(records, log):
    """Codes of PS3.15 A.5, who and when; the patient stands there as a keyed hash."""
    bodies = [json.loads(one.body) for one in records]

    assert {one["code"] for one in bodies} >= {"110100", "110103", "110106", "110114"}
    assert all(one["when"].endswith("+00:00") for one in bodies)
    assert all("patient-" not in one.body for one in records)
    assert {one["patient"] for one in bodies} == {
        log.patient_hash(f"patient-{step}") for step in range(10)
    }


def test_every_action_has_its_own_name_and_a_code():
    """No two actions are one, and each has an event of the standard."""
    assert len({one.value for one in Action}) == len(Action.__members__)
    assert all(len(one.event.code) == 6 and one.event.verb for one in Action)


def test_processes_that_write_at_once_share_one_chain(tmp_path):
    """Service, workers and commands append to the same log without a gap."""
    url = f"sqlite:///{tmp_path / 'service.sqlite'}"
    database = Database(url)
    migrate(database)
    program = (
        "import sys\n"
        "from tumorscope.serve.audit_log.actions import Action\n"
        "from tumorscope.serve.audit_log.entry import Entry\n"
        "from tumorscope.serve.audit_log.log import AuditKeys, AuditLog\n"
        "from tumorscope.serve.database.engine import Database\n"
        "log = AuditLog(Database(sys.argv[1]), AuditKeys(chain=b'c' * 32, "
        "patients=b'p' * 32))\n"
        "for _ in range(15): log.append(Entry(action=Action.STUDY_READ, "
        "account_id=sys.argv[2]))\n"
    )

    children = [
        subprocess.Popen([sys.executable, "-c", program, url, str(number)])  # noqa: S603 - our own
        for number in range(3)
    ]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]

    log = AuditLog(database, AuditKeys(chain=CHAIN, patients=PATIENTS))
    found = check(list(log.read()))
    database.close()
    assert (found.n_records, found.first_bad) == (45, None)


def test_what_cannot_be_written_is_an_error_for_who_asked(tmp_path):
    """Where the log fails, the request fails: nothing happens unrecorded."""
    file = tmp_path / "service.sqlite"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    log = AuditLog(database, AuditKeys(chain=CHAIN, patients=PATIENTS))
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE audit_records")

    with pytest.raises(DBAPIError):
        log.append(Entry(action=Action.STUDY_READ, account_id="anna"))
    database.close()


def test_checkpoints_are_written_at_the_start_and_now_and_then(tmp_path):
    """The first record, then every so many; the file can be read by itself."""
    told = []
    file = tmp_path / "checkpoints.jsonl"
    writer = CheckpointWriter(SEED, file, tell=told.append, every=10)
    for number in range(1, 31):
        writer(number, f"{number:064x}")
    writer.write(30, f"{30:064x}")
    writer.write(30, f"{30:064x}")

    kept = read_checkpoints(file)
    assert [one.number for one in kept] == [1, 11, 21, 30]
    assert list(kept) == told
    assert all(is_genuine(one, public_key(SEED)) for one in kept)
    assert file.stat().st_mode & 0o777 == 0o600
