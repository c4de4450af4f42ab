"""The master key, the address that is listened on, and what a log line may hold."""

from __future__ import annotations

import base64
import logging
import secrets
import time
from pathlib import Path

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.child_process import SECRETS, ChildOrders, start_child
from tumorscope.serve.security.log_filter import HideSecrets
from tumorscope.serve.security.oidc import OidcSettings
from tumorscope.serve.security.secret_keys import derive_keys, service_key
from tumorscope.serve.security.settings import SecuritySettings, refuse_open_binding


@pytest.fixture(autouse=True)
def _no_key_of_the_user(monkeypatch):
    for name in ("TUMORSCOPE_SERVICE_KEY", "TUMORSCOPE_SERVICE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


def text_of(key):
    """Return a key as it stands in a file."""
    return base64.b64encode(key).decode()


def test_a_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path):
    """The key is made once, with mode 600, and read again after that."""
    first = service_key(tmp_path, creates=True)

    file = tmp_path / "keys" / "service.key"
    assert service_key(tmp_path, creates=False) == first
    assert file.stat().st_mode & 0o777 == 0o600
    derived = vars_of(derive_keys(first))
    assert len(set(derived)) == len(derived)


def vars_of(keys):
    """Return the keys of all purposes."""
    return [getattr(keys, name) for name in keys.__slots__]


def test_a_command_that_reads_makes_no_key(tmp_path):
    """A new key would fit nothing: the old one has to be restored."""
    with pytest.raises(ConfigError, match="restore it"):
        service_key(tmp_path, creates=False)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    """Loose permissions are said, with what to do."""
    service_key(tmp_path, creates=True)
    (tmp_path / "keys" / "service.key").chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        service_key(tmp_path, creates=True)


@pytest.mark.parametrize(
    "text",
    [
        "changeme",
        "short" * 3,
        text_of(b"\0" * 32),
        text_of(b"0123456789abcdef" * 2),
        text_of(b"this is the key of the example!!"),
        text_of(secrets.token_bytes(31)),
    ],
    ids=["word", "no base64", "zeros", "digits", "example", "short"],
)
def test_a_default_or_short_key_is_refused(tmp_path, monkeypatch, text):
    """Keys of examples never seal a log; the message does not repeat them."""
    monkeypatch.setenv("TUMORSCOPE_SERVICE_KEY", text)

    with pytest.raises(ConfigError, match="key") as refused:
        service_key(tmp_path, creates=True)
    assert text not in str(refused.value)


def test_keys_are_not_shown(tmp_path):
    """Printing the keys shows none."""
    key = derive_keys(service_key(tmp_path, creates=True))

    assert repr(key) == "ServiceKeys()"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_at_the_machine_itself_nobody_has_to_sign_in(host):
    """Loopback addresses are open without accounts."""
    refuse_open_binding(host, "none", SecuritySettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "screening.example"])  # noqa: S104 - refused
def test_others_reach_the_service_only_by_signing_in_and_by_name(host):
    """Any other address needs accounts, and the name that browsers use."""
    with pytest.raises(ConfigError, match="--auth accounts"):
        refuse_open_binding(host, "none", SecuritySettings())
    with pytest.raises(ConfigError, match="--allowed-host"):
        refuse_open_binding(host, "accounts", SecuritySettings())
    named = SecuritySettings(allowed_hosts=("screening.example.org",))
    refuse_open_binding(host, "accounts", named)


def test_oidc_needs_its_settings():
    """Without issuer and audience every token would do."""
    with pytest.raises(ConfigError, match="--oidc-issuer"):
        refuse_open_binding("127.0.0.1", "oidc", SecuritySettings())


@pytest.mark.parametrize("host", ["*", "*.example.org", "a/b", "", "a b"])
def test_a_wildcard_is_no_host_name(host):
    """Allowed hosts are plain names."""
    with pytest.raises(ValueError, match="plain name"):
        SecuritySettings(allowed_hosts=(host,))


def test_the_keys_of_a_provider_are_never_read_over_an_open_line():
    """An issuer over http could be anybody, except at the machine itself."""
    with pytest.raises(ValueError, match="https"):
        OidcSettings(issuer="http://id.example.org", audience="tumorscope")
    OidcSettings(issuer="http://127.0.0.1:9000", audience="tumorscope")


def test_no_secret_reaches_the_log(caplog):
    """Tokens, cookies, passwords and hashes are hidden in message, extras and traces."""
    token = f"tsk_{'0' * 12}_{secrets.token_urlsafe(32)}"
    cookie = secrets.token_urlsafe(32)
    jwt = f"eyJhbGciOiJub25l.{secrets.token_urlsafe(20)}.{secrets.token_urlsafe(20)}"
    lines = (
        f"Authorization: Bearer {token}",
        f"token {token} refused",
        f"cookie tumorscope={cookie}; path=/",
        f"cookie __Host-tumorscope={cookie}",
        f"jwt {jwt}",
        "postgresql+psycopg://svc:hunter2hunter@db/tumorscope",
        '{"password": "hunter2hunter"}',
        "csrf_token=hunter2hunter",
        "$argon2id$v=19$m=65536,t=3,p=1$hunter2hunter$abc",
    )
    logger = logging.getLogger("tumorscope.test")
    shown = []
    handler = logging.StreamHandler()
    handler.emit = lambda record: shown.append(
        f"{record.getMessage()} {record.extra} {record.exc_text}"
    )
    handler.addFilter(HideSecrets())
    logger.addHandler(handler)
    try:
        for line in lines:
            try:
                int(line)
            except ValueError:
                logger.exception("failed: %s", line, extra={"extra": line})
    finally:
        logger.removeHandler(handler)

    written = "\n".join(shown)
    assert len(shown) == len(lines)
    for secret in (token[17:], cookie, jwt.split(".")[2], "hunter2hunter"):
        assert secret not in written


def test_a_process_that_reads_foreign_files_never_sees_the_key(monkeypatch, settings):
    """The environment of a worker, and so of its children, holds no secret."""
    text = text_of(secrets.token_bytes(32))
    for name in SECRETS:
        monkeypatch.setenv(name, text)
    orders = ChildOrders(name="one", settings=settings)

    def environment_of(*, knows_keys):
        bound = ("--bind", "127.0.0.1", "0")
        child = start_child(
            "http.server", orders, arguments=bound, knows_keys=knows_keys
        )
        held, ends = b"", time.monotonic() + 30
        while not held and time.monotonic() < ends:  # empty until it runs
            held = Path(f"/proc/{child.pid}/environ").read_bytes()
        child.kill()
        child.wait(timeout=30)
        assert held
        return held

    assert text.encode() not in environment_of(knows_keys=False)
    assert text.encode() in environment_of(knows_keys=True)
