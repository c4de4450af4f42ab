"""`python -m tumorscope`."""

from tumorscope.cli import main

main()
