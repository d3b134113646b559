"""Machines for agents: the Inspect sandbox `bwrap`, which needs no engine, and hosts beside one.

`environment`, `compose` and `containers` know Inspect. Below `environment`, `machine` is an
agent's machine, `hosts` what it reaches by ssh, `keeper` the namespaces that both live in,
`_namespaces` the program that opens and enters them, `layout` what a machine looks like from
inside, `seccomp` its system-call filter, `registry` who owns what. `machines` is what a reader of
hosts sees, whatever holds them; `containers` and `mirror` are that by Inspect's calls alone, for
its `docker` sandbox (`compose`). docs/sandbox.md says what is held back and what is not.
"""
