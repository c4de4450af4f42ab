"""The whole flow on a phantom cohort, with nothing but the installed package."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import RunSpec
from tumorscope.io.bundle import BUNDLE
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.evaluate import evaluate_run, refresh_report
from tumorscope.workflows.explain import explain
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.train import describe_models, train

PHANTOM = PhantomSpec(patients=40, slices_per_patient=16)
"""Small enough for five minutes on two cores, large enough for honest intervals."""
SPEC = RunSpec.model_validate(
    {
        "split": {"test_share": 0.25, "tune_share": 0.2},
        "preprocess": {"size_px": 96},
        "train": {"epochs": 5, "initial_weights": "scratch"},
        "evaluate": {"baselines": True},
        "explain": {
            "overlays": 6,
            "integrated_gradients_steps": 8,
            "occlusion_stride_px": 32,
            "tumor_free_slices": 8,
            "check_slices": 8,
            "deletion_slices": 2,
        },
    }
)
"""96 pixels and few epochs: a real result in little time, not a good one."""


def run_demo(
    out: Path,
    *,
    phantom_spec: PhantomSpec = PHANTOM,
    spec: RunSpec = SPEC,
    workers: int = 0,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Phantom -> prepare -> train -> evaluate -> explain.

    Args:
        out: Folder to make; what an earlier demo left there is replaced.
        phantom_spec: The cohort.
        spec: The run.
        workers: Processes that make the phantom; 0 takes one for each core.
        progress: Shows how far it got.
        say: Prints one line for each stage.

    Returns:
        The report's page.

    Raises:
        ConfigError: If `out` holds something that is no demo.
    """
    _clear(out)
    run = out / "run"
    say("1/5 phantom: synthetic head MRI with known truth (no patient's data)")
    cohort = make_phantom(
        out / "phantom", phantom_spec, workers=workers, progress=progress
    )
    say("2/5 prepare: every file opened, patients dealt to train, tune and test")
    prepared = prepare(cohort, run, spec, progress=progress)
    say(prepared.describe())
    say(f"3/5 train: ResNet50, {spec.train.epochs} epochs")
    say(describe_models(train(run, show_bar=True, progress=progress)))
    say("4/5 evaluate: intervals from a bootstrap over patients")
    say(evaluate_run(run, progress=progress).summary)
    say("5/5 explain: class activation maps beside trivial maps")
    say(explain(run, progress=progress).as_text())
    report = refresh_report(run, progress=progress)
    if report is None:
        raise ConfigError(f"{run} lost its predictions while the demo ran")
    say(f"score your own images: tumorscope predict {run / BUNDLE} FILES...")
    return report.resolve()


def _clear(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigError(f"{out} is a file: choose another --out")
    left = {path.name for path in out.iterdir()}
    is_demo = left <= {"phantom", "run"} and (
        not left or (out / "phantom" / "phantom.json").is_file()
    )
    if not is_demo:
        raise ConfigError(
            f"{out} holds {sorted(left)[:5]}, which is no earlier demo: choose another "
            "--out, or remove it"
        )
    shutil.rmtree(out)
