# One word each. `make up` works on a fresh Debian 12 as root; everything it does can be repeated.
.PHONY: up down status lock

ODAMESH := .venv/bin/odamesh
UV := .venv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock"

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
	$(COMPILE) pyproject.toml --all-extras --output-file requirements.lock
	.venv/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['science'], sep='\n')" \
		| $(COMPILE) --constraint requirements.lock --output-file infra/images/science.lock -
	$(COMPILE) infra/tools.in --output-file infra/tools.lock
