"""The dashboards of the mesh. The runbook says what to do about what they show."""

from infra.dashboards.panel import Dashboard, Line, Panel, Unit, one

_NOT_PROBES = 'route!~"/livez|/readyz|/metrics"'
_NO_STREAMS = 'route!~"/livez|/readyz|/metrics|.*/events"'
_OF_DISPATCHER = 'queue=~"requests.dispatcher|events.aggregate"'
_DISK = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"'


def _quantiles(title: str, metric: str, by: str, legend: str, selector: str = "", *, empty: str = "") -> Panel:
    """Return a panel with the median and the 99th percentile of a histogram of seconds."""
    rate = f"sum by (le, {by}) (rate({metric}_bucket{{{selector}}}[5m]))"
    lines = tuple(
        Line(f"histogram_quantile({q}, {rate})", f"{legend} {word}") for q, word in ((0.5, "half"), (0.99, "99 %"))
    )
    unit: Unit = "s"
    return Panel(title, lines, unit, "Half of them, and all but one in a hundred, are below.", empty)


_UP = one("Processes that answer", 'sum by (job) (up{job=~"mesh|rabbitmq|minio|machine"})', "{job}")
_RAISED = one(
    "Alarms that are raised",
    'count by (alertname) (ALERTS{alertstate="firing"})',
    "{alertname}",
    help="Empty is good. `odamesh alarms list` says what to do.",
    empty="no alarm is raised",
)
_RUNS = one("Runs that are not final", "max(odamesh_runs_active)", "runs")
_ENDED = one("Runs that ended", "sum by (state) (rate(odamesh_runs_total[5m]))", "{state}", "/s")
_AT_WORK = one("Units at work", "sum by (instrument, lane) (odamesh_units_running)", "{instrument} {lane}")
_IN_QUEUES = one(
    "Units in the queues",
    'sum by (queue) (rabbitmq_detailed_queue_messages_ready{queue=~"units\\\\..*"})',
    "{queue}",
    help="Short: the dispatcher releases what can be taken. Long without a consumer: the service is away.",
)
_OLDEST = one("Oldest run of each lane", "max by (lane) (odamesh_runs_oldest_seconds)", "{lane}", "s")
_ANSWERS = one(
    "Requests", f"sum by (status) (rate(odamesh_gateway_requests_total{{{_NOT_PROBES}}}[5m]))", "{status}", "/s"
)

GLANCE = Dashboard(
    "glance",
    "The mesh at a glance",
    {
        "Is it well": (_UP, _RAISED),
        "What it does": (_ANSWERS, _RUNS, _ENDED, _AT_WORK),
        "What waits": (_IN_QUEUES, _OLDEST),
    },
)

LANES = Dashboard(
    "lanes",
    "Queues and lanes",
    {
        "Units": (
            _IN_QUEUES,
            one(
                "Consumers",
                'sum by (queue) (rabbitmq_detailed_queue_consumers{queue=~"units\\\\..*"})',
                "{queue}",
                help="None where units wait: `LaneWithoutConsumer`.",
            ),
            one(
                "Units released",
                "sum by (instrument, lane) (rate(odamesh_units_released_total[5m]))",
                "{instrument} {lane}",
                "/s",
            ),
            _quantiles(
                "Wait from the opening of a run to its first unit", "odamesh_run_wait_seconds", "lane", "{lane}"
            ),
        ),
        "Messages": (
            one("Handled", "sum by (queue, outcome) (rate(odamesh_deliveries_total[5m]))", "{queue} {outcome}", "/s"),
            one(
                "Events that wait",
                'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~"events\\\\..*"})',
                "{queue}",
            ),
            one(
                "On the ladder of repeats",
                'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~"retry\\\\..*"})',
                "{queue}",
                help="Units whose try failed for a reason that may pass.",
            ),
            one(
                "Dead and unrouted",
                'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~"dead\\\\..*|unrouted"})',
                "{queue}",
            ),
        ),
    },
)

INSTRUMENTS = Dashboard(
    "instruments",
    "Instruments",
    {
        "Units": (
            _AT_WORK,
            one(
                "Units that wait for a slot", "sum by (instrument, lane) (odamesh_units_waiting)", "{instrument} {lane}"
            ),
            one(
                "Units that ended",
                "sum by (instrument, stage, outcome) (rate(odamesh_unit_seconds_count[5m]))",
                "{instrument} {stage} {outcome}",
                "/s",
            ),
            _quantiles("Time of a unit", "odamesh_unit_seconds", "instrument, stage", "{instrument} {stage}"),
        ),
        "Containers": (
            one("How units run", "sum by (instrument, runner) (odamesh_runner)", "{instrument} {runner}"),
            one(
                "Units that another worker took over",
                "sum by (instrument) (increase(odamesh_leases_lost_total[1h]))",
                "{instrument}",
                empty="no lease was ever lost",
            ),
        ),
    },
)

