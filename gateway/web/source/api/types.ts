// Written by `make schema` from the gateway's description of its interface: do not edit.

export interface Alarm {
  alarm: string;
  severity: string;
  since: string;
  state: string;
  summary: string;
  action: string;
  runbook: string;
  labels: Record<string, string>;
}

export interface Allowance {
  weight: number;
  budget_s: number | null;
  jobs: number;
  units: number;
}

export interface ArchiveDocument {
  instruments: Record<string, HoldingDocument>;
  note: string;
}

export interface CacheDocument {
  products: number;
  bytes: number;
  pinned: number;
  index_complete: boolean;
  stages: StageDocument[];
}

export interface Coincidence {
  observatory: string;
  notice_id: string;
  search: string;
  time_difference: number | null;
  far: number | null;
}

export interface Cone {
  ra: number;
  dec: number;
  radius: number;
}

export interface Contents {
  links: Record<string, string>;
  dashboards: Record<string, string>;
}

export interface EventDocument {
  event_key: string;
  state: string;
  test: boolean;
  why_test: string;
  messenger: Messenger;
  names: string[];
  related: string[];
  trigger_time: string | null;
  versions: EventVersion[];
  jobs: EventJob[];
  record: number;
  published: Record<string, number>;
  outbox: Outgoing[];
  commands: (Record<string, unknown>)[];
  links: Record<string, string>;
}

export interface EventJob {
  instrument: string;
  product: string;
  state: string;
  text: string;
  links: Record<string, string>;
}

export interface EventLine {
  event_key: string;
  state: string;
  test: boolean;
  messenger: Messenger;
  trigger_time: string | null;
  received: string;
  version: number;
  answer: string;
  links: Record<string, string>;
}

export interface EventList {
  events: EventLine[];
  next: string | null;
}

export interface EventVersion {
  label: string;
  receipt_id: string;
  ident: string;
  kind: NoticeKind;
  state: "current" | "superseded" | "retracted" | "report";
  issued: string | null;
  received: string;
  remarks: string[];
}

export interface Failure {
  kind: FailureKind;
  reason: string;
  text: string;
}

export type FailureKind = "usage" | "science" | "transient" | "timeout" | "out-of-memory";

export interface FieldError {
  field: string;
  detail: string;
  allowed: string | null;
  type: string;
}

export interface FileLink {
  name: string;
  media_type: string;
  url: string;
}

export interface HoldingDocument {
  count: number;
  first: string | null;
  last: string | null;
  exposure_s: number;
}

export interface InstantDocument {
  utc: string;
  tt: string;
  mjd_utc: number;
  mjd_tt: number;
  jd_utc: number;
  ijd: number;
  unix: number;
  gps: number;
  tt_minus_utc: number;
  revolution: number | null;
  scw: string | null;
}

export interface InstrumentDocument {
  name: string;
  title: string;
  help: string;
  calibration: string;
  products: Record<string, ProductDocument>;
  links: Record<string, string>;
}

export interface InstrumentWorkers {
  instrument: string;
  slots: number;
  running: number;
  fault: string | null;
  workers: WorkerDocument[];
}

export interface JobDocument {
  job_id: string;
  run_id: string | null;
  request_key: string;
  instrument: string;
  product: string;
  about: string;
  user: string;
  lane: Lane;
  owner: string;
  face: string;
  labels: string[];
  draft: boolean;
  destroy_after: string | null;
  shared: boolean;
  execution_s: number;
  state: JobState;
  partial: boolean;
  waits: string;
  submitted: string;
  started: string | null;
  finished: string | null;
  total: number;
  counts: Partial<Record<UnitState, number>>;
  stages: Record<string, Partial<Record<UnitState, number>>>;
  steps: Record<string, string[]>;
  warnings: string[];
  warnings_total: number;
  failure: Failure | null;
  end_reason: string;
  products: LinkedProduct[];
  products_total: number;
  trace_id: string;
  final: boolean;
  links: Record<string, string>;
}

export interface JobList {
  jobs: JobDocument[];
  next: string | null;
}

export type JobState = "PENDING" | "QUEUED" | "EXECUTING" | "COMPLETED" | "ERROR" | "ABORTED";

export type Lane = "alert" | "user" | "batch";

