"""What a run says of its model and training, for items of reporting checklists."""

from __future__ import annotations

from tumorscope.model_card.checklist import Answer, answered, partly, unanswered
from tumorscope.model_card.source import CardSource

CARD_TRAINING = "model card, Training"


def intended_use(source: CardSource) -> Answer:
    """State the intended use; the clinical background is for the authors."""
    return partly(
        f"{source.card.intended_use} The clinical background is for the authors.",
        "model card, Intended use",
    )


def model(source: CardSource) -> Answer:
    """Describe network, input and output."""
    card = source.card
    return answered(
        f"{card.architecture}: input {card.preprocess.size_px} x "
        f"{card.preprocess.size_px} pixels in three channels, outputs "
        f"{', '.join(card.classes)}; the layers are in the source code of tumorscope "
        f"{card.tumorscope_version}.",
        CARD_TRAINING,
    )


def specification(source: CardSource) -> Answer:
    """Point to the weights and all that belongs to them."""
    return answered(
        f"{len(source.cards)} bundle(s) with weights, preprocessing, calibration and "
        "threshold; SHA-256 of each file on the card. Whoever has the bundle can predict "
        "with `tumorscope predict`.",
        "RUN/bundle or RUN/bundles; model card, Environment",
    )


def software(source: CardSource) -> Answer:
    """Name the versions of the training."""
    versions = ", ".join(
        f"{name} {text}" for name, text in source.card.environment.items()
    )
    return answered(versions, "model card, Environment")


def initialization(source: CardSource) -> Answer:
    """Name the first weights."""
    return answered(
        f"{source.card.first_weights}, seed {source.card.train.seed}.", CARD_TRAINING
    )


def training(source: CardSource) -> Answer:
    """Describe recipe and optimizer."""
    train = source.card.train
    return answered(
        f"Recipe {train.recipe}: {train.epochs} epochs, batches of {train.batch_size} "
        f"slices, {train.optimizer.name} with learning rate "
        f"{train.optimizer.learning_rate:g} ({train.optimizer.schedule}), label smoothing "
        f"{train.label_smoothing:g}; augmentation and the rest in the table. "
        f"{len(source.cards)} network(s) were trained.",
        CARD_TRAINING,
    )


def selection(source: CardSource) -> Answer:
    """Say which epoch was taken, and on which part."""
    epochs = ", ".join(f"{card.data.fold}: {card.best_epoch}" for card in source.cards)
    return answered(
        f"The epoch with the highest AUROC on the tuning part ({epochs}); the test part "
        "was not read for it. Earlier runs with other settings are not in this run.",
        CARD_TRAINING,
    )


def ensembling(source: CardSource) -> Answer:
    """Say that each slice gets the score of one network."""
    return answered(
        f"None: each slice is scored by one network ({len(source.cards)} fold(s)).",
        "bundle card",
    )


def development(source: CardSource) -> Answer:
    """Describe type, training and selection in one."""
    parts = (model(source), training(source), selection(source))
    return partly(
        f"{' '.join(part.text for part in parts)} The reason for this type is for the "
        "authors.",
        CARD_TRAINING,
    )


def imbalance(source: CardSource) -> Answer:
    """Name balance of classes and calibration after it."""
    prevalence = source.card.data.prevalence["train"]
    return answered(
        f"Share of tumor slices in training: {prevalence:.3f}; class balance: "
        f"{source.card.train.balance}. Calibration on the tuning part afterwards: "
        f"{source.card.calibration.method}.",
        f"{CARD_TRAINING}; model card, Calibration",
    )


def output(source: CardSource) -> Answer:
    """Name probability, thresholds and the target that fixed them."""
    thresholds = ", ".join(
        f"{card.data.fold}: {card.threshold.threshold_probability:.3f}"
        for card in source.cards
    )
    return partly(
        f"tumor_probability of a slice in [0, 1]; above the threshold ({thresholds}), "
        f"fixed on the tuning part for {source.card.threshold.target}. Why this target "
        "suits a use is for the authors.",
        "bundle card, threshold",
    )


def predictor(source: CardSource) -> Answer:
    """Say that pixels are the only predictors."""
    sequences = ", ".join(source.cohort.sequences) or "sequences unknown"
    return partly(
        f"The pixels of one slice ({sequences}) are the only input; no clinical variable "
        "enters. How and when they were acquired is not in the run.",
        "model card, Training and Data",
    )


def prediction(source: CardSource) -> Answer:
    """Say how the tested scores were computed."""
    return answered(
        f"By the bundle's network from the stored slices, with the card's preprocessing "
        f"and calibration ({source.card.calibration.method}); scores of all test slices "
        "are kept.",
        "predictions.parquet",
    )


def no_update(source: CardSource) -> Answer:
    """Say that testing does not change the weights."""
    if source.report is None or source.is_older_than_model("evaluate"):
        return unanswered("this model was not tested: run `tumorscope evaluate RUN`")
    return answered(
        "None: the weights, calibration and threshold tested are those that training "
        "left.",
        "bundle card, files",
    )


def poor_input(source: CardSource) -> Answer:
    """Say what `predict` does with unusable input, as far as the card stores it."""
    rule = source.card.referral
    return partly(
        "`tumorscope predict` refuses unreadable files with a reason; slices are referred "
        f"to a reader by the rule “{rule.refer_when}”. Whether that suffices in use was "
        "not tested.",
        "model card, Abstention",
    )


def availability(source: CardSource) -> Answer:
    """Name the license; where weights and data can be had is for the authors."""
    if not source.facts.license:
        return unanswered(
            "write `license` in a file for `--facts`; say where weights and data are"
        )
    return partly(
        f"License of the weights: {source.facts.license}. Where software, weights and "
        "data can be had is for the authors.",
        "model card, License",
    )


def code(source: CardSource) -> Answer:
    """Name the version and commit of the software."""
    commits = sorted({stage.commit for stage in source.record.stages if stage.commit})
    return partly(
        f"tumorscope {source.card.tumorscope_version}, commit "
        f"{', '.join(commits) or 'not known (installed package)'}; settings in run.json. "
        "Where it can be had is for the authors.",
        "model card, Environment",
    )


def funding(source: CardSource) -> Answer:
    """Repeat what was stated."""
    if not source.facts.funding:
        return unanswered("write `funding` in a file for `--facts`")
    return answered(source.facts.funding, "model card, License, contact and funding")
