"""The page before the real service: the main flow, and the side of the patient."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time

import numpy as np
import pytest
import uvicorn

from tumorscope.domain.volume import volume_from_affine

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

ORIENTATIONS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]
DRAWN = """() => !document.querySelector(".pane-empty")
    && document.querySelector(".pane canvas").width > 300"""
LESION_RIGHT_MM = -24.0  # LPS: the patient's left is positive.


class Running:
    """The real app on a free port of the loopback, and its worker in a thread."""

    def __init__(self, service):
        """Start both."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(service.client.app, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.run, args=([listener],)),
            threading.Thread(target=self._work, args=(service,)),
        ]
        for thread in self._threads:
            thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def _work(self, service):
        while not self._stop.wait(0.1):
            service.screen()

    def stop(self):
        """Stop both."""
        self._stop.set()
        self._server.should_exit = True
        for thread in self._threads:
            thread.join()


@pytest.fixture
def real(start, built_page):
    """Return a maker of running services."""
    running = []

    def make(**changes):
        service = start(**changes)
        running.append(Running(service))
        return service, running[-1]

    yield make
    for one in running:
        one.stop()


@pytest.fixture
def open_real(browser):
    """Return a maker of pages at a real service."""
    contexts = []

    def make(address, place="", **options):
        chosen = {
            "viewport": {"width": 1400, "height": 900},
            "locale": "en-US",
        } | options
        contexts.append(browser.new_context(**chosen))
        contexts[-1].set_default_timeout(20_000)
        page = contexts[-1].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error" and page.errors.append(message.text)
            ),
        )
        page.goto(f"{address}/{place}")
        return page

    yield make
    for context in contexts:
        context.close()


def head_with_lesion():
    """Return a head in radiological order with a bright lesion of the patient's right."""
    slices, rows, columns = 10, 40, 40
    z, y, x = np.mgrid[:slices, :rows, :columns]
    x_mm, y_mm, z_mm = 3.0 * (x - 19.5), 3.0 * (y - 19.5), 8.0 * (z - 4.5)
    head = (x_mm / 52) ** 2 + (y_mm / 56) ** 2 + (z_mm / 60) ** 2 < 1
    texture = np.random.default_rng(1).integers(0, 120, head.shape)
    lesion = (x_mm - LESION_RIGHT_MM) ** 2 + (y_mm + 15) ** 2 + (z_mm - 8) ** 2 < 13**2
    voxels = np.where(head, 300 + texture, 0)
    voxels = np.where(lesion & head, 1500, voxels).astype(np.int16)
    affine = np.array(
        [
            [0, 0, 3.0, -58.5],
            [0, 3.0, 0, -58.5],
            [8.0, 0, 0, -36.0],
            [0, 0, 0, 1],
        ]
    )
    return voxels, affine


def reoriented(voxels, affine, order, flips):
    """Return the same head stored with its axes exchanged and reversed."""
    linear, origin = affine[:3, :3][:, list(order)].copy(), affine[:3, 3].copy()
    stored = voxels.transpose(order)
    for axis, is_flipped in enumerate(flips):
        if is_flipped:
            stored = np.flip(stored, axis)
            origin += linear[:, axis] * (stored.shape[axis] - 1)
            linear[:, axis] *= -1
    turned = np.eye(4)
    turned[:3, :3], turned[:3, 3] = linear, origin
    return np.ascontiguousarray(stored), turned


def lesion_side(page):
    """Return the side of the screen that the brightest region of the canvas lies on."""
    left, right = page.evaluate(
        """() => {
            const canvas = document.querySelector(".pane canvas");
            const { width, height } = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            const found = [0, 0];
            for (let i = 0; i < data.length; i += 4)
                if (data[i] > 225 && data[i + 2] > 225)
                    found[Number((i / 4) % width >= width / 2)] += 1;
            return found;
        }"""
    )
    assert left + right > 100, "no lesion in the picture"
    assert 0 in (left, right), "the lesion lies on both sides"
    return "left" if left else "right"


def test_in_all_48_orientations_the_lesion_lies_at_the_label_r(
    real, open_real, scan_makers
):
    """However a volume is stored, its right-sided lesion is drawn at the edge named R."""
    voxels, affine = head_with_lesion()
    files = {}
    for number, (order, flips) in enumerate(ORIENTATIONS):
        stored, turned = reoriented(voxels, affine, order, flips)
        volume = volume_from_affine(stored, turned)
        files[f"o{number:02}_flair.nii.gz"] = scan_makers.make_nifti(volume)
    service, running = real()
    study = service.upload(files)
    small = {"width": 1000, "height": 620}
    page = open_real(running.address, f"#/studies/{study}", viewport=small)
    page.get_by_role("heading", name="Result").wait_for()
    page.get_by_role("radio", name="One", exact=True).click()
    choice = page.get_by_role("combobox", name="Sequence", exact=True)

    found = []
    for number in range(len(ORIENTATIONS)):
        choice.select_option(index=number)
        page.get_by_role("slider", name=re.compile(rf"o{number:02}_flair")).wait_for()
        page.wait_for_function(DRAWN)
        side = lesion_side(page)
        edges = page.locator(".pane .edge").all_inner_texts()
        found.append((side, edges))

    assert len(found) == 48
    assert found == [("left", ["R", "L", "A", "P"])] * 48
    assert page.errors == []


def test_the_main_flow_before_the_real_service(real, open_real, pictures, tmp_path):
    """Choose, upload, wait, read first, see the result and its map, give feedback."""
    service, running = real(reader_first=True)
    page = open_real(running.address)
    files = [
        {"name": name, "mimeType": "image/png", "buffer": content}
        for name, content in pictures.items()
    ]
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_label("Title").fill("Flow")
    page.get_by_role("button", name="Upload and screen").click()
    page.get_by_role("link", name="Open the study").click()

    page.get_by_label("Suspected").check()
    assert page.locator(".result-value").count() == 0
    page.get_by_role("button", name="Record and show").click()
    page.get_by_role("heading", name="Your reading", exact=True).wait_for()
    page.get_by_role("radio", name="Fill").click()
    page.locator(".pictures .legend").wait_for()
    page.get_by_label("Right", exact=True).check()
    page.get_by_label("Comment").fill("Fits.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Fits.", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF A4").click()
    download.value.save_as(tmp_path / "report.pdf")
    page.goto(f"{running.address}/#/models")
    page.get_by_text("Intended use").first.wait_for()

    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    study = service.client.get("/api/v1/studies").json()["items"][0]
    assert study["title"] == "Flow"
    assert study["reading"]["opinion"] == "suspected"
    assert page.errors == []


def test_the_policy_of_the_real_service_lets_the_page_work(real, open_real):
    """Headers forbid what the page never does: nothing on it is blocked."""
    _, running = real()
    page = open_real(running.address)
    page.get_by_text("No study yet.").wait_for()

    policy = page.evaluate(
        "async () => (await fetch('./')).headers.get('Content-Security-Policy')"
    )

    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert page.errors == []