DISPATCHER = Dashboard(
    "dispatcher",
    "Dispatcher",
    {
        "Runs": (
            _RUNS,
            _ENDED,
            _OLDEST,
            _quantiles("Time of a run", "odamesh_run_seconds", "lane", "{lane}"),
        ),
        "The sweep": (
            one("Since the last sweep", "time() - max(odamesh_sweep_completed_seconds)", "sweep", "s", "Below 30 s."),
            one(
                "What a sweep could not look after",
                "sum by (kind) (increase(odamesh_sweep_failures_total[10m]))",
                "{kind}",
                empty="no sweep ever failed",
            ),
            one("Jobs that no run serves", "max(odamesh_jobs_unplanned)", "jobs"),
            one("Runs that are parked, or stand still", "max(odamesh_runs_parked) + max(odamesh_runs_still)", "runs"),
        ),
    },
)

STORE = Dashboard(
    "store",
    "Store and cache",
    {
        "Store": (
            one("Free", "minio_cluster_capacity_usable_free_bytes", "free", "B"),
            one("Requests of MinIO", "sum by (api) (rate(minio_s3_requests_total[5m]))", "{api}", "/s"),
            _quantiles("Time of one use, as the mesh meets it", "odamesh_store_seconds", "verb", "{verb}"),
            one(
                "Uses that failed",
                "sum by (instance, verb) (rate(odamesh_store_failures_total[5m]))",
                "{instance} {verb}",
                "/s",
                "Of one process alone: the store refuses its account.",
                empty="the store has never failed",
            ),
        ),
        "Cache": (
            one("Products", "sum by (instrument) (odamesh_cache_products)", "{instrument}"),
            one("Size of the products", "sum by (instrument) (odamesh_cache_bytes)", "{instrument}", "B"),
            one(
                "Share of units whose product was there",
                "sum(odamesh_cache_hits) / (sum(odamesh_cache_hits) + sum(odamesh_cache_made))",
                "there already",
                "%",
            ),
            one("Index complete", "max(odamesh_cache_index_complete)", "1: yes"),
        ),
    },
)

DOORS = Dashboard(
    "doors",
    "Doors",
    {
        "Requests": (
            _ANSWERS,
            one(
                "By address",
                f"topk(10, sum by (method, route) (rate(odamesh_gateway_requests_total{{{_NOT_PROBES}}}[5m])))",
                "{method} {route}",
                "/s",
            ),
            _quantiles(
                "Time to the end of an answer that is no stream",
                "odamesh_gateway_request_seconds",
                "method",
                "{method}",
                _NO_STREAMS,
            ),
            one(
                "Refused",
                "sum by (kind) (rate(odamesh_gateway_refusals_total[5m]))",
                "{kind}",
                "/s",
                empty="nothing was refused",
            ),
        ),
        "Streams and messages": (
            one("Open streams", "sum by (instance) (odamesh_gateway_streams)", "{instance}"),
            one(
                "Accepted jobs",
                "sum by (instrument, lane) (rate(odamesh_gateway_submissions_total[5m]))",
                "{instrument} {lane}",
                "/s",
            ),
            one(
                "Wait for the broker",
                "histogram_quantile(0.99, sum by (le) (rate(odamesh_gateway_publish_seconds_bucket[5m])))",
                "99 %",
                "s",
            ),
        ),
        "Objectives": (
            one(
                "Share of requests that failed, in six hours",
                "odamesh:doors_failed:share6h",
                "failed",
                "%",
                "May be 0.1 % in 30 days.",
                empty="no request has ever failed",
            ),
            one(
                "Share of runs of users that started late, in six hours",
                "odamesh:user_waits:share6h",
                "late",
                "%",
                "May be 10 % in 30 days.",
            ),
        ),
    },
)

