"""Stand-ins: a script that downloads its data runs without a network, on files of a folder.

`install_stand_ins` is called before the script, `stand_ins_used` afterwards.
"""

from bench.worker.stand_ins.install import install_stand_ins
from bench.worker.stand_ins.source import stand_ins_used

__all__ = ["install_stand_ins", "stand_ins_used"]
