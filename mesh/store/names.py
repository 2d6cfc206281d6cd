"""Names of the objects in MinIO and of the keys in Redis, in one place.

MinIO::

    requests/<request_key>.json            the analysis
    jobs/<job_id>.json                     one caller's submission
    ends/<job_id>.json                     how the job ended and which run served it
    rows/<run_id>/<page>.json              further rows of a large run
    users/allowances.json                  what each user may have waiting
    runs/<run_id>.json                     the outcome of a run: everything that a caller sees of it
    parts/<hash>.json                      parameters and lists of inputs that units share
    uploads/<sha256>                       a file that a caller sent as input of jobs
    products/<kk>/<unit_key>/<file>        files, log.txt, and manifest.json last
    evicted/<unit_key>.json                manifest of a product that was removed: how it was made, and can be again
    pins/<name>.json                       products that are never removed, and why
    links/<request_key>/<owner>.json       the job that a permanent link of a request leads to
    accounts/<name>.json                   what an operator has settled about a user
    tokens/<token_id>.json                 an API token, by the hash of its secret
    token-uses/<token_id>.json             when it was used last
    audit-trail/<day>/<page>.json          what callers did
    logs/<unit_key>.txt                    log of the last failure of a unit
    alerts/raw/<sha256>                    a message as it was posted
    alerts/receipts/<receipt_id>.json      a notice that was taken
    alerts/ids/<digest>.json               which message a sender gave an id
    alerts/quarantine/<sha256>.{bin,json}  a message that could not be taken, and why
    alerts/commands/<command_id>.json      what an operator wants done about an event
    alerts/events/<event_key>.json         what is known of an event, and what was done about it
    transients/<event_key>/<version>.json  what the mesh says of an event
    webhooks/endpoints/<name>.json         an address to which messages are posted
    webhooks/waiting/<endpoint>/<id>.json  a message on its way to one of them
    webhooks/done/<endpoint>/<id>.json     how that ended

Redis (``lua/keys.lua`` builds the same names inside the server)::

    job:<job_id>                           hash: the job and the run that serves it
    jobs, jobs:of:<user>                   sorted sets of job ids by time of submission
    jobs:active:<user>                     set: a user's jobs that have not ended
    jobs:new                               sorted set of the jobs that no run serves yet
    jobs:destroy                           sorted set: jobs that are to be deleted, by when [s since 1970]
    jobs:limited                           sorted set: jobs that may execute only so long [s]
    jobs:claim:<job_id>                    text with expiry: the request that claimed the id of a job
    jobs:users                             sorted set: users by when they last asked for something [s since 1970]
    jobs:ending                            hash: jobs that have ended -> their end, until its document is written
    request:<request_key>                  text: the active run of an analysis
    run:<run_id>                           hash: state, plan, times, outcome
    run:<run_id>:jobs                      set: jobs that wait for the run
    run:<run_id>:callers                   hash: each of them -> its lane and user
    run:<run_id>:given                     set: product keys that its caller named
    run:<run_id>:order                     list: row names `<stage>/<label>` in the order of the table
    run:<run_id>:rows                      hash: row name -> UnitRow as JSON
    run:<run_id>:in:<state>                sorted set: row names in a state, by place in the table
    run:<run_id>:counts, run:<run_id>:left hashes: rows per stage and state; rows per stage that are not final
    run:<run_id>:events                    stream of row and state changes, for live followers
    run:<run_id>:claim                     text with expiry: who takes the run on to its next stage
    run:<run_id>:deaths                    number with expiry: claimants one after another that did not give it back
    run:<run_id>:backlog                   list: keys of units that are not released yet
    runs                                   set of the runs that are not final
    unit:<unit_key>                        hash: message, number of this asking [ms since 1970], release, last known row
                                           of a unit that someone waits for
    unit:<unit_key>:runs                   set: runs that wait for the unit
    unit:<unit_key>:over                   text with expiry: the last asking that ended, or that nobody waits for
    unit:<unit_key>:deaths                 number with expiry: owners that died one after another while they executed it
    units:watched                          sorted set: released units by the time to look after them
    backlog:<instrument>:<lane>            sorted set: users with unreleased units, by their share used so far
    backlog:<instrument>:<lane>:<user>     list: their runs
    window:<instrument>:<lane>[:<user>]    sets: units released and not final
    units:retrying:<instrument>:<lane>:<user>  set: units on the retry ladder that are outside of the windows
    lease:<unit_key>, owner:<owner>        texts with expiry: who executes a unit; which owners live
    owner:<owner>:leaving                  text with expiry: the owner was asked to end
    announced:<instrument>                 hash: worker -> what it can run
    product:<unit_key>                     text: short form of a manifest
    mesh:products-used                     sorted set: product keys by last use [s since 1970]
    mesh:stock, mesh:evicted               hashes: <instrument>/<stage>/products and .../bytes, in the store and removed
    mesh:images                            hash: image -> products in the store that it made
    mesh:pinned                            set: product keys that are never removed
    mesh:evicting                          set: product keys whose files are being removed
    alerts:by-time                         sorted set: events by when their newest notice came [s since 1970]
    alerts:by-trigger                      sorted set: events by the time of their trigger [s since 1970]
    alerts:summaries                       hash: event -> what lists show, as JSON
    alerts:aliases                         hash: other name -> event
    alerts:taken-up                        set: receipts that were taken up
    alerts:public, alerts:public:tests     sorted sets: events by when the published record was made [s since 1970]
    alerts:published                       hash: event, 0 or 1 (test) -> version of that record, negative: a retraction
    alerts:waiting                         sorted set: events by when to look at them again [s since 1970]
    queries                                sorted set: queries of tables that are jobs, by when to forget them
    queries:of:<owner>                     sorted set: those of one caller, by when they were made
    queries:job:<job_id>                   text with expiry: a query as JSON
    queries:table:<job_id>                 text with expiry: its result, compressed
    queries:uploads:<job_id>               hash with expiry: table that was sent with it -> its content, compressed
    webhooks:due:<endpoint>                sorted set: messages by when to post them [s since 1970]
    webhooks:succeeded                     hash: endpoint -> when it took a message last [s since 1970]
    mesh:<word>                            marks and locks of the mesh as a whole
"""

