"""Field values of HTTP: text to values and back, in pairs ``parse_x`` / ``format_x``.

Nothing below here does I/O, looks at a clock, rolls dice, or logs.
"""
