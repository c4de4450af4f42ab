"""Plant identifiers, de-identify, and look for what is left: Tumorscope and its peers.

Test A fills every attribute of the Basic Profile with a value that is recognized again,
at the top, two and eight sequences deep. A leak is a value that still stands at its path,
or anywhere in its sequence; a violation is an attribute that was removed although the
table wants a value, or kept although it must go. Test B hides one identifier in each of
60 places that are met in practice, one file each, and searches the bytes of the output.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from deid_peers import PEERS, run_peer, set_up
from deid_plant import (
    FOREIGN_BYTES,
    TOKENS,
    Place,
    find_planted,
    plant_places,
    plant_table,
    planted_value,
    table_tags,
)
from pydicom import dcmread
from pydicom.dataset import Dataset

from tumorscope.io.vault_key import write_new_key
from tumorscope.workflows.deid import deidentify

RESULTS = Path(__file__).parent / "results"
DEPTHS = (0, 2, 8)
BASIC = (
    "deid.dates=remove",
    "deid.keep_characteristics=false",
    "deid.clean_descriptors=false",
)
"""No option: the Basic Profile alone, which is what the table of test A says."""


def main() -> None:
    """Run both tests and write one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peers", type=Path, help="folder for the peers' environment; none: only us"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "deid_leak.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    result = measure(options.peers)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for line in as_lines(result):
        sys.stdout.write(line + "\n")


def measure(peers: Path | None) -> dict[str, Any]:
    """Return the figures of both tests for every tool.

    Args:
        peers: Folder of the peers' environment; None to leave them out.
    """
    tools: dict[str, Callable[[Path, Path], str]] = {"tumorscope": run_ours}
    if peers is not None:
        python = set_up(peers)
        for peer in PEERS:
            tools[peer] = _peer_tool(python, peer)
    with tempfile.TemporaryDirectory() as folder:
        return {
            "planted": len(table_tags()),
            "table": {
                name: test_table(tool, Path(folder) / "a" / name, name)
                for name, tool in tools.items()
            },
            "places": {
                name: test_places(tool, Path(folder) / "b" / name, name)
                for name, tool in tools.items()
            },
        }


def run_ours(source: Path, out: Path, settings: tuple[str, ...] = BASIC) -> str:
    """De-identify a folder with Tumorscope, and return all that it said."""
    private = out.with_name(f"{out.name}-private")
    private.mkdir(parents=True)
    write_new_key(private / "key")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        done = deidentify(
            source,
            out,
            vault=private / "vault.sqlite",
            key_file=private / "key",
            assignments=settings,
        )
    by_products = [path for path in out.glob("*") if path.is_file()]
    texts = [path.read_text(encoding="latin-1") for path in by_products]
    vault = (private / "vault.sqlite").read_text(encoding="latin-1")
    return "\n".join((said.getvalue(), done.summary, vault, *texts))


def run_ours_with_options(source: Path, out: Path) -> str:
    """De-identify a folder as `research` does, with its options."""
    return run_ours(source, out, ("deid.patient_from=folder",))


def test_table(
    tool: Callable[[Path, Path], str], folder: Path, name: str
) -> dict[str, dict[str, Any]]:
    """Return leaks and violations at each depth."""
    found = {}
    for depth in DEPTHS:
        source, out = folder / f"in{depth}", folder / f"out{depth}"
        source.mkdir(parents=True)
        (source / "planted.dcm").write_bytes(plant_table(depth))
        tool(source, out)
        written = sorted(out.rglob("*.dcm"))
        if not written:
            found[str(depth)] = {"written": False, "leaks": 0, "violations": 0}
            continue
        data = dcmread(written[0], force=name != "tumorscope")
        leaks, violations = judge_table(find_planted(data, depth))
        found[str(depth)] = {
            "written": True,
            "leaks": len(leaks),
            "violations": len(violations),
            "examples": sorted(leaks + violations)[:10],
        }
    return found


def judge_table(data: Dataset | None) -> tuple[list[str], list[str]]:
    """Return the tags that leak, and those whose action was not carried out."""
    leaks, violations = [], []
    for tag, action in table_tags().items():
        planted = planted_value(tag)
        left = None if data is None else data.get(tag)
        if left is not None and _leaks(left.value, planted):
            leaks.append(f"{tag:08X}")
        if _violates(action, left):
            violations.append(f"{tag:08X}")
    return leaks, violations