export interface LaneDocument {
  instrument: string;
  lane: Lane;
  users: number;
  waiting: number;
  released: number;
  running: number;
  ready: number | null;
  consumers: number | null;
}

export interface LetterDocument {
  id: string;
  queue: string;
  died: string;
  died_in: string;
  reason: string;
  attempt: number;
  message_id: string;
  run_id: string;
  what: string;
  can_be_sent_again: boolean;
  links: Record<string, string>;
}

export interface LettersDocument {
  counts: Record<string, number>;
  letters: LetterDocument[];
}

export interface LightCurveLink {
  instrument: string;
  title: string;
  series: string;
  fits: string;
  picture: string | null;
}

export interface LinkedFile {
  name: string;
  sha256: string;
  size: number;
  media_type: string;
  url: string;
}

export interface LinkedProduct {
  stage: string;
  label: string;
  key: string;
  files: LinkedFile[];
}

export interface LinkedRow {
  key: string;
  stage: string;
  label: string;
  state: UnitState;
  step: string | null;
  attempt: number;
  seconds: number | null;
  worker: string;
  failure: Failure | null;
  warnings: string[];
  cached_from: string | null;
  at: string;
  made_by: string | null;
}

export interface LocalisationSummary {
  answer: string;
  t0: string | null;
  ijd: number | null;
  source: Record<string, unknown>;
  sky_map: Record<string, unknown>;
  annulus: Record<string, unknown> | null;
  combined: Record<string, unknown> | null;
  distance_mpc: number | null;
  spacecraft: Record<string, unknown>;
  light_travel_s: Record<string, unknown>;
  orientation: Record<string, unknown> | null;
  coverage: (Record<string, unknown>)[];
  polar: Record<string, unknown> | null;
  files: FileLink[];
}

export interface MapReference {
  sha256: string;
  size: number;
  url: string;
}

export type Messenger = "GW" | "neutrino" | "GRB" | "FRB" | "other";

export interface NameDocument {
  name: string;
  ra: number;
  dec: number;
  origin: string;
  other_names: string[];
  detected_by: string[];
  kind: string;
}

export interface NoData {
  instrument: string;
  title: string;
  reason: string;
  text: string;
}

export type NoticeKind = "REPORT" | "EARLY_WARNING" | "PRELIMINARY" | "INITIAL" | "UPDATE" | "RETRACTION";

export interface Outgoing {
  topic: string;
  version: number;
  held_until: string | null;
}

export interface ParameterDocument {
  type: "number" | "integer" | "boolean" | "choice" | "text" | "bands" | "catalogue" | "labels" | "products" | "files" | "uploads";
  label: string;
  unit: string | null;
  default: unknown;
  allowed: string;
  minimum: number | null;
  maximum: number | null;
  step: number | null;
  choices: string[] | null;
  most: number | null;
  group: "basic" | "advanced";
  help: string;
}

