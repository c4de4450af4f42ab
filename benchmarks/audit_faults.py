"""Is each planted fault found by the audit, and does a clean cohort pass?

Phantoms of the same persons are made with one fault each, and `tumorscope audit` judges
them whole, as a user would run it. A fault is found when a gate that it is expected to
trip has failed; a false alarm is a gate that fails on the clean phantom, or one that no
part of the planted fault explains. The real sets, where they are at hand, are audited as
well: what is found there is told, not judged.

    python benchmarks/audit_faults.py
    python benchmarks/audit_faults.py --faults clean border --patients 40
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import cv2
import pandas as pd
from cohorts import data_folder
from reporting import Figure, make_result, report, write_json

from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.specs import RunSpec
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.audit import WrittenAudit, audit
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import prepare

TABLE = "phantom.csv"
REAL = ("lgg", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault, and the gates that may fail because of it.

    Attributes:
        expected: It is found when one of these gates fails.
        explained: Other gates that rightly fail with it.
        spec: Settings of the phantom.
        plant: Changes the finished folder; None where the settings do it all.
        prepared: Settings of the run that is audited; None audits the source itself.
    """

    expected: tuple[str, ...]
    explained: tuple[str, ...] = ()
    spec: MappingProxyType[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    plant: Callable[[Path], None] | None = None
    prepared: RunSpec | None = None


def truncate_files(folder: Path) -> None:
    """Cut off the end of one file in fifteen."""
    for path in _images(folder)[::15]:
        path.write_bytes(path.read_bytes()[:2000])


def copy_with_other_label(folder: Path) -> None:
    """List one tumor slice again, under another patient and without tumor."""
    table = pd.read_csv(folder / TABLE)
    source = table[table["label"] == 1].iloc[0]
    target = table[table["has_tumor_patient"] == 0].index[0]
    shutil.copy(folder / source["image"], folder / table.at[target, "image"])


def copy_flair_into_t1(folder: Path) -> None:
    """Fill the first sequence of all patients with tumor with a copy of the second."""
    table = pd.read_csv(folder / TABLE)
    for name in table.loc[table["has_tumor_patient"] == 1, "image"]:
        pixels = cv2.imread(str(folder / name))
        pixels[..., 2] = pixels[..., 1]  # OpenCV reads BGR: t1 is the last plane
        cv2.imwrite(str(folder / name), pixels)


def hide_patients(folder: Path) -> None:
    """Leave class folders of pictures without any patient id."""
    table = pd.read_csv(folder / TABLE)
    for number, (name, label) in enumerate(
        zip(table["image"], table["label"], strict=True)
    ):
        target = folder / ("yes" if label else "no") / f"{number:05d}.png"
        target.parent.mkdir(exist_ok=True)
        (folder / name).rename(target)
    for rest in (*folder.glob("P*"), *folder.glob("phantom.*")):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()


SHORTCUTS = tuple(
    f"shortcut-{name}" for name in ("border", "background", "brain-masked", "file")
)
FAULTS = MappingProxyType(
    {
        "clean": Fault(expected=()),
        "bright frame": Fault(
            expected=("suspicious-files",),
            explained=SHORTCUTS,
            spec=MappingProxyType({"border_cue": 1.0}),
        ),
        "bright frame, one of three": Fault(
            expected=("suspicious-files", "shortcut-border"),
            explained=SHORTCUTS,
            spec=MappingProxyType({"border_cue": 0.34}),
        ),
        "smaller pictures": Fault(
            expected=("suspicious-files", "shortcut-file"),
            explained=(*SHORTCUTS, "shortcut-file-size"),
            spec=MappingProxyType({"size_cue": 1.0}),
        ),
        "site tells the class": Fault(
            expected=("source-is-class", "shortcut-scanner"),
            explained=SHORTCUTS,
            spec=MappingProxyType({"site_label_tie": 1.0}),
        ),
        "copies under other patients": Fault(
            expected=("duplicates-across-parts",),
            explained=("contradicting-duplicates",),
            spec=MappingProxyType({"near_duplicates": 0.05}),
        ),
        "persons scanned again under a new id": Fault(
            expected=("duplicates-across-parts", "same-head"),
            explained=("contradicting-duplicates",),
            spec=MappingProxyType({"repeated_patients": 0.2}),
        ),
        "one picture under both labels": Fault(
            expected=("contradicting-duplicates",),
            explained=("duplicates-across-parts",),
            plant=copy_with_other_label,
        ),
        "copied sequence in patients with tumor": Fault(
            expected=("missing-sequences",),
            explained=SHORTCUTS,
            plant=copy_flair_into_t1,
        ),
        "truncated files": Fault(expected=("unreadable-files",), plant=truncate_files),
        "ids hidden, split by near-duplicates": Fault(
            expected=("pseudo-patients",),
            # Folds that share heads let every probe know the head again.
            explained=SHORTCUTS,
            plant=hide_patients,
            prepared=RunSpec(
                pseudo_patients=PseudoPatientSpec(grouping="near-duplicates")
            ),
        ),
        "ids hidden": Fault(expected=(), plant=hide_patients),
    }
)


def judge(name: str, written: WrittenAudit, seconds: float) -> tuple[Figure, ...]:
    """Compare the gates that failed with those that had to."""
    failed = {gate.gate for gate in written.report.gates if gate.has_failed}
    note = f"failed: {', '.join(sorted(failed)) or 'no gate'}; {seconds:.0f} s"
    if name not in FAULTS:
        return (
            Figure(name=f"{name}: gates that failed", value=len(failed), note=note),
        )
    fault = FAULTS[name]
    unexplained = failed - {*fault.expected, *fault.explained}
    figures = [
        Figure(
            name=f"{name}: false alarms", value=len(unexplained), goal=0.0, note=note
        )
    ]
    if fault.expected:
        found = float(not failed.isdisjoint(fault.expected))
        figures.append(
            Figure(name=f"{name}: found", value=found, goal=1.0, at_least=True)
        )
    return tuple(figures)


def measure(name: str, scratch: Path, patients: int) -> tuple[Figure, ...]:
    """Make or open one cohort, audit it, judge what was said."""
    place = data_folder() / name
    if name in FAULTS:
        fault = FAULTS[name]
        place = scratch / "cohort"
        shutil.rmtree(place, ignore_errors=True)
        spec = PhantomSpec.model_validate({"patients": patients} | dict(fault.spec))
        make_phantom(place, spec, workers=1)
        if fault.plant is not None:
            fault.plant(place)
        if fault.prepared is not None:
            run = scratch / "run"
            shutil.rmtree(run, ignore_errors=True)
            prepare(place, run, fault.prepared)
            place = run
    start = time.perf_counter()
    written = audit(place, out=scratch / "audit")
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{written.as_text()}\n\n")
    return judge(name, written, seconds)


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("P*/*.png") if "_mask" not in path.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the chosen cohorts, print the table, return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    at_hand = [name for name in REAL if (data_folder() / name).is_dir()]
    parser.add_argument(
        "--faults", nargs="+", choices=(*FAULTS, *REAL), default=[*FAULTS, *at_hand]
    )
    parser.add_argument("--patients", type=int, default=40, help="of each phantom")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.faults:
            figures += measure(name, Path(scratch), options.patients)
            if options.json:
                write_json(options.json, make_result("audit_faults", figures))
    report(make_result("audit_faults", figures), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
