"""Benchmarks: this tree and aiohttp 3.14 side by side, the same program on both.

``compare`` drives, ``subject`` is measured (it runs in either environment and knows nothing of
which), ``peer`` is the other end: as bare as possible, so that it is not what is measured.
"""