export interface Position {
  ra: number;
  dec: number;
  radius: number;
  containment: number;
  systematic: boolean | null;
  ellipse: number[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  request_id: string;
  errors: FieldError[];
  usage: Usage | null;
  request_key: string | null;
  role: string | null;
}

export interface ProductDocument {
  title: string;
  help: string;
  stages: string[];
  selection: ("windows" | "time" | "cone")[];
  results: Record<string, "image" | "catalogue" | "spectrum" | "curve" | "burst" | "fit" | "models">;
  parameters: Record<string, ParameterDocument>;
}

export interface ProductList {
  products: LinkedProduct[];
  offset: number;
  total: number;
  next: string | null;
}

export interface Quarantined {
  raw: string;
  received: string;
  sender: string;
  kind: string;
  text: string;
}

export interface QueueDocument {
  queue: string;
  ready: number;
  consumers: number;
}

export interface QueuesDocument {
  lanes: LaneDocument[];
  queues: QueueDocument[];
}

export interface RequestDocument {
  request_key: string;
  instrument: string;
  product: string;
  selection: Selection;
  parameters: Record<string, unknown>;
  links: Record<string, string>;
}

export type Scope = "read" | "write" | "tokens" | "operate";

export interface Selection {
  scws: string[] | null;
  time: TimeRange | null;
  cone: Cone | null;
  max_pointings: number | null;
}

export interface SelectionDocument {
  request_key: string;
  asked_before: boolean;
  unit: string;
  count: number;
  exposure_s: number;
  estimate_s: number | null;
  first: string | null;
  last: string | null;
  rejected: number;
  reasons: string[];
  pointings: WindowDocument[];
  note: string;
}

export interface SessionDocument {
  name: string;
  accounts: boolean;
  anonymous: boolean;
  roles: string[];
  scopes: Scope[];
  lanes: Lane[];
  expires: string | null;
}

export interface ShownAnalysis {
  instrument: string;
  product: string;
  state: string;
  text: string;
  results: Record<string, unknown>;
  job: string | null;
  picture: string | null;
  files: FileLink[];
}

export interface ShownInstrument {
  instrument: string;
  title: string;
  status: string;
  reason: string;
  text: string;
  simulated: string;
  operated: [string, string] | null;
  windows: string[];
  analyses: ShownAnalysis[];
}

export interface StageDocument {
  instrument: string;
  stage: string;
  hits: number;
  made: number;
  hit_rate: number | null;
  products: number;
  bytes: number;
  evicted: number;
}

export interface Submission {
  instrument: string;
  product: string;
  selection?: Selection;
  parameters?: Record<string, unknown>;
  lane?: Lane;
  labels?: string[];
  draft?: boolean;
  destroy_after?: string | null;
  execution_s?: number;
  user?: string | null;
}

export interface TimeDocument {
  utc: string;
  tt: string;
  mjd_utc: number;
  mjd_tt: number;
  jd_utc: number;
  ijd: number;
  unix: number;
  gps: number;
  tt_minus_utc: number;
  revolution: number | null;
  scw: string | null;
  stop: InstantDocument | null;
  note: string;
}

export interface TimeRange {
  t1: string;
  t2: string;
}

export interface TransientCard {
  event_key: string;
  name: string;
  names: string[];
  class: Messenger;
  state: "ACTIVE" | "RETRACTED" | "WITHDRAWN";
  test: boolean;
  simulated: boolean;
  trigger_time: string | null;
  received: string;
  version: number;
  answer: string;
  association: string;
  significant: boolean | null;
  area_90_deg2: number | null;
  instruments: Record<string, string>;
  links: Record<string, string>;
}

export interface TransientDocument {
  event_key: string;
  name: string;
  names: string[];
  related: string[];
  class: Messenger;
  state: "ACTIVE" | "RETRACTED" | "WITHDRAWN";
  why: string;
  test: boolean;
  why_test: string;
  simulated: boolean;
  trigger_time: string | null;
  search_time: string | null;
  position: Position | null;
  map: MapReference | null;
  significant: boolean | null;
  far: number | null;
  classification: Record<string, number>;
  properties: Record<string, number>;
  coincidences: Coincidence[];
  notices: EventVersion[];
  version: number;
  made: string;
  answer: string;
  association: string;
  instruments: ShownInstrument[];
  no_data: NoData[];
  light_curves: LightCurveLink[];
  excesses: (Record<string, unknown>)[];
  limits: (Record<string, unknown>)[];
  localisation: LocalisationSummary | null;
  localising: ShownAnalysis[];
  images: ShownAnalysis[];
  picture: string | null;
  links: Record<string, string>;
}

export interface TransientList {
  transients: TransientCard[];
  next: string | null;
}

export type UnitState = "waiting" | "queued" | "running" | "cached" | "done" | "failed" | "cancelled";

export interface UnitTable {
  rows: LinkedRow[];
  offset: number;
  total: number;
  next: string | null;
}

export interface Usage {
  user: string;
  jobs: number;
  jobs_limit: number;
  units: number;
  units_limit: number;
  weight: number;
  spent_s: number;
  budget_s: number | null;
  unplanned: number;
}

export interface UserDocument {
  user: string;
  jobs: number;
  units: number;
  spent_s: number;
  allowed: Allowance;
}

export interface UsersDocument {
  unplanned: number;
  users: UserDocument[];
}

export interface WindowDocument {
  label: string;
  start: string;
  ra: number;
  dec: number;
}

export interface WorkerDocument {
  name: string;
  alive: boolean;
  slots: number;
  runner: string;
  image: string;
  calibration: string;
  silent_s: number;
  withdrawn: boolean;
}

export interface WorkersDocument {
  instruments: InstrumentWorkers[];
}
