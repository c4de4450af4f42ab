"""Take the pictures of docs/page.md: the built page before the contract server of its tests.

Usage: python docs/scripts/page_pictures.py [OUT]     (needs chromium and `make page`)
"""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tumorscope.phantom import PhantomSpec, make_patient

ROOT = Path(__file__).parents[2]
BROWSER_TESTS = ROOT / "tests" / "serve" / "browser"
STATIC = ROOT / "src" / "tumorscope" / "serve" / "static"
SPEC = PhantomSpec(patients=10, slices_per_patient=28, size_px=192, seed=3)
COLORS = mpl.colormaps["inferno"](range(0, 256, 8))[:, :3] * 255
Step = Callable[[Page], Any]


def load(name: str) -> ModuleType:
    """Return a module of the browser tests."""
    found = importlib.util.spec_from_file_location(name, BROWSER_TESTS / f"{name}.py")
    if found is None or found.loader is None:
        raise FileNotFoundError(name)
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


phantoms = load("phantom_studies")
contract_server = load("contract_server")


def phantom_studies() -> dict[str, Any]:
    """Return the studies of the tests, the first with a realistic head."""
    studies = phantoms.all_studies()
    patient = make_patient(SPEC, 0)
    mask = patient.masks
    results = phantoms.slice_results(mask, refer=(14,), skip=(27,))
    series = phantoms.make_series(
        0, mask, results, label="Head", spacing_mm=[1.25, 1.25]
    )
    series["window"] = {"center": 2000, "width": 4000}
    pixels = [(patient.slices[..., k].astype("<i2") * 16) for k in range(3)]
    relevance = phantoms.make_map(mask)
    view = phantoms.make_view("s-usual", "Phantom 1", [series])
    studies["s-usual"] = phantoms.PhantomStudy(view, {0: pixels}, {0: relevance})
    referred = studies["s-refer"]
    results = phantoms.slice_results(mask, refer=range(28))
    one = phantoms.make_series(
        0,
        mask,
        results,
        label="Head",
        sequences=["FLAIR"],
        overlay=None,
        spacing_mm=[1.25, 1.25],
    )
    one["window"] = series["window"]
    referred.view |= {"series": [one], "input_checks": phantoms.CHECKS[:3]}
    referred.pixels[0] = [pixels[1]]
    return studies


def press(kind: str, name: str) -> Step:
    """Return a step that works one control."""
    return lambda page: page.get_by_role(kind, name=name, exact=True).click()


def go_to(slice_number: int) -> Step:
    """Return a step to a slice, counted from 1."""

    def step(page: Page) -> None:
        page.locator(".pane-frame").first.press("Home")
        for _ in range(slice_number - 1):
            page.locator(".pane-frame").first.press("ArrowUp")
        page.evaluate("() => document.activeElement.blur()")

    return step


STUDY = "#/studies/s-usual"
PICTURES: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[Step]]] = {
    "work_list": ("", {}, {"viewport": {"width": 1280, "height": 560}}, []),
    "study": (STUDY, {}, {}, [go_to(7)]),
    "map": (
        STUDY,
        {},
        {},
        [press("radio", "Image and map"), go_to(7), press("radio", "Fill")],
    ),
    "referred": ("#/studies/s-refer", {}, {}, []),
    "reading_first": (STUDY, {"reader_first": True}, {}, [go_to(10)]),
    "report": (
        STUDY,
        {},
        {"viewport": {"width": 1000, "height": 1000}},
        [
            go_to(7),
            press("radio", "Contour"),
            press("link", "Report"),
        ],
    ),
    "light_german": (
        STUDY,
        {},
        {"locale": "de-DE"},
        [go_to(7), press("button", "Hell"), press("radio", "Kontur")],
    ),
}


def shrink(picture: Image.Image) -> Image.Image:
    """Return a picture of 1000 pixels' width with a palette that keeps the map's colors."""
    small = picture.resize((1000, round(picture.height * 1000 / picture.width)))
    strip = Image.fromarray(COLORS[None].astype("uint8")).resize((1000, 200), 0)
    both = Image.new("RGB", (1000, small.height + 200))
    both.paste(small, (0, 0))
    both.paste(strip, (0, small.height))
    palette = both.quantize(160, dither=Image.Dither.NONE)
    return small.quantize(palette=palette, dither=Image.Dither.NONE)


def take(out: Path) -> None:
    """Write one picture for each state."""
    out.mkdir(parents=True, exist_ok=True)
    studies = phantom_studies()
    with sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for name, (place, wishes, options, steps) in PICTURES.items():
            contract = contract_server.Contract(
                static=STATIC, studies=studies, **wishes
            )
            with contract_server.ContractServer(contract) as server:
                chosen = {"viewport": {"width": 1400, "height": 900}, "locale": "en-US"}
                context = browser.new_context(**(chosen | options))
                page = context.new_page()
                page.goto(f"{server.address}/{place}")
                page.locator("main .card, main table").first.wait_for()
                page.wait_for_timeout(2000)
                for step in steps:
                    step(page)
                page.wait_for_timeout(1500)
                picture = Image.open(io.BytesIO(page.screenshot()))
                shrink(picture.convert("RGB")).save(out / f"{name}.png", optimize=True)
                context.close()
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/pictures/page")
