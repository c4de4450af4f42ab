"""Where the first weights come from."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from functools import partial
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.published_weights import IMAGENET1K_V2, WeightsSource
from tumorscope.io.bundle import weights_bytes
from tumorscope.learning.initial_weights import fetch, load_initial_weights
from tumorscope.learning.network import build_network

CONTENT = bytes(range(256)) * 9000  # 2.3 MB: more than two chunks


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_args) -> None:
        pass


class _CutShort(BaseHTTPRequestHandler):
    """Promises the whole file, sends half, and hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])

    def log_message(self, *_args) -> None:
        pass


@pytest.fixture
def serve():
    """Return a function that serves with a handler on loopback until the test ends."""
    servers = []

    def start(handler) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}/weights.pth"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def served(serve, tmp_path: Path) -> str:
    """Return the address of a file that a server on loopback hands out."""
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "weights.pth").write_bytes(CONTENT)
    return serve(partial(_Silent, directory=tmp_path / "public"))


def _state() -> dict[str, torch.Tensor]:
    state = build_network().state_dict()
    return {name: value.contiguous() for name, value in state.items()}


def _source(url: str, content: bytes = CONTENT) -> WeightsSource:
    return WeightsSource(
        url=url,
        file_name="weights.pth",
        sha256_prefix=hashlib.sha256(content).hexdigest()[:8],
        size_mb=3,
    )


@pytest.fixture(scope="module")
def imagenet_like() -> dict[str, torch.Tensor]:
    """Return a state dict as torchvision publishes it: a head for 1000 classes."""
    torch.manual_seed(1)
    weights = _state()
    weights["fc.weight"] = torch.zeros(1000, 2048)
    weights["fc.bias"] = torch.zeros(1000)
    return weights


def test_file_is_fetched_whole_and_only_once(served, tmp_path):
    """From the official address into the cache; the second time from the cache."""
    folder = tmp_path / "cache"

    path = fetch(_source(served), folder=folder)
    again = fetch(_source("http://127.0.0.1:9/gone"), folder=folder)

    assert path.read_bytes() == CONTENT
    assert again == path
    assert [one.name for one in folder.iterdir()] == ["weights.pth"]


def test_progress_counts_the_chunks(served, tmp_path):
    """The user sees what is fetched, and how far it got."""
    seen = []

    def watch(items, *, total, label):
        for item in items:
            seen.append((len(item), total, label))
            yield item

    fetch(_source(served), folder=tmp_path / "cache", progress=watch)

    assert sum(size for size, _, _ in seen) == len(CONTENT)
    assert {(total, label) for _, total, label in seen} == {
        (3, "fetching weights.pth (MB)")
    }


