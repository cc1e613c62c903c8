"""When a connection did what.  Pure: times are handed in."""

from __future__ import annotations


class Timing:
    """When the connection did what, by the clock of the loop, in seconds; 0.0: not yet."""

    __slots__ = ("body_end", "connected", "created", "head_received", "request_sent", "responses")

    def __init__(self, created: float) -> None:
        self.created = created
        self.connected = 0.0
        # These are of the exchange that is going on, or of the last one.
        self.request_sent = 0.0
        self.head_received = 0.0
        self.body_end = 0.0
        # Complete heads received so far.
        self.responses = 0

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name):.6g}" for name in self.__slots__)
        return f"<Timing {fields}>"
