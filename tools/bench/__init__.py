"""Benchmarks: this tree and aiohttp 3.14 side by side, the same program on both.

``compare`` drives; ``subject`` and ``wire`` are measured, with and without sockets (they run in
either environment and know nothing of which); ``peer`` is the other end: as bare as possible, so
that it is not what is measured; ``rivals`` are servers on other libraries.
"""
