"""For tests, a user's own too: a bus in memory and a clock that moves only when nothing else can."""

from bus.memory import MemoryHub, MemoryTransport
from bus.virtual_time import VirtualClock, VirtualLoop, run_virtual

__all__ = ["MemoryHub", "MemoryTransport", "VirtualClock", "VirtualLoop", "run_virtual"]
