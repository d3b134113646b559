"""Machines without a container engine: the Inspect sandbox `bwrap`, and hosts beside it.

`environment` is the one module here that knows Inspect. Below it, `machine` is an agent's machine,
`keeper` the namespaces that it lives in, `_namespaces` the program that opens and enters them,
`layout` what a machine looks like from inside, `seccomp` its system-call filter, `registry` who
owns what. docs/sandbox.md says what is held back and what is not.
"""
