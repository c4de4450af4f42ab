"""Tests of the pictures in a real browser. Side of the patient first; pixels, not hopes."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.debian("chromium")]

YELLOW = (255, 216, 61)


def column_of(mask):
    """Return the mean column of a mask, as a share of its width."""
    columns = np.nonzero(mask)[1]
    assert columns.size > 30, "too few pixels to speak of a side"
    return columns.mean() / mask.shape[1]


def yellow(picture):
    """Return where the contour's color is."""
    return np.abs(picture[..., :3] - YELLOW).sum(-1) < 60


def show(page, name):
    """Choose how the map is drawn."""
    page.get_by_role("radio", name=name, exact=True).click()
    wait_for_map(page, name.lower())


def wait_for_map(page, mode):
    """Wait until the pictures that may have a map are drawn with it, or without."""
    page.wait_for_function(
        "mode => document.querySelector(`.pane canvas[data-drawn=${mode}]`)", arg=mode
    )
    page.settle()


def wait_for_all(page, mode):
    """Wait until every pane is drawn with its map."""
    page.wait_for_function(
        "mode => [...document.querySelectorAll('.pane canvas')]"
        ".every(one => one.dataset.drawn === mode)",
        arg=mode,
    )
    page.settle()


def go_to_peak(page):
    """Jump to the highest slice."""
    page.get_by_role("button", name="Highest slice").click()


@pytest.mark.parametrize(("column", "side"), [(0.3, "R"), (0.7, "L")])
def test_the_lesion_lies_where_the_server_says(
    contract, study_page, pixels_of, *, column, side
):
    """Image, contour and label agree: the page draws what it is sent and flips nothing."""
    contract.studies = {
        "s-usual": sys.modules["phantom_studies"].usual_study(column=column)
    }
    page = study_page()
    go_to_peak(page)
    show(page, "Contour")
    wait_for_all(page, "contour")
    picture = pixels_of(page, nth=2)

    lesion = picture[..., :3].min(-1) > 250
    edges = page.locator(".pane").nth(2).locator(".edge").all_inner_texts()
    assert abs(column_of(lesion) - column) < 0.06
    assert abs(column_of(yellow(picture)) - column) < 0.06
    assert edges == ["R", "L", "A", "P"]
    assert edges[0 if column < 0.5 else 1] == side


def test_labels_are_those_of_the_server_and_no_others(contract, study_page):
    """A server that says otherwise is believed: the page infers no side."""
    labels = {"left": "P", "right": "A", "top": "S", "bottom": "I"}
    contract.studies["s-two"].view["series"][0]["edge_labels"] = labels

    page = study_page("s-two")

    shown = page.locator(".pane").first.locator(".edge").all_inner_texts()
    assert shown == ["P", "A", "S", "I"]


def test_without_labels_no_side_and_no_scale_is_claimed(study_page):
    """A picture without a header has no letters and no scale bar, and says so."""
    page = study_page("s-picture")

    assert page.locator(".pane .edge").count() == 0
    assert page.locator(".scale-bar").count() == 0
    assert (
        page.locator(".pane").get_by_text("Orientation and scale unknown").is_visible()
    )


def test_no_map_at_load_and_then_only_as_asked(contract, study_page, pixels_of):
    """The map is not even fetched before it is wanted; contour, fill and off follow."""
    page = study_page()
    go_to_peak(page)
    plain = pixels_of(page)
    assert not any("relevance" in path for _, path in contract.asked)
    assert (plain[..., 0] == plain[..., 2]).all(), "a grey picture has a color in it"

    show(page, "Contour")
    page.settle()
    contour = pixels_of(page)
    show(page, "Fill")
    page.settle()
    fill = pixels_of(page)
    page.keyboard.press("o")
    wait_for_map(page, "off")
    off = pixels_of(page)
    page.keyboard.press("o")
    wait_for_map(page, "fill")

    assert yellow(contour).sum() > 100
    colored = np.abs(fill[..., 0] - fill[..., 2]) > 20
    assert colored.sum() > 500
    assert (off == plain).all()
    assert (pixels_of(page) == fill).all()


def test_opacity_belongs_to_the_fill_and_changes_it(study_page, pixels_of):
    """More opacity hides more of the image; a contour has none."""
    page = study_page()
    go_to_peak(page)
    show(page, "Contour")
    assert page.get_by_role("slider", name="Opacity").count() == 0
    show(page, "Fill")
    page.settle()
    before = pixels_of(page)

    for _ in range(4):
        page.get_by_role("button", name="More: Opacity").click()
    page.settle()
    after = pixels_of(page)

    color = [np.abs(one[..., 0] - one[..., 2]).sum() for one in (before, after)]
    assert color[1] > 1.3 * color[0]
    assert (
        page.locator(".pictures .legend")
        .inner_text()
        .startswith("0\nhighest of this series")
    )


