"""One peer's training loop, run by the interpreter of its own environment.

Reads its settings from the first line of standard input, then trains a round for each
further line, and answers with the processor and wall time of each step. Nothing of
Tumorscope is imported here: the environment has none.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Step = tuple[float, float]
Rounds = Callable[[], list[Step]]


def stamp() -> Step:
    """Return processor and wall seconds of this process."""
    return time.process_time(), time.perf_counter()


def torch_step(
    settings: dict[str, Any], network: Any, optimizer: Any
) -> Callable[..., None]:
    """Return a function that trains one batch."""
    import torch
    from torch.nn import functional

    def step(images: Any, labels: Any) -> None:
        if settings["tuned"]:
            images = images.contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=settings["bf16"]):
            logits = network(images)
        functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    return step


def timed_loader(loader: Any, step: Callable[..., None]) -> list[Step]:
    """Train one epoch of a loader, decoding included."""
    stamps = [stamp()]
    for images, labels in loader:
        step(images, labels)
        stamps.append(stamp())
    return stamps


def timm_loop(settings: dict[str, Any]) -> Rounds:
    """Return timm's network, loader and optimizer, as its training script puts them together."""
    torch = one_thread_torch()
    import timm
    from timm.data import create_dataset, create_loader
    from timm.optim import create_optimizer_v2

    size = settings["size_px"]
    network = timm.create_model("resnet50", num_classes=2).train()
    if settings["tuned"]:
        network = network.to(memory_format=torch.channels_last)
    optimizer = create_optimizer_v2(network, opt="adam", lr=1e-3)
    data = create_dataset("folder", root=settings["folder"])
    loader = create_loader(
        data,
        input_size=(3, size, size),
        batch_size=settings["batch"],
        is_training=True,
        use_prefetcher=False,
        num_workers=0,
        scale=(0.9, 1.0),
        vflip=0.5,
        color_jitter=None,
        auto_augment=None,
    )
    return lambda: timed_loader(loader, torch_step(settings, network, optimizer))


def fastai_loop(settings: dict[str, Any]) -> Rounds:
    """Return fastai's learner with its own augmentation."""
    one_thread_torch()
    from fastai.vision.all import (
        Callback,
        ImageDataLoaders,
        Learner,
        Resize,
        aug_transforms,
        resnet50,
    )

    class Clock(Callback):
        def before_fit(self) -> None:
            self.stamps = [stamp()]

        def after_batch(self) -> None:
            if self.training:
                self.stamps.append(stamp())

    loaders = ImageDataLoaders.from_folder(
        settings["folder"],
        valid_pct=0.05,
        seed=0,
        item_tfms=Resize(settings["size_px"]),
        batch_tfms=aug_transforms(flip_vert=True, max_rotate=15),
        bs=settings["batch"],
        num_workers=0,
        device="cpu",
    )
    clock = Clock()
    learner = Learner(loaders, resnet50(num_classes=2), cbs=[clock])

    def run() -> list[Step]:
        with learner.no_bar(), learner.no_logging():
            learner.fit(1)
        return list(clock.stamps)

    return run


def ultralytics_loop(settings: dict[str, Any]) -> Rounds:
    """Return ultralytics' ResNet50 classifier; the network is its own variant."""
    one_thread_torch()
    os.environ["YOLO_VERBOSE"] = "False"
    from ultralytics import YOLO

    stamps: list[Step] = []

    def run() -> list[Step]:
        stamps.clear()
        model = YOLO("yolov8-cls-resnet50.yaml")
        model.add_callback("on_train_epoch_start", lambda _: stamps.append(stamp()))
        model.add_callback("on_train_batch_end", lambda _: stamps.append(stamp()))
        model.train(
            data=settings["split"],
            epochs=1,
            imgsz=settings["size_px"],
            batch=settings["batch"],
            device="cpu",
            workers=0,
            optimizer="Adam",
            flipud=0.5,
            verbose=False,
            plots=False,
            save=False,
            project=settings["scratch"],
        )
        return list(stamps)

    return run


def keras_loop(settings: dict[str, Any]) -> Rounds:
    """Return Keras' ResNet50 on TensorFlow, with augmentation layers."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if settings["bf16"]:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    size = settings["size_px"]
    data = keras.utils.image_dataset_from_directory(
        settings["folder"],
        image_size=(size, size),
        batch_size=settings["batch"],
        label_mode="int",
        verbose=False,
    )
    network = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.RandomFlip(),
            keras.layers.RandomRotation(15 / 360),
            keras.applications.ResNet50(
                weights=None, classes=2, input_shape=(size, size, 3)
            ),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy")
    stamps: list[Step] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, *_: Any, **__: Any) -> None:
            stamps.append(stamp())

        def on_train_batch_end(self, *_: Any, **__: Any) -> None:
            stamps.append(stamp())

    def run() -> list[Step]:
        stamps.clear()
        network.fit(data, epochs=1, verbose=0, callbacks=[Clock()])
        return list(stamps)

    return run


def one_thread_torch() -> Any:
    """Import torch with one thread, and what torchvision needs beside a CPU build.

    The published torchvision is built for torch with CUDA. Its operators cannot be loaded
    here, and no classifier uses them; its import only asks that they be known.
    """
    import torch

    torch.set_num_threads(1)
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
    torch._tumorscope_keeps = library  # type: ignore[attr-defined] # noqa: SLF001 - it must live
    return torch


LOOPS: dict[str, Callable[[dict[str, Any]], Rounds]] = {
    "timm": timm_loop,
    "fastai": fastai_loop,
    "ultralytics": ultralytics_loop,
    "keras": keras_loop,
}


def lines() -> Iterator[str]:
    """Yield lines of standard input as they come."""
    while line := sys.stdin.readline():
        yield line


def main() -> None:
    """Answer requests until standard input ends."""
    # Peers print what they like; answers go where nobody else writes.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests = lines()
    settings = json.loads(next(requests))
    run = LOOPS[settings["loop"]](settings)
    answers.write(json.dumps("ready") + "\n")
    answers.flush()
    for _ in requests:
        answers.write(json.dumps(run()) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
