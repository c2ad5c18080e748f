"""The table of workloads, with the builder and the recipe of each; imports no framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

#: The target of the training: the dataset's labels, its inputs (scaled to 0 to 1), or the next byte
#: at each place of a text.
Target = Literal["labels", "inputs", "next"]
Encoding = Literal["auto", "one-hot", "as given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a workload is trained: Keras identifiers, a batch size and a number of epochs.

    `optimizer` is a name or a configuration for `keras.optimizers.get`. `encoding` is the form in
    which class ids reach the loss: `one-hot` rows, `as given`, or `auto` (see
    `bench.worker.targets`). `weights` is a `.keras` or `.weights.h5` file, from the folder of the
    builder's file, with which the training starts; empty for new weights.
    `headline` is the name of
    the log by which the workload is judged, as `val_auc`; empty: `val_accuracy` if the model logs
    it, else `val_loss`. `headline_mode` is its better direction, `max` or `min`; `auto` chooses it
    by the name: larger is better for names with acc, auc, precision, recall, f1, iou, r2 and the
    like, smaller for all others (`bench.core.headline.mode_of`).
    """

    optimizer: str | dict[str, Any] = "adam"
    loss: str = "categorical_crossentropy"
    metrics: tuple[str, ...] = ("accuracy",)
    batch_size: int = 64
    epochs: int = 5
    target: Target = "labels"
    encoding: Encoding = "auto"
    weights: str = ""
    headline: str = ""
    headline_mode: Literal["auto", "max", "min"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A model builder plus its training recipe.

    `builder` is `module:function`. The function takes `input_shape`, the shape of one example, and
    optionally `classes`; it returns an uncompiled `keras.Model`. `summary` describes the model and
    the operations that it stresses. `dataset` is the default dataset and `input_shape` the shape of
    one of its examples. `parameters`, `trainable_parameters` and `forward_macs`
    (multiply-accumulates of one example) are the counts for this dataset. `floor` maps a dataset
    to the worst acceptable value of the headline metric in the last epoch of a full run.
    """

    builder: str
    summary: str
    parameters: int
    trainable_parameters: int
    forward_macs: int
    dataset: str
    input_shape: tuple[int, ...] = (32, 32, 3)
    floor: Mapping[str, float] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def floor_metric(self) -> str:
        """The log that `floor` limits: the recipe's headline metric."""
        default = "val_accuracy" if "accuracy" in self.recipe.metrics else "val_loss"
        return self.recipe.headline or default


#: The recipe of a user's builder (`FILE.py:FUNCTION`) that returns an uncompiled model.
DEFAULT_RECIPE: Final = Recipe()


def _with_rate(name: str, **config: Any) -> dict[str, Any]:
    """Return the configuration of an optimizer."""
    return {"class_name": name, "config": config}


def _momentum(rate: float) -> dict[str, Any]:
    return _with_rate("SGD", learning_rate=rate, momentum=0.9, nesterov=True)


_TEXT: Final = Recipe(optimizer=_with_rate("Adam", learning_rate=0.002), batch_size=32, epochs=4)

WORKLOADS: Final = MappingProxyType(
    {
        "lab_baseline": Workload(
            builder="models.lab:build_baseline",
            summary="two pairs of 3x3 convolutions, one dense layer (the lab's baseline)",
            parameters=24_666,
            trainable_parameters=24_666,
            forward_macs=3_788_288,
            dataset="digits",
            floor={"digits": 0.90, "cifar10": 0.61},
        ),
        "lab_deep": Workload(
            builder="models.lab:build_deep",
            summary="three VGG blocks with BatchNormalization and Dropout (the lab's deep model)",
            parameters=552_874,
            trainable_parameters=551_722,
            forward_macs=38_896_896,
            dataset="digits",
            floor={"digits": 0.90, "cifar10": 0.71},
        ),
        "mlp": Workload(
            builder="models.mlp:build_mlp",
            summary="two dense layers of 512: matrix products, and the cost of a step itself",
            parameters=669_706,
            trainable_parameters=669_706,
            forward_macs=668_672,
            dataset="fashion_mnist",
            input_shape=(28, 28, 1),
            recipe=Recipe(batch_size=128),
        ),
        "resnet20": Workload(
            builder="models.resnet:build_resnet20",
            summary="ResNet-20 of He et al. for CIFAR: small convolutions, BatchNormalization",
            parameters=271_098,
            trainable_parameters=269_722,
            forward_macs=40_551_040,
            dataset="cifar10",
            recipe=Recipe(optimizer=_momentum(0.1), batch_size=128),
        ),
        "wide_resnet": Workload(
            builder="models.resnet:build_wide_resnet",
            summary="WRN-16-4 of Zagoruyko and Komodakis: wide convolutions, so arithmetic",
            parameters=2_752_506,
            trainable_parameters=2_748_890,
            forward_macs=392_612_352,
            dataset="cifar10",
            recipe=Recipe(optimizer=_momentum(0.1), batch_size=128),
        ),
        "mobilenet": Workload(
            builder="models.mobilenet:build_mobilenet",
            summary="MobileNet of width 1: depthwise convolutions, which wait for memory",
            parameters=3_239_114,
            trainable_parameters=3_217_226,
            forward_macs=175_556_608,
            dataset="cifar10",
            recipe=Recipe(optimizer=_momentum(0.05), batch_size=128),
        ),
        "convnext_tiny_cifar": Workload(
            builder="models.convnext:build_convnext",
            summary="ConvNeXt-T with patches of 2x2: 7x7 depthwise kernels, LayerNormalization",
            parameters=27_824_362,
            trainable_parameters=27_824_362,
            forward_macs=362_777_088,
            dataset="cifar10",
            recipe=Recipe(optimizer=_with_rate("AdamW", learning_rate=5e-4, weight_decay=0.05)),
        ),
        "vit_tiny": Workload(
            builder="models.vit:build_vit",
            summary="ViT-Ti with patches of 4x4: attention, LayerNormalization, dense layers",
            parameters=5_362_762,
            trainable_parameters=5_362_762,
            forward_macs=365_107_584,
            dataset="cifar10",
            recipe=Recipe(optimizer=_with_rate("AdamW", learning_rate=5e-4, weight_decay=0.05)),
        ),
        "augmented_cnn": Workload(
            builder="models.augmented:build_augmented",
            summary="flips, shifts, rotations and contrast by Keras's layers inside the model",
            parameters=95_210,
            trainable_parameters=94_762,
            forward_macs=10_323_200,
            dataset="cifar10",
        ),
        "autoencoder": Workload(
            builder="models.autoencoder:build_autoencoder",
            summary="strided convolutions and Conv2DTranspose: a regression to the images",
            parameters=190_563,
            trainable_parameters=190_563,
            forward_macs=6_561_792,
            dataset="cifar10",
            recipe=Recipe(loss="mean_squared_error", metrics=(), target="inputs"),
        ),
        "lstm_text": Workload(
            builder="models.recurrent:build_lstm",
            summary="two bidirectional LSTMs over bytes: small steps that wait for each other",
            parameters=123_908,
            trainable_parameters=123_908,
            forward_macs=13_631_744,
            dataset="verses",
            input_shape=(128,),
            recipe=_TEXT,
        ),
        "gru_text": Workload(
            builder="models.recurrent:build_gru",
            summary="two bidirectional GRUs over bytes, whose cuDNN form not every backend takes",
            parameters=97_668,
            trainable_parameters=97_668,
            forward_macs=10_223_872,
            dataset="verses",
            input_shape=(128,),
            recipe=_TEXT,
        ),
        "transformer_text": Workload(
            builder="models.transformer:build_encoder",
            summary="an encoder of two blocks over bytes: attention over a sequence",
            parameters=446_212,
            trainable_parameters=446_212,
            forward_macs=58_720_768,
            dataset="verses",
            input_shape=(128,),
            recipe=Recipe(optimizer=_with_rate("Adam", learning_rate=5e-4), batch_size=32),
        ),
        "gpt_mini": Workload(
            builder="models.transformer:build_decoder",
            summary="a causal decoder of four blocks that predicts the next byte",
            parameters=875_392,
            trainable_parameters=875_392,
            forward_macs=120_554_496,
            dataset="verses",
            input_shape=(128,),
            recipe=Recipe(
                optimizer=_with_rate("AdamW", learning_rate=1e-3, weight_decay=0.1),
                loss="sparse_categorical_crossentropy",
                batch_size=32,
                target="next",
            ),
        ),
        "embedding_recommender": Workload(
            builder="models.recommender:build_recommender",
            summary="tables of 8,192 and 4,096 embeddings, of which a step touches a few rows",
            parameters=1_599_809,
            trainable_parameters=1_599_809,
            forward_macs=26_720,
            dataset="ratings",
            input_shape=(2,),
            recipe=Recipe(loss="binary_crossentropy", batch_size=256),
        ),
    }
)
