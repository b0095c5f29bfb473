"""What the scripts of this folder that measure a program are told on the command line: `[PROGRAM]`, or `--help`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def helped(text: str, most: int) -> None:
    """Ends with `text` where it was asked for, and where there are more than `most` arguments."""
    if {"-h", "--help"}.intersection(sys.argv[1:]):
        print(text.strip())
        sys.exit()
    if len(sys.argv) - 1 > most:
        sys.exit(text.strip())


def program(text: str, most: int = 1) -> Path:
    """The first argument, or a release build; `text` says what else there is."""
    helped(text, most)
    found = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/jeton").resolve()
    return executable(found)


def executable(path: Path) -> Path:
    if not (path.is_file() and os.access(path, os.X_OK)):
        sys.exit(f"{Path(sys.argv[0]).name}: there is no program {path}; build it, or name one")
    return path