INDEX_BEGUN = "mesh:products-indexing"
"""Who completes the index now; gone when Redis lost data meanwhile."""
INDEX_COMPLETE = "mesh:products-indexed"
"""Set while every committed product is known to be in the index."""
REBUILDING = "mesh:rebuilding"
"""Who rebuilds the records now; gone when Redis lost data meanwhile."""
GENERATION = "mesh:generation"
"""Which life of the Redis server the records belong to."""
SWEEP_LOCK = "mesh:sweep"
ACTIVE_RUNS = "runs"
ALL_JOBS = "jobs"
NEW_JOBS = "jobs:new"
USERS = "jobs:users"
ENDING_JOBS = "jobs:ending"
DESTROY = "jobs:destroy"
LIMITED = "jobs:limited"
QUERIES = "queries"
DESTROY_INDEXED = "mesh:destroy-indexed"
"""Set while every job that is to be deleted at a certain time is known to be in the index."""
WATCHED_UNITS = "units:watched"
HITS = "mesh:hits"
"""Hash: `<instrument>/<stage>` -> units whose product was there already."""
MADE = "mesh:made"
"""Hash: `<instrument>/<stage>` -> units whose product had to be made."""
PRODUCTS_USED = "mesh:products-used"
STOCK = "mesh:stock"
EVICTED_STOCK = "mesh:evicted"
IMAGES = "mesh:images"
PINNED = "mesh:pinned"
PINS_CHANGED = "mesh:pins-changed"
"""Number of changes of pins, for who reads them while others change them."""
PINS_INDEXED = "mesh:pins-indexed"
"""Set while every pin is known to be in the index; nothing is evicted without it."""
EVICTING = "mesh:evicting"
EVERYBODY = "*"
"""Stands for each user without an entry of their own."""
WEIGHTS = "mesh:weights"
"""Hash: user -> weight of the round robin; absent: 1."""
BUDGETS = "mesh:budgets"
"""Hash: user -> container seconds a day; absent: without end."""

