"""Tests of the master key: made once, read from three places, shown nowhere."""

from __future__ import annotations

import base64

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError

from tumorscope.domain.errors import ConfigError
from tumorscope.io.vault_key import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    read_master_key,
    store_new_key,
    write_new_key,
)


class MemoryKeyring(KeyringBackend):
    """A keyring of its own for each test."""

    priority = 1

    def __init__(self, works=True):
        super().__init__()
        self.works = works
        self.held = {}

    def get_password(self, service, username):
        if not self.works:
            raise NoKeyringError
        return self.held.get((service, username))

    def set_password(self, service, username, password):
        if not self.works:
            raise NoKeyringError
        self.held[service, username] = password

    def delete_password(self, service, username):
        del self.held[service, username]


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    """Start without any key of this machine."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring(works=False))
    yield
    keyring.set_keyring(before)


def test_a_new_key_is_read_again(tmp_path, monkeypatch):
    """By its name, or by the name in the environment."""
    write_new_key(tmp_path / "key")
    key = read_master_key(tmp_path / "key")

    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "key"))

    assert len(key) == 32
    assert read_master_key(None) == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_overwritten(tmp_path):
    """With the old key everything in the vault would be lost."""
    write_new_key(tmp_path / "key")

    with pytest.raises(ConfigError, match="never overwritten"):
        write_new_key(tmp_path / "key")


def test_a_key_can_come_from_the_environment(monkeypatch):
    """As text, for containers."""
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(bytes(32)).decode())

    assert read_master_key(None) == bytes(32)


def test_a_key_can_live_in_the_keyring():
    """Made once, read without being named."""
    keyring.set_keyring(MemoryKeyring())

    store_new_key()

    assert len(read_master_key(None)) == 32
    with pytest.raises(ConfigError, match="never overwritten"):
        store_new_key()


def test_without_a_key_the_message_says_how_to_make_one():
    """The first use ends in one line that helps."""
    with pytest.raises(ConfigError, match="tumorscope deid new-key FILE"):
        read_master_key(None)
    with pytest.raises(ConfigError, match="no keyring"):
        store_new_key()


def test_a_key_that_others_may_read_is_refused(tmp_path):
    """Whoever reads it reads every patient."""
    write_new_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        read_master_key(tmp_path / "key")


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ="])
def test_a_damaged_key_is_refused_without_being_shown(tmp_path, text):
    """The message names the place and never the content."""
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)

    with pytest.raises(ConfigError) as caught:
        read_master_key(tmp_path / "key")

    assert text == "" or text not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    """A name that leads nowhere is no reason to look elsewhere."""
    with pytest.raises(ConfigError, match="no readable key"):
        read_master_key(tmp_path / "absent")