def test_a_contour_is_closed_at_a_border_and_never_appears_at_the_other(
    contract, study_page, pixels_of
):
    """A map that touches the left border leaves no line at the right one."""
    study = contract.studies["s-usual"]
    relevance = study.relevance[0]
    relevance[:] = 0
    relevance[:, 30:60, :12] = 255
    page = study_page()
    go_to_peak(page)
    page.get_by_role("radio", name="One", exact=True).click()

    show(page, "Contour")
    page.settle()
    picture = yellow(pixels_of(page))

    rows, columns = np.nonzero(picture)
    left = columns.min()
    assert picture[:, left : left + 4].sum() > 60, "not closed at the border"
    # 12 of 96 columns, and not a pixel at the other side.
    assert np.ptp(columns) < 0.6 * np.ptp(rows)


def test_the_threshold_of_the_contour_is_the_servers(contract, study_page, pixels_of):
    """A higher threshold gives a shorter line, and the legend names it."""
    lengths = []
    for threshold in (0.2, 0.8):
        contract.studies["s-usual"].view["series"][0]["overlay"]["threshold"] = (
            threshold
        )
        page = study_page()
        go_to_peak(page)
        show(page, "Contour")
        page.settle()
        lengths.append(yellow(pixels_of(page)).sum())
        assert (
            f"{threshold:.0%}".replace("%", " %")
            in page.locator(".pictures .legend").inner_text()
        )

    assert lengths[0] > 1.4 * lengths[1] > 0


def test_pixels_are_drawn_with_their_true_distances(study_page, pixels_of):
    """Two series of one head, with square and oblong pixels, have the same outline."""
    page = study_page("s-two")

    shapes = []
    for nth in (0, 1):
        rows, columns = np.nonzero(pixels_of(page, nth=nth)[..., 0] > 120)
        shapes.append((np.ptp(rows), np.ptp(columns)))

    assert shapes[0] == pytest.approx(shapes[1], rel=0.06)
    assert shapes[0][0] > 1.05 * shapes[0][1]


def test_series_move_together_by_position_until_they_are_unlinked(study_page):
    """Slices of 5 and of 10 mm show the same place; unlinked, each keeps its own."""
    page = study_page("s-two")
    places = page.locator(".pane-place")
    page.locator(".pane-frame").first.press("Home")
    assert places.all_inner_texts() == [
        "1 / 20 · \u221240.0 mm",
        "1 / 10 · \u221237.5 mm",
    ]
    page.locator(".pane-frame").first.press("End")
    assert places.all_inner_texts() == ["20 / 20 · 55.0 mm", "10 / 10 · 52.5 mm"]

    page.get_by_role("button", name="Linked").click()
    page.locator(".pane-frame").first.press("Home")

    assert places.all_inner_texts() == ["1 / 20 · \u221240.0 mm", "10 / 10 · 52.5 mm"]


def test_slices_move_by_wheel_keys_and_strip(study_page):
    """Wheel up and arrow up go up the head; Page, Home, End and the strip jump."""
    page = study_page()
    frame = page.locator(".pane-frame").first
    place = page.locator(".slice-words strong")
    assert place.inner_text() == "Slice 11 of 20"

    frame.hover()
    page.mouse.wheel(0, -100)
    assert place.inner_text() == "Slice 12 of 20"
    page.mouse.wheel(0, 100)
    frame.press("ArrowUp")
    frame.press("ArrowRight")
    assert place.inner_text() == "Slice 13 of 20"
    frame.press("PageDown")
    assert place.inner_text() == "Slice 11 of 20"
    frame.press("End")
    assert place.inner_text() == "Slice 20 of 20"
    frame.press("ArrowUp")
    assert place.inner_text() == "Slice 20 of 20"
    strip = page.get_by_role("slider", name="Tumor probability along the slices")
    strip.click(position={"x": 3, "y": 20})
    assert place.inner_text() == "Slice 1 of 20"
    strip.press("ArrowUp")
    assert place.inner_text() == "Slice 2 of 20"
    go_to_peak(page)
    assert strip.get_attribute("aria-valuetext") == (
        "Slice 12 of 20, tumor probability 0.89, Above threshold"
    )


