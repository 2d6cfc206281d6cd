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
