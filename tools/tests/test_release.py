"""What a rehearsal of a release reads from others.  The rest of it is: make release."""

from __future__ import annotations

from tools.release import repair_command

COMPLAINT = """\
Traceback (most recent call last):
ImportError: aiohttp is installed incompletely: of aiohttp-http 9.8.7, 3 files are missing.
Repair:

    /opt/python -m pip install --force-reinstall --no-deps aiohttp-http==9.8.7 aiohttp-web==9.8.7

or make the environment anew.
"""


def test_the_command_of_a_complaint_is_found() -> None:
    python, *arguments, http, web = repair_command(COMPLAINT)
    assert python == "/opt/python"
    assert arguments == ["-m", "pip", "install", "--force-reinstall", "--no-deps"]
    assert (http, web) == ("aiohttp-http==9.8.7", "aiohttp-web==9.8.7")


def test_without_a_complaint_there_is_no_command() -> None:
    assert repair_command("") == []
