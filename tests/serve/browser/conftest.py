"""A real browser on the built page, before a server that plays the contract."""

from __future__ import annotations

import base64
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
UI = Path(__file__).parents[3] / "src" / "tumorscope" / "serve" / "ui"
STATIC = UI.parent / "static"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def load(name):
    """Return a module of this folder; test folders are no packages."""
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        module = importlib.util.module_from_spec(found)
        sys.modules[name] = module
        found.loader.exec_module(module)
    return sys.modules[name]


load("phantom_studies")
load("contract_server")


@pytest.fixture(scope="session")
def built_page():
    """Return the folder of the built page; build it where it is missing or old."""
    sources = [*UI.glob("*.*"), *(UI / "src").rglob("*"), *(UI / "public").rglob("*")]
    newest = max(path.stat().st_mtime for path in sources if path.is_file())
    index = STATIC / "index.html"
    if index.is_file() and index.stat().st_mtime >= newest:
        return STATIC
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the page is not built, and there is no npm: `make page`")
    if not (UI / "node_modules").is_dir():
        subprocess.run([npm, "ci", "--silent"], cwd=UI, check=True)  # noqa: S603
    subprocess.run([npm, "run", "build", "--silent"], cwd=UI, check=True)  # noqa: S603
    return STATIC


@pytest.fixture(scope="session")
def playwright():
    """Return playwright, which drives the browser of the distribution."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra 'dev'")
    if not Path(CHROMIUM).exists():
        pytest.skip("needs the Debian package chromium")
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright):
    """Return one browser for all tests."""
    opened = playwright.chromium.launch(
        executable_path=CHROMIUM, args=BROWSER_ARGUMENTS
    )
    yield opened
    opened.close()


@pytest.fixture
def contract(built_page):
    """Return what the server is to do; a test changes it before it opens the page."""
    return sys.modules["contract_server"].Contract(static=built_page)


@pytest.fixture
def server(contract):
    """Return the running server."""
    with sys.modules["contract_server"].ContractServer(contract) as running:
        yield running


def settle(page):
    """Wait until the page has drawn what was asked of it, by its own clock."""
    page.evaluate(
        """() => new Promise(done => requestAnimationFrame(
            () => requestAnimationFrame(() => setTimeout(done, 40))))"""
    )


class Watched:
    """A page, and what went wrong or abroad on it."""

    def __init__(self, page, address):
        """Listen from the first moment."""
        self.page, self.address = page, address
        self.foreign, self.errors = [], []
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note_words)

    def _note_request(self, request):
        if not request.url.startswith((self.address, "blob:")):
            self.foreign.append(request.url)

    def _note_words(self, message):
        # A refused request is part of some tests; all else that the browser says is not.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)


@pytest.fixture
def make_page(browser, server):
    """Return a maker of pages at the server; each is watched, and checked at the end."""
    contexts, watched = [], []

    def make(place="", *, within=None, **options):
        chosen = {
            "viewport": {"width": 1400, "height": 900},
            "locale": "en-US",
            "timezone_id": "UTC",
        } | options
        context = (within or browser).new_context(**chosen)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.settle = lambda: settle(page)
        watched.append(Watched(page, server.address))
        page.goto(f"{server.address}/{place}")
        return page

    yield make
    for one in watched:
        assert one.foreign == [], "the page asked another host"
        assert one.errors == []
    for context in contexts:
        context.close()


@pytest.fixture
def study_page(make_page):
    """Return a maker of pages that show a study with its pictures drawn."""

    def make(study="s-usual", **options):
        page = make_page(f"#/studies/{study}", **options)
        page.locator(".findings .card").first.wait_for()
        wait_for_pictures(page)
        return page

    return make


def wait_for_pictures(page):
    """Wait until no pane is loading."""
    page.wait_for_function(
        "() => document.querySelectorAll('.pane').length > 0"
        " && document.querySelectorAll('.pane-empty').length === 0"
        " && [...document.querySelectorAll('.pane canvas')].every(c => c.width > 1)"
    )


@pytest.fixture
def pixels_of():
    """Return a reader of a canvas: RGBA as an array (height, width, 4)."""

    def read(page, selector=".pane canvas", nth=0):
        found = page.evaluate(
            """([selector, nth]) => {
                const canvas = document.querySelectorAll(selector)[nth];
                const data = canvas.getContext("2d")
                    .getImageData(0, 0, canvas.width, canvas.height).data;
                let text = "";
                for (let i = 0; i < data.length; i += 32768)
                    text += String.fromCharCode(...data.subarray(i, i + 32768));
                return [canvas.height, canvas.width, btoa(text)];
            }""",
            [selector, nth],
        )
        height, width, text = found
        values = np.frombuffer(base64.b64decode(text), np.uint8)
        return values.reshape(height, width, 4).astype(int)

    return read
