"""The architectures are those of their papers: parameters at the sizes that these state."""

import os
import subprocess
from pathlib import Path

import pytest

from bench.core.paths import CHECKOUT
from bench.system.interpreter import find_interpreter

LARGE = "input_shape=(224, 224, 3), classes=1000"
#: Builder, arguments, which parameters, and how many there must be, with the paper's own figure.
PAPERS = {
    "ResNet-20, 0.27 M": ("resnet", "build_resnet20", "", "trainable", 269_722),
    "WRN-16-8, 11.0 M": ("resnet", "build_wide_resnet", "depth=16, width=8", "all", 10_968_570),
    "WRN-28-10, 36.5 M": ("resnet", "build_wide_resnet", "depth=28, width=10", "all", 36_497_146),
    "MobileNet, 4.2 M": ("mobilenet", "build_mobilenet", LARGE, "all", 4_253_864),
    "ConvNeXt-T, 28.6 M": ("convnext", "build_convnext", f"{LARGE}, patch=4", "all", 28_589_128),
    "ViT-Ti, 5.7 M": ("vit", "build_vit", f"{LARGE}, patch=16", "all", 5_717_416),
}
SCRIPT = """
from models.{module} import {builder}
model = {builder}({arguments})
trainable = sum(int(variable.value.numel()) for variable in model.trainable_variables)
print(model.count_params() if "{kind}" == "all" else trainable)
"""


@pytest.mark.parametrize("name", PAPERS)
def test_the_parameters_are_those_of_the_paper(name: str, tmp_path: Path) -> None:
    module, builder, arguments, kind, expected = PAPERS[name]
    script = SCRIPT.format(module=module, builder=builder, arguments=arguments, kind=kind)
    own = {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [find_interpreter("torch", {}).python, "-c", script],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) == expected
    stated = float(name.split(", ")[1].removesuffix(" M")) * 1e6
    assert expected == pytest.approx(stated, rel=0.02)
