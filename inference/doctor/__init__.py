"""Whether the configuration is the bottleneck: checks of a model in use, each with its evidence and what mends it.

`examination` gives the checks of a connection, `absence` says why no server answers. A check is a function of a
`Patient` that gives findings.
"""

from inference.doctor.examine import ASKED, MEASURED, READ, examination
from inference.doctor.finding import Finding
from inference.doctor.lifecycle import absence

__all__ = ["ASKED", "MEASURED", "READ", "Finding", "absence", "examination"]
