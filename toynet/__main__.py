"""`python -m toynet`: the shell command, which from its first moment on can be ended without a traceback."""

import sys

from toynet.shell import interrupts

if __name__ == "__main__":
    interrupts.leave_at_once()
    from toynet.shell.command import main  # loads NumPy, which takes a while

    code = main()
    interrupts.ignore()
    sys.exit(code)