def test_a_finger_turns_slices_and_two_fingers_zoom(study_page):
    """Touch works without a mouse: one finger for slices, two for zoom."""
    page = study_page(has_touch=True)
    place = page.locator(".slice-words strong")
    box = page.locator(".pane-frame").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        where = [{"x": a, "y": b, "id": n} for n, (a, b) in enumerate(points)]
        event = {"type": kind, "touchPoints": where}
        touch.send("Input.dispatchTouchEvent", event)

    send("touchStart", (x, y))
    for step in range(1, 6):
        send("touchMove", (x, y - 8 * step))
    send("touchEnd")
    assert place.inner_text() == "Slice 15 of 20"

    send("touchStart", (x - 20, y))
    send("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 5):
        send("touchMove", (x - 20 - 5 * step, y), (x + 20 + 5 * step, y))
    send("touchEnd")
    page.settle()
    zoomed = page.get_by_role("button", name="Fit. Now").inner_text()
    assert zoomed.split()[-2] == "200"
    assert place.inner_text() == "Slice 15 of 20"


def test_the_grey_window_follows_drag_presets_and_numbers(study_page, pixels_of):
    """A wider window is flatter; every way to set it ends in the same two numbers."""
    page = study_page()
    before = pixels_of(page)
    box = page.locator(".pane-frame").first.bounding_box()

    page.mouse.move(box["x"] + 60, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 185, box["y"] + 200, steps=4)
    page.mouse.up()
    wide = pixels_of(page)
    assert page.locator(".pane-window").first.inner_text() == "W 1500 C 500"
    assert wide[..., 0].std() < 0.95 * before[..., 0].std()

    page.get_by_label("Grey").select_option("More contrast")
    assert set(page.locator(".pane-window").all_inner_texts()) == {"W 500 C 500"}
    page.get_by_role("spinbutton", name="Window width").fill("1000")
    page.get_by_role("spinbutton", name="Window width").press("Enter")
    page.get_by_role("button", name="More: Window center").click()
    page.get_by_role("button", name="Less: Window center").click()
    page.settle()
    assert (pixels_of(page) == before).all()


def test_zoom_and_move_change_all_pictures_and_can_be_undone(study_page, pixels_of):
    """Zoomed pictures are larger on every pane; a double click fits them again."""
    page = study_page()
    before = [pixels_of(page, nth=nth) for nth in (0, 1)]
    frame = page.locator(".pane-frame").first

    frame.press("+")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("radio", name="Move").click()
    frame.click(position={"x": 40, "y": 200})
    page.settle()
    moved = [pixels_of(page, nth=nth) for nth in (0, 1)]
    frame.dblclick()
    page.settle()

    for one, other in zip(before, moved, strict=True):
        assert (other[..., 0] > 120).sum() > 1.1 * (one[..., 0] > 120).sum()
    assert (pixels_of(page) == before[0]).all()


def test_no_slice_without_a_number_gets_a_map(contract, study_page, pixels_of):
    """Where the model abstains on a slice, a chosen map is not drawn, and that is said."""
    contract.studies["s-usual"].relevance[0][5] = 255
    page = study_page()
    page.locator(".pane-frame").first.press("Home")
    for _ in range(5):
        page.locator(".pane-frame").first.press("ArrowUp")

    page.get_by_role("radio", name="Fill").click()
    page.settle()
    picture = pixels_of(page)

    assert (
        page.locator(".slice-words")
        .inner_text()
        .startswith("Slice 6 of 20 · Refer: no number shown")
    )
    assert (picture[..., 0] == picture[..., 2]).all()
    assert page.get_by_text("No map on this slice: it has no number.").is_visible()


def test_the_page_works_without_webgl(playwright, make_page, pixels_of):
    """A thin client without WebGL sees the same pictures and the same map."""
    within = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=[
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-software-rasterizer",
        ],
        ignore_default_args=["--enable-unsafe-swiftshader"],
    )
    try:
        page = make_page("#/studies/s-usual", within=within)
        page.locator(".findings .card").first.wait_for()
        assert not page.evaluate(
            "() => !!document.createElement('canvas').getContext('webgl2')"
        )
        go_to_peak(page)
        show(page, "Fill")
        page.settle()
        picture = pixels_of(page)
        assert (picture[..., 0] > 120).sum() > 1000
        assert (np.abs(picture[..., 0] - picture[..., 2]) > 20).sum() > 500
    finally:
        within.close()


def test_a_picture_of_the_wrong_size_is_not_drawn(contract, make_page):
    """Bytes that do not fit the stated shape would be sheared: an error stands instead."""
    study = contract.studies["s-two"]
    study.pixels[0][0] = study.pixels[0][0][:-1]

    page = make_page("#/studies/s-two")

    page.get_by_text("The pictures could not be loaded").wait_for()
    assert page.locator(".pane-empty").count() == 1