def test_other_file_than_published_is_refused_and_not_kept(served, tmp_path):
    """What is fetched is checked before it enters the cache."""
    with pytest.raises(
        DataError, match=r"weights\.pth: SHA-256 .* does not begin with"
    ):
        fetch(_source(served, b"other"), folder=tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def test_damaged_file_in_the_cache_is_named(tmp_path):
    """A damaged file is not loaded; the error says to delete it."""
    (tmp_path / "weights.pth").write_bytes(b"damaged")

    with pytest.raises(DataError, match=r"delete .*weights\.pth and try again"):
        fetch(_source("http://127.0.0.1:9/gone"), folder=tmp_path)


def test_download_that_is_cut_short_leaves_nothing(serve, tmp_path):
    """Half a file never stands in the cache under the name of a whole one."""
    with pytest.raises((DataError, ConfigError)):
        fetch(_source(serve(_CutShort)), folder=tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def test_interrupted_download_leaves_nothing(served, tmp_path):
    """Stopped by the user in the middle: no part of a file stays."""

    def stop(items, *, total, label):
        yield next(items)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(_source(served), folder=tmp_path / "cache", progress=stop)

    assert list((tmp_path / "cache").iterdir()) == []


def test_address_without_file_says_how_to_place_it(served, tmp_path):
    """A server that answers 404 is the same to the user as no server."""
    with pytest.raises(ConfigError, match=r"404.*Place the file \(3 MB\) at"):
        fetch(_source(served + ".gone"), folder=tmp_path / "cache")


def test_offline_error_says_how_to_place_the_file(tmp_path):
    """Without network the user learns where the file goes, or what to choose instead."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/weights.pth"

        with pytest.raises(ConfigError) as caught:
            fetch(_source(url), folder=tmp_path / "cache")

    message = str(caught.value)
    assert url in message
    assert f"at {tmp_path / 'cache' / 'weights.pth'}" in message
    assert "--set train.initial_weights=scratch" in message


def test_published_source_is_pinned():
    """The address is the official one, and its name carries the digest."""
    assert IMAGENET1K_V2.url.startswith("https://download.pytorch.org/models/")
    assert IMAGENET1K_V2.file_name == f"resnet50-{IMAGENET1K_V2.sha256_prefix}.pth"


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_file_is_loaded_but_for_a_foreign_head(imagenet_like, tmp_path, suffix):
    """All layers come from the file; a head for other classes keeps its own values."""
    path = tmp_path / f"first{suffix}"
    if suffix == ".pth":
        torch.save(imagenet_like, path)
    else:
        save_file(imagenet_like, path)
    network = build_network()
    head = network.fc.weight.clone()

    told = load_initial_weights(network, str(path))

    loaded = network.state_dict()
    for name, value in imagenet_like.items():
        if not name.startswith("fc."):
            torch.testing.assert_close(loaded[name], value, rtol=0, atol=0)
    torch.testing.assert_close(network.fc.weight, head, rtol=0, atol=0)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert told == f"first{suffix}, SHA-256 {digest[:16]}"


def test_head_for_the_same_classes_is_loaded_too(tmp_path):
    """Going on from a model of one's own keeps its head."""
    weights = _state()
    save_file(weights, tmp_path / "own.safetensors")
    network = build_network()

    load_initial_weights(network, str(tmp_path / "own.safetensors"))

    torch.testing.assert_close(network.fc.weight, weights["fc.weight"])


def test_scratch_changes_nothing():
    """Random first weights are those of the seed."""
    network = build_network()
    before = network.conv1.weight.clone()

    assert load_initial_weights(network, "scratch") == "random initialization"
    torch.testing.assert_close(network.conv1.weight, before)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda state: state.pop("layer3.0.bn1.bias"),
            r"missing \['layer3.0.bn1.bias'",
        ),
        (lambda state: state.update(extra=torch.zeros(1)), r"unknown \['extra'\]"),
        (
            lambda state: state.update({"conv1.weight": torch.zeros(64, 1, 7, 7)}),
            r"another shape \['conv1.weight'\]",
        ),
    ],
    ids=["missing", "unknown", "reshaped"],
)
def test_foreign_network_is_refused_by_names(imagenet_like, tmp_path, edit, message):
    """Weights of another network are named, and the network stays as it was."""
    state = dict(imagenet_like)
    edit(state)
    torch.save(state, tmp_path / "foreign.pth")
    network = build_network()
    before = network.conv1.weight.clone()

    with pytest.raises(DataError, match=message):
        load_initial_weights(network, str(tmp_path / "foreign.pth"))

    torch.testing.assert_close(network.conv1.weight, before, rtol=0, atol=0)


class _Evil:
    def __reduce__(self):
        return os.mkdir, ("pwned",)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_file_is_a_data_error(tmp_path, suffix):
    """A file that no reader understands is named."""
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(b"nothing of the kind")

    with pytest.raises(DataError, match=f"bad{suffix}: no readable weights"):
        load_initial_weights(build_network(), str(path))


def test_code_in_a_file_is_not_run(tmp_path, monkeypatch):
    """A .pth file is a pickle: tensors are read, anything else is refused."""
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1.weight": _Evil()}, tmp_path / "evil.pth")

    with pytest.raises(DataError, match="no readable weights"):
        load_initial_weights(build_network(), str(tmp_path / "evil.pth"))

    assert not (tmp_path / "pwned").exists()


def test_file_that_holds_no_state_dict_is_refused(tmp_path):
    """A single tensor is no network."""
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")

    with pytest.raises(DataError, match="holds Tensor, not a state dict"):
        load_initial_weights(build_network(), str(tmp_path / "tensor.pth"))


def test_missing_file_lists_the_choices(tmp_path):
    """A misspelt choice is told what can be chosen."""
    with pytest.raises(ConfigError, match="use imagenet, scratch, or the path"):
        load_initial_weights(build_network(), str(tmp_path / "none.pth"))


def test_weights_of_a_bundle_are_first_weights_too(tmp_path):
    """A model goes on from another one, head and counters included."""
    donor, network = build_network(), build_network()
    arrays = {name: value.numpy() for name, value in donor.state_dict().items()}
    (tmp_path / "weights.safetensors").write_bytes(weights_bytes(arrays))

    load_initial_weights(network, str(tmp_path / "weights.safetensors"))

    for name, value in donor.state_dict().items():
        assert torch.equal(network.state_dict()[name], value)
