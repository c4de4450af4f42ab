"""Tests of the keys of a vault: another one, and a copy that only an escrow opens."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tumorscope.domain.errors import ConfigError
from tumorscope.io.vault import Vault
from tumorscope.io.vault_audit import audit_log_of, read_log
from tumorscope.io.vault_key import read_master_key, write_new_key
from tumorscope.workflows.vault_keys import escrow_key, rotate_key


@pytest.fixture
def place(tmp_path):
    """Return a folder with a key, and a vault of three patients."""
    write_new_key(tmp_path / "key")
    vault = Vault(tmp_path / "vault.sqlite", read_master_key(tmp_path / "key"))
    for number in range(3):
        vault.entry_of("", f"P{number}", names=[f"Name{number}"], output="/out")
    return tmp_path


def options(place, **changes):
    known = {"vault": place / "vault.sqlite", "key_file": place / "key"}
    return known | {"why": "yearly"} | changes


def opened(place, key):
    return Vault(place / "vault.sqlite", read_master_key(place / key))


def test_a_new_key_opens_what_the_old_one_sealed(place):
    """Pseudonyms and the vault's name stay, so that stopped runs go on."""
    before = opened(place, "key")
    secrets = [before.find("", f"P{number}").secret for number in range(3)]
    name, content = before.vault_id, before.path.read_bytes()

    done = rotate_key(place / "new", **options(place))

    after = opened(place, "new")
    assert done.patients == 3
    assert [after.find("", f"P{number}").secret for number in range(3)] == secrets
    assert after.vault_id == name
    with pytest.raises(ConfigError, match="not the key"):
        opened(place, "key")
    rows = [content[at : at + 40] for at in range(0, len(content) - 40, 40)]
    told = [
        row for row in rows if len(set(row)) > 30 and row in after.path.read_bytes()
    ]
    assert told == []
    (line,) = read_log(audit_log_of(place / "vault.sqlite"))
    assert (line.action, line.pseudonym, line.why) == ("rotate-key", "*", "yearly")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"why": " "}, "--why is empty"), ({"key_file": "other"}, "not the key")],
)
def test_a_rotation_that_fails_leaves_the_old_key(place, changes, message):
    """No new key lies about that opens nothing."""
    write_new_key(place / "other")
    if "key_file" in changes:
        changes = {"key_file": place / changes["key_file"]}

    with pytest.raises(ConfigError, match=message):
        rotate_key(place / "new", **options(place, **changes))

    assert not (place / "new").exists()
    assert opened(place, "key").find("", "P1").names == ("Name1",)


def test_a_key_file_is_never_overwritten(place):
    """The name of an old key in the place of the new one is a mistake."""
    with pytest.raises(ConfigError, match="never overwritten"):
        rotate_key(place / "key", **options(place))

    assert opened(place, "key").find("", "P1") is not None


def write_pair(folder, bits):
    private = rsa.generate_private_key(65537, bits)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "public.pem").write_bytes(public)
    return private


def test_the_escrow_alone_opens_its_copy(place):
    """What is inside is the text of a key file."""
    private = write_pair(place, 3072)

    told = escrow_key(place / "public.pem", place / "copy", **options(place))

    way = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    text = private.decrypt((place / "copy").read_bytes(), way)
    assert text == (place / "key").read_bytes()
    assert text.strip().decode() not in told
    with pytest.raises(ConfigError, match="exists"):
        escrow_key(place / "public.pem", place / "copy", **options(place))


def test_a_weak_or_foreign_key_is_refused(place):
    """Too few bits, no key, no file."""
    write_pair(place, 2048)
    for name in ("public.pem", "key", "none"):
        with pytest.raises(ConfigError, match="3072"):
            escrow_key(place / name, place / "copy", **options(place))

    assert not (place / "copy").exists()
