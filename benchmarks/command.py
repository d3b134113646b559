"""The command line as a module, so that a benchmark runs the interpreter it was started with."""

from peer_preservation.cli import main

if __name__ == "__main__":
    main()
