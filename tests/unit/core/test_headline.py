"""The headline metric: its direction by name, its default, and a metric that is not there."""

from typing import Any

import pytest

from bench.core.headline import Headline, headline_of, missing_headline, mode_of
from bench.core.result import Result
from tests.fixtures.records import make_record


def _result(logs: list[dict[str, float | None]], **fields: Any) -> Result:
    result = make_record(train_seconds=[1.0] * len(logs), logs=logs, **fields).result
    assert result is not None
    return result


@pytest.mark.parametrize(
    "name",
    [
        *("val_accuracy", "val_acc", "val_sparse_top_k_categorical_accuracy", "val_auc", "auc_1"),
        *("val_precision", "val_recall_2", "val_f1_score", "val_f1", "val_mean_io_u", "val_miou"),
        *("val_r2_score", "val_heads_binary_accuracy", "val_cosine_similarity", "val_fbeta_score"),
    ],
)
def test_larger_is_better_for_accuracies_and_scores(name: str) -> None:
    assert mode_of(name) == "max"
    assert Headline(name, "max").unit == "points"


@pytest.mark.parametrize(
    "name",
    [
        *("loss", "val_loss", "val_dice_loss", "val_recall_loss", "val_mae", "perplexity"),
        *("val_mean_squared_error", "val_accuracy_error", "d_loss", "val_psnr", "accumulated"),
    ],
)
def test_smaller_is_better_for_losses_errors_and_unknown_names(name: str) -> None:
    assert mode_of(name) == "min"


def test_a_given_mode_wins_over_the_name() -> None:
    result = _result([{"val_psnr": 20.0}, {"val_psnr": 30.0}, {"val_psnr": 25.0}])
    named = _result(
        [{"val_psnr": value} for value in (20.0, 30.0, 25.0)],
        headline="val_psnr",
        headline_mode="max",
    )
    assert headline_of(result) is None
    headline = headline_of(named)
    assert headline == Headline("val_psnr", "max")
    assert (headline.final(named), headline.best(named)) == (25.0, 30.0)


def test_the_default_is_the_accuracy_and_else_the_loss_of_validation() -> None:
    assert headline_of(_result([{"val_acc": 0.5, "val_loss": 1.0}])) == ("val_accuracy", "max")
    assert headline_of(_result([{"val_loss": 1.0, "val_mae": 2.0}])) == ("val_loss", "min")
    assert headline_of(_result([{"loss": 1.0}])) is None


def test_the_best_loss_is_the_smallest() -> None:
    result = _result([{"val_loss": 3.0}, {"val_loss": 1.0}, {"val_loss": None}])
    headline = headline_of(result)
    assert headline is not None
    assert (headline.best(result), headline.final(result)) == (1.0, None)
    assert missing_headline(result) == "val_loss is not finite in the last epoch"


def test_a_missing_metric_names_the_logs_that_exist() -> None:
    result = _result([{"loss": 1.0, "val_accuracy": 0.5}], headline="val_auc")
    assert missing_headline(result) == "there is no val_auc; the logs are loss, val_accuracy"
    assert (
        missing_headline(_result([{}])) == "there is no val_accuracy and no val_loss; there are no "
        "logs"
    )
    assert missing_headline(_result([{"val_loss": 1.0}])) is None


def test_the_training_value_of_a_validation_metric() -> None:
    [epoch] = _result([{"auc": 0.8, "val_auc": 0.7, "acc": 0.4, "val_acc": 0.3}]).epochs
    assert Headline("val_auc", "max").of_training(epoch) == 0.8
    assert Headline("auc", "max").of_training(epoch) is None
    assert Headline("val_accuracy", "max").of_training(epoch) == 0.4
