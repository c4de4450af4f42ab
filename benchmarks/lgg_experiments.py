"""Run the product's steps on the LGG set: prepare, train, evaluate, explain.

One recipe, one run folder; what is finished is skipped and an interrupted training goes
on, so the same command can be given again at any time.

    python benchmarks/lgg_experiments.py --recipe seed --out runs/lgg-seed [--epochs 50]
    python benchmarks/lgg_experiments.py --recipe strong --folds 5 --out runs/lgg-strong-5
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cohorts import LIMIT, data_folder
from reporting import Figure, make_result, markdown_table, write_json
from tqdm import tqdm

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Item
from tumorscope.domain.specs import RunSpec
from tumorscope.io.bundle import WEIGHTS
from tumorscope.workflows.evaluate import evaluate_run, refresh_report
from tumorscope.workflows.explain import SCORES, explain
from tumorscope.workflows.prepare import SourceOptions, prepare
from tumorscope.workflows.recording import RECORD
from tumorscope.workflows.run_folder import EXPLANATIONS, REPORT_JSON, Run, open_run
from tumorscope.workflows.settings import read_settings
from tumorscope.workflows.train import train


def run_all(source: Path, folder: Path, spec: RunSpec) -> Run:
    """Run every step that is not done yet.

    Args:
        source: The data set.
        folder: The run's folder; made where it is absent.
        spec: Everything that the run is asked to do.

    Returns:
        The finished run.

    Raises:
        ConfigError: If the folder holds a run with other settings.
    """
    if (folder / RECORD).is_file():
        run = open_run(folder)
        if run.record.spec != spec:
            raise ConfigError(
                f"{folder} was prepared with other settings: choose another --out, or "
                "give the same options"
            )
    else:
        run = prepare(
            source, folder, spec, options=SourceOptions(), progress=show_progress
        )
    folds = range(len(run.split.fold_names))
    if not all((run.bundle_folder(fold) / WEIGHTS).is_file() for fold in folds):
        run = train(folder, resume=True, show_bar=True, progress=show_progress)
    if not (folder / REPORT_JSON).is_file():
        evaluate_run(folder, progress=show_progress)
    if not (folder / EXPLANATIONS / SCORES).is_file():
        explain(folder, progress=show_progress)
        refresh_report(folder)
    return run


def show_progress(items: Any, *, total: int, label: str) -> Iterator[Item]:
    """Show a bar on a terminal; nothing elsewhere."""
    yield from tqdm(items, total=total, desc=label, disable=None, leave=False)


def read_figures(folder: Path) -> list[Figure]:
    """Return the report's figures, the simple methods' and the maps'."""
    content = json.loads((folder / REPORT_JSON).read_text(encoding="utf-8"))
    unit = f"{content['n_slices']} slices, {content['n_patients']} {content['unit']}"
    groups = {
        "": content["ranking"],
        " at 0.5": content["at_half"]["metrics"],
        " at the tuned threshold": content["at_tuned"]["metrics"],
    }
    figures = [
        _figure(f"{each['name']}{where}", each, unit)
        for where, metrics in groups.items()
        for each in metrics.values()
    ]
    figures += [
        _figure(f"auroc of the simple method `{each['name']}`", each["auroc"], unit)
        for each in content["baselines"]
    ]
    maps = json.loads((folder / EXPLANATIONS / SCORES).read_text(encoding="utf-8"))
    for each in maps["methods"]:
        shown = f"{each['n_slices']} tumor slices, {each['n_patients']} patients"
        for metric in ("pointing", "dice"):
            figures.append(
                _figure(f"{metric} of `{each['method']}`", each[metric], shown)
            )
    return [each for each in figures if each is not None]


def _figure(name: str, entry: Mapping[str, Any] | None, note: str) -> Figure | None:
    if entry is None or entry.get("value") is None:
        return None
    return Figure(
        name=name, value=entry["value"], low=entry["low"], high=entry["high"], note=note
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, print the figures, write results.json and results.md."""
    options = _options(arguments)
    spec = read_settings(
        RunSpec,
        file=None,
        assignments=[
            f"train.recipe={options.recipe}",
            f"train.epochs={options.epochs}",
            "train.initial_weights=scratch",
            f"split.folds={options.folds}",
            "evaluate.baselines=true",
            *options.settings,
        ],
    )
    run = run_all(options.source or data_folder() / "lgg", options.out, spec)
    figures = read_figures(options.out)
    details = {
        "recipe": options.recipe,
        "epochs": options.epochs,
        "folds": list(run.split.fold_names),
        "limit": LIMIT,
    }
    text = f"## {options.out.name}\n\n{markdown_table(figures)}\n\n{LIMIT}\n"
    (options.out / "results.md").write_text(text, encoding="utf-8")
    result = make_result(options.out.name, figures, details=details)
    write_json(options.out / "results.json", result)
    sys.stdout.write(text)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", choices=("seed", "strong"), default="seed")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--folds", type=int, default=0, help="0: one split by patient")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument(
        "--source", type=Path, help="default: lgg below TUMORSCOPE_DATA"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="further settings, as in `tumorscope prepare`",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