MACHINE = Dashboard(
    "machine",
    "Machines",
    {
        "Processor and memory": (
            one(
                "Processor at work",
                '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
                "{instance}",
                "%",
            ),
            one("Load", "node_load1", "{instance}"),
            one("Memory available", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{instance}", "%"),
            one("Memory of processes", 'topk(12, process_resident_memory_bytes{job="mesh"})', "{instance}", "B"),
        ),
        "Disks and clocks": (
            one(
                "Free on each disk",
                "min by (instance, device)"
                f" (node_filesystem_avail_bytes{{{_DISK}}} / node_filesystem_size_bytes{{{_DISK}}})",
                "{instance} {device}",
                "%",
            ),
            one("Written", "sum by (device) (rate(node_disk_written_bytes_total[5m]))", "{device}", "B"),
            one(
                "Clocks",
                "odamesh_clock_seconds - timestamp(odamesh_clock_seconds)",
                "{instance}",
                "s",
                "Within a second.",
            ),
        ),
    },
)

_NO_ALERT = "no alert has come"

ALERTS = Dashboard(
    "alerts",
    "Alerts of outside systems",
    {
        "In": (
            one("Notices", "sum by (outcome) (rate(odamesh_alerts_total[5m]))", "{outcome}", "/s", empty=_NO_ALERT),
            _quantiles(
                "Time to the answer to a sender", "odamesh_alert_ack_seconds", "job", "answers", empty=_NO_ALERT
            ),
            one(
                "Messages of Kafka",
                "sum by (stream, outcome) (rate(odamesh_kafka_messages_total[5m]))",
                "{stream} {outcome}",
                "/s",
                empty="no stream of Kafka is read",
            ),
            one(
                "Since the last heartbeat",
                "time() - max by (stream) (odamesh_kafka_heartbeat_seconds)",
                "{stream}",
                "s",
                "Below a minute.",
                empty="no stream of Kafka has a heartbeat",
            ),
            one(
                "Since a stream was heard of",
                "time() - max by (stream) (odamesh_kafka_heard_seconds)",
                "{stream}",
                "s",
                empty="no stream of Kafka is read",
            ),
            one(
                "Errors of Kafka",
                "sum by (stream, code) (increase(odamesh_kafka_errors_total[10m]))",
                "{stream} {code}",
                empty="librdkafka told of none",
            ),
        ),
        "Events": (
            one("Oldest notice without a record", "max(odamesh_alert_unprocessed_seconds)", "oldest", "s"),
            _quantiles(
                "From the receipt of a notice", "odamesh_alert_stage_seconds", "stage", "{stage}", empty=_NO_ALERT
            ),
            one("Records", "sum(rate(odamesh_alert_records_total[5m]))", "versions", "/s"),
            one("Events of which something is not done", "max(odamesh_alert_events_waiting)", "events"),
            one(
                "Analyses asked for",
                "sum by (instrument) (increase(odamesh_alert_jobs_total[1h]))",
                "{instrument}",
                empty="no alert has asked for an analysis",
            ),
            one(
                "Share of runs of alerts that started late, in six hours",
                "odamesh:alert_waits:share6h",
                "late",
                "%",
                "May be 5 % in 30 days.",
                empty="no run of an alert yet",
            ),
            one(
                "Looks that did not get to their end",
                "sum(increase(odamesh_alert_looks_failed_total[10m]))",
                "looks",
                help="The log of the triggers service says why.",
            ),
            one("Notices that came late", "sum(increase(odamesh_alert_late_total[1h])) or vector(0)", "in an hour"),
            one("Retractions", "sum(increase(odamesh_alert_retractions_total[1h])) or vector(0)", "in an hour"),
            one(
                "Analyses that were no longer wanted",
                "sum(increase(odamesh_alert_jobs_cancelled_total[1h])) or vector(0)",
                "in an hour",
            ),
        ),
        "Out": (
            one(
                "Published", "sum by (kind) (rate(odamesh_alert_published_total[5m]))", "{kind}", "/s", empty=_NO_ALERT
            ),
            _quantiles(
                "From a record to its topics", "odamesh_alert_publish_lag_seconds", "job", "messages", empty=_NO_ALERT
            ),
            one(
                "Posts of webhooks",
                "sum by (endpoint, outcome) (rate(odamesh_webhook_posts_total[5m]))",
                "{endpoint} {outcome}",
                "/s",
                empty="no webhook is registered",
            ),
            one(
                "Messages that wait for a webhook",
                "max by (endpoint) (odamesh_webhook_messages_waiting)",
                "{endpoint}",
                empty="no webhook is registered",
            ),
            one(
                "Sent to Kafka",
                "sum by (outcome) (rate(odamesh_kafka_sent_total[5m]))",
                "{outcome}",
                "/s",
                empty="nothing goes to Kafka",
            ),
            one(
                "Queues",
                'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~"(alerts|transients|dead)\\\\..*"})',
                "{queue}",
                help="Dead ones: `odamesh dead list`.",
            ),
        ),
    },
)

LIFE = Dashboard(
    "life",
    "A job's life",
    {
        "Asked for and planned": (
            _quantiles(
                "The call that submits it",
                "odamesh_gateway_request_seconds",
                "method",
                "{method}",
                'method="POST",route="/api/v1/jobs"',
            ),
            _quantiles(
                "Planning, and each event taken in", "odamesh_handler_seconds", "queue", "{queue}", _OF_DISPATCHER
            ),
            _quantiles(
                "Wait from the opening of a run to its first unit", "odamesh_run_wait_seconds", "lane", "{lane}"
            ),
        ),
        "Its units": (
            _IN_QUEUES,
            one(
                "Units that wait for a slot", "sum by (instrument, lane) (odamesh_units_waiting)", "{instrument} {lane}"
            ),
            _quantiles("Time of a unit", "odamesh_unit_seconds", "instrument, stage", "{instrument} {stage}"),
            one(
                "Further tries",
                'sum by (queue, outcome) (increase(odamesh_deliveries_total{action=~"retry|hold"}[10m]))',
                "{queue} {outcome}",
                empty="no unit was ever tried again",
            ),
        ),
        "Its end": (
            _quantiles("Time of a run", "odamesh_run_seconds", "lane, state", "{lane} {state}"),
            _ENDED,
            one(
                "Products made",
                "sum by (instrument) (odamesh_cache_made)",
                "{instrument}",
                help="`odamesh trace JOB` draws where the time of one job went; these figures name traces.",
            ),
        ),
    },
)

DASHBOARDS = (GLANCE, LIFE, LANES, INSTRUMENTS, DISPATCHER, STORE, DOORS, ALERTS, MACHINE)
