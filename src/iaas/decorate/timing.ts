/** How long an IaaS takes, for `--debug` and benchmarks. */
import type { Around, Call } from './around.ts';

export interface TimedCall extends Call {
  readonly ms: number;
  readonly failed: boolean;
}

/** Tells of each call when it ended. */
export function timing(report: (call: TimedCall) => void, now: () => number = () => performance.now()): Around {
  return async (call, work) => {
    const begin = now();
    let failed = true;
    try {
      const answer = await work();
      failed = false;
      return answer;
    } finally {
      report({ ...call, ms: now() - begin, failed });
    }
  };
}
