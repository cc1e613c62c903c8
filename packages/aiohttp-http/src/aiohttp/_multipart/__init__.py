"""What the multipart door stands on: boundaries, part heads, part codings, and reading of bodies.

Nothing here knows which role reads or writes.
"""
