"""Semantic Versioning as docs/stability.md promises it, checked on the public interface.

``surface`` describes the interface of a release, ``changes`` finds what differs between two,
``rules`` says what a release may do, ``deprecations`` reads what the code declares; ``check`` puts
them together.  Interfaces of releases are kept in ``tools/api/``.
"""
