"""What a policy would do under a load, without touching anything: modelled consumers under the operator's own decisions."""

from .consumers import Pods
from .generated import LOADS, generate
from .load import Load, Work
from .named import POLICIES, Aim
from .recorded import BadRecording, read_recording
from .running import Moment, Run, run

__all__ = [
    "LOADS",
    "POLICIES",
    "Aim",
    "BadRecording",
    "Load",
    "Moment",
    "Pods",
    "Run",
    "Work",
    "generate",
    "read_recording",
    "run",
]
