"""Benchmarks: this tree and aiohttp 3.14 side by side, the same program on both.

``compare`` drives, and ``rows`` says in which order; ``server_rows`` and ``client_rows`` say what
is measured, of parts that ``measuring`` gives.

Measured are ``server``, ``client``, ``subject``, and without sockets ``unplugged``,
``unplugged_client`` and ``wire``: they run in either environment and know nothing of which.
``peer`` and ``origin`` are the other end, as bare as possible, so that they are not what is
measured; ``rivals`` and ``http_rivals`` are servers on other libraries, ``wire_rivals`` what these
do on the wire.  ``telling`` is how all of
these speak to ``measuring``.
"""
