// Words and signs for the states of events, and for what an instrument has of one.
export const EVENT_WORDS: Record<string, string> = {
  ACTIVE: "active",
  RETRACTED: "retracted by its sender",
  WITHDRAWN: "withdrawn by this mesh",
};

export const DATA_SIGNS: Record<string, string> = { data: "✓", "no-data": "–", unknown: "?", "not-asked": "·" };

export const DATA_WORDS: Record<string, string> = {
  data: "has data",
  "no-data": "no data",
  unknown: "not known",
  "not-asked": "not asked",
};

export const CLASS_WORDS: Record<string, string> = {
  GW: "gravitational wave",
  neutrino: "neutrino",
  GRB: "gamma-ray burst",
  FRB: "fast radio burst",
  other: "other",
};
