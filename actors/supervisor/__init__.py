"""Child specs, health, restarts, shutdown order, and the directory."""

from actors.supervisor.spec import ChildSpec, FloorSpec, InstanceSpec, Restart
from actors.supervisor.supervisor import Supervisor

__all__ = ["ChildSpec", "FloorSpec", "InstanceSpec", "Restart", "Supervisor"]