ALERTS_BY_TIME = "alerts:by-time"
ALERTS_BY_TRIGGER = "alerts:by-trigger"
ALERT_SUMMARIES = "alerts:summaries"
ALERT_ALIASES = "alerts:aliases"
ALERTS_TAKEN_UP = "alerts:taken-up"
ALERTS_WAITING = "alerts:waiting"
ALERTS_INDEXING = "alerts:indexing"
"""Who enters all events now; gone when Redis lost data meanwhile."""
ALERTS_PUBLISHED = "alerts:published"
ALERTS_INDEXED = "alerts:indexed"
"""The form of the index in which every event is known to be."""
WEBHOOKS_REVISION = "webhooks:revision"
"""Another text after each change of the endpoints."""
WEBHOOKS_INDEXED = "webhooks:indexed"
"""Set while every message that waits is known to be in the index."""
WEBHOOKS_SUCCEEDED = "webhooks:succeeded"

LINKS = "links/"
REQUESTS = "requests/"
JOBS = "jobs/"
ENDS = "ends/"
RUNS = "runs/"
ROWS = "rows/"
ALLOWANCES = "users/allowances.json"
PARTS = "parts/"
UPLOADS = "uploads/"
PRODUCTS = "products/"
EVICTED = "evicted/"
PINS = "pins/"
LOGS = "logs/"
ACCOUNTS = "accounts/"
TOKENS = "tokens/"
TOKEN_USES = "token-uses/"  # noqa: S105  # a prefix
TRAIL = "audit-trail/"
ALERT_RAW = "alerts/raw/"
ALERT_RECEIPTS = "alerts/receipts/"
ALERT_IDS = "alerts/ids/"
ALERT_QUARANTINE = "alerts/quarantine/"
ALERT_COMMANDS = "alerts/commands/"
ALERT_EVENTS = "alerts/events/"
TRANSIENTS = "transients/"
WEBHOOK_ENDPOINTS = "webhooks/endpoints/"
WEBHOOKS_WAITING = "webhooks/waiting/"
WEBHOOKS_DONE = "webhooks/done/"
MANIFEST = "manifest.json"
LOG = "log.txt"


def link_object(request_key: str, owner: str) -> str:
    """Object of a permanent link."""
    return f"{LINKS}{request_key}/{owner}.json"


def request_object(request_key: str) -> str:
    """Object of an analysis."""
    return f"{REQUESTS}{request_key}.json"


def part_object(digest: str) -> str:
    """Object with what units share."""
    return f"{PARTS}{digest}.json"


def upload_object(digest: str) -> str:
    """Object of a file that a caller sent."""
    return f"{UPLOADS}{digest}"


def job_object(job_id: str) -> str:
    """Object of a job."""
    return f"{JOBS}{job_id}.json"


def end_object(job_id: str) -> str:
    """Object that says how a job ended."""
    return f"{ENDS}{job_id}.json"


def run_object(run_id: str) -> str:
    """Object with the outcome of a run."""
    return f"{RUNS}{run_id}.json"


def rows_object(run_id: str, page: int) -> str:
    """Object with one page of the rows of a large run."""
    return f"{ROWS}{run_id}/{page:05d}.json"


def product_object(key: str, name: str) -> str:
    """Object of one file of a product."""
    return f"{PRODUCTS}{key[:2]}/{key}/{name}"


def evicted_object(key: str) -> str:
    """Object that keeps the manifest of a product that was removed."""
    return f"{EVICTED}{key}.json"


def pin_object(name: str) -> str:
    """Object of a pin."""
    return f"{PINS}{name}.json"


def failure_log_object(key: str) -> str:
    """Object with the log of a unit's last failure."""
    return f"{LOGS}{key}.txt"


def account_object(name: str) -> str:
    """Object of an account."""
    return f"{ACCOUNTS}{name}.json"


def token_object(token_id: str) -> str:
    """Object of an API token."""
    return f"{TOKENS}{token_id}.json"


def token_use_object(token_id: str) -> str:
    """Object that says when an API token was used last."""
    return f"{TOKEN_USES}{token_id}.json"


def trail_object(day: str, page: str) -> str:
    """Object of one page of the audit trail; *day* in ISO form."""
    return f"{TRAIL}{day}/{page}.json"


def alert_raw_object(sha256: str) -> str:
    """Object of a message as it was posted."""
    return f"{ALERT_RAW}{sha256}"


def receipt_object(receipt_id: str) -> str:
    """Object of the receipt of a notice."""
    return f"{ALERT_RECEIPTS}{receipt_id}.json"


def claimed_id_object(digest: str) -> str:
    """Object that says which message a sender gave an id."""
    return f"{ALERT_IDS}{digest}.json"


