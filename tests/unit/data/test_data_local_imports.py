"""Which files a user's file is made of, told by its imports and without running anything."""

import pytest

from data.local_imports import local_files


@pytest.mark.parametrize(
    "line",
    [
        "import parts.norm",
        "import numpy, parts.norm as norm",
        "from parts import norm",
        "from parts.norm import scale",
        "from .parts.norm import scale",
        "def build():\n    from parts import norm",
        "import through",
    ],
)
def test_what_it_imports_from_its_folder_belongs_to_it(tmp_path, line):
    (tmp_path / "parts").mkdir()
    (tmp_path / "through.py").write_text("import keras\nfrom parts.norm import *\nimport mine")
    norm, mine = tmp_path / "parts" / "norm.py", tmp_path / "mine.py"
    norm.write_text("raise SystemExit('never run')")
    mine.write_text(line)
    through = [tmp_path / "through.py"] if "through" in line else []
    assert local_files(mine) == [mine, norm, *through]


def test_a_package_is_its_own_file_too_and_relative_imports_are_followed(tmp_path):
    (tmp_path / "parts").mkdir()
    for name, text in [("__init__", "from .norm import x"), ("norm", "from ..top import x")]:
        (tmp_path / "parts" / f"{name}.py").write_text(text)
    (tmp_path / "top.py").write_text("from ......... import nothing")
    (tmp_path / "mine.py").write_text("import parts")
    names = ["mine.py", "parts/__init__.py", "parts/norm.py", "top.py"]
    assert local_files(tmp_path / "mine.py") == [tmp_path / name for name in names]


@pytest.mark.parametrize("content", [b"not python", b"a = '\0'", b"\xed\xa0\x80", b"(" * 100_000])
def test_what_is_no_python_stands_alone(tmp_path, content):
    (tmp_path / "mine.py").write_bytes(content)
    assert local_files(tmp_path / "mine.py") == [tmp_path / "mine.py"]


def test_a_file_that_is_not_there_stands_alone(tmp_path):
    assert local_files(tmp_path / "mine.py") == [tmp_path / "mine.py"]
