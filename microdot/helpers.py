"""Helpers for those who write decorators around handlers."""

from .compat import wraps

__all__ = ["wraps"]