def quarantine_object(sha256: str, kind: str) -> str:
    """Object of a message that could not be taken (``bin``), or of why (``json``)."""
    return f"{ALERT_QUARANTINE}{sha256}.{kind}"


def alert_command_object(command_id: str) -> str:
    """Object of what an operator wants done about an event."""
    return f"{ALERT_COMMANDS}{command_id}.json"


def alert_event_object(event_key: str) -> str:
    """Object with all that is known of an event."""
    return f"{ALERT_EVENTS}{event_key}.json"


def alerts_public(*, test: bool) -> str:
    """Sorted set of the events of which something was published, on topics of tests or of real events."""
    return "alerts:public:tests" if test else "alerts:public"


def transient_object(event_key: str, version: int) -> str:
    """Object of one version of the record of an event."""
    return f"{TRANSIENTS}{event_key}/{version:06d}.json"


def query_record(job_id: str) -> str:
    """Text of a query that is a job."""
    return f"queries:job:{job_id}"


def query_table(job_id: str) -> str:
    """Text of the result of a query."""
    return f"queries:table:{job_id}"


def query_uploads(job_id: str) -> str:
    """Hash of the tables that were sent with a query."""
    return f"queries:uploads:{job_id}"


def queries_of(owner: str) -> str:
    """Sorted set of the queries of a caller."""
    return f"queries:of:{owner}"


def webhook_endpoint_object(name: str) -> str:
    """Object of an address to which messages are posted."""
    return f"{WEBHOOK_ENDPOINTS}{name}.json"


def webhook_waiting_object(endpoint: str, delivery_id: str) -> str:
    """Object of a message on its way to an endpoint."""
    return f"{WEBHOOKS_WAITING}{endpoint}/{delivery_id}.json"


def webhook_done_object(endpoint: str, delivery_id: str) -> str:
    """Object that says how that ended."""
    return f"{WEBHOOKS_DONE}{endpoint}/{delivery_id}.json"


def webhooks_due(endpoint: str) -> str:
    """Sorted set of the messages for an endpoint."""
    return f"webhooks:due:{endpoint}"


def job_record(job_id: str) -> str:
    """Hash of a job."""
    return f"job:{job_id}"


def jobs_of(user: str) -> str:
    """Sorted set of a user's jobs."""
    return f"{ALL_JOBS}:of:{user}"


def job_claim(job_id: str) -> str:
    """Text: the request that claimed the id of a job."""
    return f"{ALL_JOBS}:claim:{job_id}"


def active_jobs(user: str) -> str:
    """Set of a user's jobs that have not ended."""
    return f"{ALL_JOBS}:active:{user}"


def spent(day: int) -> str:
    """Hash: user -> container seconds on one day, counted since 1970-01-01."""
    return f"mesh:spent:{day}"


def run_record(run_id: str, part: str = "") -> str:
    """Hash of a run, or one of its parts."""
    return f"run:{run_id}:{part}" if part else f"run:{run_id}"


def unit_record(key: str, part: str = "") -> str:
    """Hash of a unit, or one of its parts."""
    return f"unit:{key}:{part}" if part else f"unit:{key}"


def row_name(stage: str, label: str) -> str:
    """Name of a row of the table; a unit key determines its stage and label, so this is unique in a run."""
    return f"{stage}/{label}"


def product_entry(key: str) -> str:
    """Text: short form of a product's manifest."""
    return f"product:{key}"


def lease(key: str) -> str:
    """Text: who executes a unit."""
    return f"lease:{key}"


def owner(name: str, part: str = "") -> str:
    """Text: an owner of leases lives; or, as a part, that it is leaving."""
    return f"owner:{name}:{part}" if part else f"owner:{name}"


def announced(instrument: str) -> str:
    """Hash of an instrument's workers."""
    return f"announced:{instrument}"


def backlog(instrument: str, lane: str, user: str = "") -> str:
    """Sorted set of users with unreleased units, or the list of the runs of one of them."""
    return f"backlog:{instrument}:{lane}:{user}" if user else f"backlog:{instrument}:{lane}"


def retrying(instrument: str, lane: str, user: str) -> str:
    """Set of a user's units on the retry ladder that are outside of the windows."""
    return f"units:retrying:{instrument}:{lane}:{user}"


def window(instrument: str, lane: str) -> str:
    """Set of units released and not final."""
    return f"window:{instrument}:{lane}"
