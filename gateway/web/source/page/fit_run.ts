// Submits a fit and goes to its screen.
import { useState } from "preact/hooks";

import { go } from "../api/address";
import { Refused } from "../api/client";
import { submit } from "../api/submit";
import type { FitWish } from "../form/fit_start";

/** *of*: the job whose spectra are fitted, which the address of the fit then names. */
export function useRun(of: string | null): { refused: Refused | null; run: (wish: FitWish) => Promise<void> } {
  const [refused, refuse] = useState<Refused | null>(null);
  const run = async (wish: FitWish) => {
    try {
      refuse(null);
      const body = { instrument: "spectral_fit", product: "spectral_fit", parameters: wish };
      const job = await submit(body);
      go(`/jobs/${job.job_id}/fit${of ? `?of=${of}` : ""}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  return { refused, run };
}
