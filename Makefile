# Everything runs in a virtual environment of its own; only Python >= 3.11 and make are needed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-slow test-browser test-agents test-installs check lock bench soak clean

demo: $(READY)  ## scripted models and a real local one, from cell to report
	$(BIN)/peer-preservation demo --out demo

test: $(READY)  ## the tests, offline
	$(BIN)/pytest --numprocesses auto --dist loadfile

test-slow: $(READY)  ## a run of 500 rollouts with every fault planted, offline
	$(BIN)/pytest -m slow

test-browser: $(READY)  ## the page in Debian's Chromium (.ci/packages), offline
	$(BIN)/pytest -m browser

test-agents: $(READY)  ## the tests that need namespaces, sshd, rsync (.ci/packages) and coding agents
	$(BIN)/peer-preservation agents install
	$(BIN)/pytest -m agents --numprocesses auto

test-installs: $(READY)  ## each Python at hand, lowest and newest versions, oldest and newest pip; needs an index
	$(BIN)/python -m requirements.matrix

check: $(READY)  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## speed and memory, see benchmarks/README.md
	$(BIN)/python -m benchmarks

soak: $(READY)  ## 20,000 rollouts, killed ten times: hours; SOAK="--rollouts 400 --kills 2": minutes
	$(BIN)/python -m benchmarks.soak $(SOAK)

lock: $(READY)  ## pin all dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-header --extra local --extra agents --group dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf .venv demo

$(READY): requirements/dev.txt requirements/weights.txt requirements/install.py requirements/complete.py pyproject.toml
	@$(PYTHON) requirements/install.py .venv
