// Written by `make schema` from the gateway's description of its interface: do not edit.

export interface ArchiveDocument {
  instruments: Record<string, HoldingDocument>;
  note: string;
}

export interface Cone {
  ra: number;
  dec: number;
  radius: number;
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

export interface JobDocument {
  job_id: string;
  run_id: string | null;
  request_key: string;
  instrument: string;
  product: string;
  user: string;
  lane: Lane;
  owner: string;
  face: string;
  labels: string[];
  draft: boolean;
  destroy_after: string | null;
  shared: boolean;
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
  products: LinkedProduct[];
  products_total: number;
  final: boolean;
  links: Record<string, string>;
}

export interface JobList {
  jobs: JobDocument[];
  next: string | null;
}

export type JobState = "PENDING" | "QUEUED" | "EXECUTING" | "COMPLETED" | "ERROR" | "ABORTED";

export type Lane = "alert" | "user" | "batch";

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

export interface NameDocument {
  name: string;
  ra: number;
  dec: number;
  origin: string;
  other_names: string[];
  detected_by: string[];
  kind: string;
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

export interface Submission {
  instrument: string;
  product: string;
  selection?: Selection;
  parameters?: Record<string, unknown>;
  lane?: Lane;
  labels?: string[];
  draft?: boolean;
  destroy_after?: string | null;
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

export interface WindowDocument {
  label: string;
  start: string;
  ra: number;
  dec: number;
}
