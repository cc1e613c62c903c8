"""Programs that check, measure and release the distributions.

They are run from the top of the repository (``python -m tools.layers``), mostly by ``make``.  They
are not shipped, and no distribution knows of them.
"""
