"""The private rooms of the client."""

__version__ = "3.15.0"
