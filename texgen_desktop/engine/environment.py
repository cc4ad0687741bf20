"""What must stand in the environment before torch is loaded. Free of torch, so that it can be imported first."""

from __future__ import annotations

import os
from collections.abc import MutableMapping


def prepare_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what torch's libraries read while they load; call it before the first ``import torch``. What the user has set stays.

    Waiting OpenMP threads sleep instead of spinning: spinning ones make a render beside other work 2.4 times slower. But a training step is
    hundreds of short loops, and to be woken for each takes longer than the loop: 2 000 turns of spinning, some microseconds, bridge the
    gaps between them (GNU's OpenMP; two cores trained 1.4 times as fast), and are over before anything else would want the core.
    """
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environ.setdefault("GOMP_SPINCOUNT", "2000")
