"""The queues whose workers are started here; how, says Dask's own jobqueue.yaml."""

from __future__ import annotations

import signal

# The package takes Ctrl-C over when it is imported; who runs a plan must have it still.
_AT_CTRL_C = signal.getsignal(signal.SIGINT)
import dask_jobqueue  # noqa: E402

signal.signal(signal.SIGINT, _AT_CTRL_C)

QUEUES = {
    "slurm": dask_jobqueue.SLURMCluster,
    "pbs": dask_jobqueue.PBSCluster,
    "lsf": dask_jobqueue.LSFCluster,
    "sge": dask_jobqueue.SGECluster,
    "htcondor": dask_jobqueue.HTCondorCluster,
    "oar": dask_jobqueue.OARCluster,
}
"""By name."""