def test_places(
    tool: Callable[[Path, Path], str], folder: Path, name: str
) -> dict[str, Any]:
    """Return in which places an identifier survived."""
    if name == "tumorscope":
        outputs, said = _run_alone(run_ours_with_options, folder)
    else:
        outputs, said = _run_together(tool, folder)
    counts = {
        place.name: sum(count_tokens(path, root) for path in written)
        for place, root, written in outputs
    }
    control = counts.pop("control")
    survived = [
        place.name
        for place, _, written in outputs
        if counts.get(place.name, 0) > control or _has_upper_bits(place, written)
    ]
    return {
        "places": len(counts),
        "tokens_in_control": control,
        "survived": survived,
        "refused": [place.name for place, _, written in outputs if not written],
        "tokens_in_by_products": _count(said.encode("latin-1", "ignore")),
    }


Outputs = list[tuple[Place, Path, list[Path]]]


def _run_alone(tool: Callable[[Path, Path], str], folder: Path) -> tuple[Outputs, str]:
    """Give each place a run of its own: the output has other names than the input."""
    outputs, said = [], ""
    for number, place in enumerate(plant_places()):
        source, out = folder / f"in{number}", folder / f"out{number}"
        inner = source / "Vandermolen" if place.kind == "other" else source
        inner.mkdir(parents=True)
        (inner / place.file_name).write_bytes(place.content)
        said += tool(source, out)
        root = out / "data"
        written = sorted(path for path in root.rglob("*") if path.is_file())
        outputs.append((place, root, written))
    return outputs, said


def _run_together(
    tool: Callable[[Path, Path], str], folder: Path
) -> tuple[Outputs, str]:
    """Give all DICOM files to a peer at once: it keeps their names."""
    places = [place for place in plant_places() if place.kind == "dicom"]
    source, out = folder / "in", folder / "out"
    source.mkdir(parents=True)
    for place in places:
        (source / place.file_name).write_bytes(place.content)
    said = tool(source, out)
    return [
        (place, out, [path for path in [out / place.file_name] if path.exists()])
        for place in places
    ], said


def count_tokens(path: Path, root: Path) -> int:
    """Return how often identifiers stand in a file and in its path."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content += gzip.decompress(content)
    found = _count(content)
    return found + _count(str(path.relative_to(root)).encode())


def as_lines(result: dict[str, Any]) -> list[str]:
    """Return the table for people."""
    lines = [f"Test A: {result['planted']} attributes; leaks, then violations"]
    for name, depths in result["table"].items():
        cells = [
            f"{depths[str(d)]['leaks']} + {depths[str(d)]['violations']}"
            for d in DEPTHS
        ]
        lines.append(
            f"  {name:24} top {cells[0]:>10}  2 deep {cells[1]:>10}  8 deep {cells[2]:>10}"
        )
    lines.append("Test B: places with an identifier left")
    for name, found in result["places"].items():
        lines.append(
            f"  {name:24} {len(found['survived']):3} of {found['places']}, refused "
            f"{len(found['refused'])}, in by-products {found['tokens_in_by_products']}"
        )
    return lines


def _peer_tool(python: Path, peer: str) -> Callable[[Path, Path], str]:
    def run(source: Path, out: Path) -> str:
        return run_peer(python, peer, source, out)[1]

    return run


def _count(content: bytes) -> int:
    small = content.lower()
    wide = [token.encode("utf-16-le") for token in TOKENS]
    searched = [*(token.encode() for token in TOKENS), *wide]
    searched += [token.lower() for token in FOREIGN_BYTES]
    return sum(small.count(token) for token in searched)


def _has_upper_bits(place: Place, written: list[Path]) -> bool:
    if place.name != "acquisition in the upper bits" or not written:
        return False
    data = dcmread(written[0], force=True)
    return bool((np.frombuffer(data.PixelData, "<u2") & 0xF000).any())


def _leaks(left: Any, planted: Any) -> bool:
    if isinstance(planted, list) or type(planted).__name__ == "Sequence":
        marker = planted[0].CodeMeaning
        return marker in str(left)
    return str(left) == str(planted)


def _violates(action: str, left: Any) -> bool:
    if action == "X":
        return left is not None
    if action in {"D", "U"}:
        return left is None or left.is_empty
    return action in {"Z", "Z/D"} and left is None


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).parent))
    main()
