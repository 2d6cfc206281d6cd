# One word each. `make up` works on a fresh Debian 12 as root; everything it does can be repeated.
.PHONY: demo test interop bench chaos alarms fuzz science bars lint format schema compose dashboards dashboard-pictures pictures up down status lock

ODAMESH := .venv/bin/odamesh
UV := .venv/bin/uv
GROUPS := --group service --group gateway --group science --group dev
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock"

# Tests and measurements flush, kill and fill servers: they have a stack of their own.
TEST_STACK := . tests/stack.env &&
CHAOS_STACK := $(TEST_STACK) export ODAMESH_ENGINE_HOME="$$ODAMESH_HOME/engine" &&

demo: .venv/current  ## everything from nothing: simulated data of every instrument through the mesh, products in demo-output/
	$(ODAMESH) demo

# On empty servers: what an earlier run left, one that failed too, is none of this one's business.
test: lint  ## every test, on real servers and a real engine
	$(TEST_STACK) $(ODAMESH) mesh down && $(ODAMESH) stack down --purge
	$(TEST_STACK) $(ODAMESH) stack up
	$(TEST_STACK) sh tests/side_by_side.sh; status=$$?; $(TEST_STACK) $(ODAMESH) stack down; exit $$status

interop: .venv/current  ## the programs of others, and every piece of code in the documentation, against a mesh on real servers
	$(TEST_STACK) $(ODAMESH) stack up
	$(TEST_STACK) .venv/bin/python -m pytest -m "long or not long" tests/interop; status=$$?; $(TEST_STACK) $(ODAMESH) stack down; exit $$status

bench: .venv/current  ## measure; one JSON object, kept in bench-output/
	@$(TEST_STACK) $(ODAMESH) stack up >&2
	@$(TEST_STACK) .venv/bin/python -m tests.bench; status=$$?; \
		$(TEST_STACK) $(ODAMESH) mesh down >&2; $(TEST_STACK) $(ODAMESH) stack down >&2; exit $$status

# On an engine of its own: some drills stop it.
chaos: .venv/current  ## every failure drill five times, on real servers; a table, kept in chaos-output/
	@$(CHAOS_STACK) $(ODAMESH) stack up >&2
	@$(CHAOS_STACK) .venv/bin/python -m tests.chaos; status=$$?; \
		$(CHAOS_STACK) $(ODAMESH) mesh down >&2; $(CHAOS_STACK) $(ODAMESH) stack down >&2; exit $$status

# The engine is left alone: what is away in the one alarm about it is the gate before it. On empty servers: objectives
# look hours back.
alarms: .venv/current  ## every alarm caused on real servers, and how soon its receiver knows; a table, kept in alarms-output/
	@$(TEST_STACK) $(ODAMESH) mesh down >&2 && $(ODAMESH) stack down --purge >&2
	@$(TEST_STACK) $(ODAMESH) stack up >&2
	@$(TEST_STACK) .venv/bin/python -m tests.alarms; status=$$?; \
		$(TEST_STACK) $(ODAMESH) mesh down >&2; $(TEST_STACK) $(ODAMESH) stack down >&2; exit $$status

# One thread for each of two processes. The servers are for the container of the spectral fits.
science: .venv/current  ## the accuracy of the analyses at full length; every bar with its figure in science-output/bars.json
	@$(TEST_STACK) $(ODAMESH) stack up >&2
	@$(TEST_STACK) OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2 --dist worksteal --timeout=3000 -m "not short" \
		--bars=science-output/bars.json tests/science; status=$$?; $(TEST_STACK) $(ODAMESH) stack down >&2; exit $$status

bars: .venv/current  ## docs/bars.md from the bars of the last `make science`
	.venv/bin/python -m tests.science.page

fuzz: .venv/current  ## ten thousand requests of each kind, good and broken, to the gateway on doubles of its servers
	.venv/bin/python -m pytest -m long tests/fuzz

lint: .venv/current
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	sh infra/build_page.sh check
	PYTHONPATH=. .venv/bin/lint-imports --no-cache

format: .venv/current
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

schema: .venv/current  ## JSON Schema of the contracts, docs/parameters.md, docs/metrics.md, and the types of the web page
	.venv/bin/python -m mesh.contracts.schema
	.venv/bin/python -m infra.parameter_reference
	.venv/bin/python -m infra.metric_reference
	.venv/bin/python -m infra.page_types

dashboards: .venv/current  ## the dashboards as files for Grafana, in infra/dashboards/grafana/
	.venv/bin/python -m infra.dashboards

dashboard-pictures: .venv/current  ## pictures of the dashboards of a busy mesh, in docs/pictures/dashboards/
	$(TEST_STACK) $(ODAMESH) stack up
	$(TEST_STACK) ODAMESH_PICTURES=docs/pictures/dashboards .venv/bin/python -m pytest tests/web/test_dashboards.py; status=$$?; \
		$(TEST_STACK) $(ODAMESH) stack down; exit $$status

pictures: .venv/current  ## pictures of the web page on a mesh with simulated data, in docs/pictures/
	$(TEST_STACK) $(ODAMESH) stack up
	$(TEST_STACK) .venv/bin/python -m pytest tests/web/pictures.py; status=$$?; $(TEST_STACK) $(ODAMESH) stack down; exit $$status

compose: .venv/current  ## the services of the instruments in infra/compose.yaml
	.venv/bin/python -m infra.stack.compose instruments

.PHONY: .venv/current
.venv/current:
	@sh infra/bootstrap.sh

up:  ## environment, servers, images, the mesh's own processes
	sh infra/bootstrap.sh
	$(ODAMESH) stack up
	$(ODAMESH) mesh up

down:  ## stop what `up` started; data stay
	$(ODAMESH) mesh down
	$(ODAMESH) stack down

status:
	$(ODAMESH) stack status
	$(ODAMESH) mesh status

lock:  ## pin every dependency with hashes
	$(COMPILE) pyproject.toml $(GROUPS) --output-file requirements.lock
	.venv/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['science'], sep='\n')" \
		| $(COMPILE) --constraint requirements.lock --output-file infra/images/science.lock -
	for list in services/*/analysis/*.in; do \
		$(COMPILE) $$(sed -n 's/^# options: //p' $$list) --output-file $${list%.in}.lock $$list || exit 1; done
	$(COMPILE) infra/tools.in --output-file infra/tools.lock
