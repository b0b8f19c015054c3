"""The session that `Database` hands to a function, by name, for layers that hold no SQL of their own."""

from sqlmodel import Session

__all__ = ["Session"]
