/** `--events json`: every event as one JSON line on standard error, in the form of the event log. */
import type { LoggedEvent, StratosEvent } from '../model/event.ts';
import { jsonLine } from './json.ts';
import type { Output } from './io.ts';
import type { Progress } from './progress.ts';

/** Writes events as they happen, as `wrap` stamps them. */
export function eventStream(err: Output, wrap: (event: StratosEvent) => LoggedEvent): Progress {
  return {
    sink: (event) => {
      err.write(jsonLine(wrap(event)));
    },
    stop: () => undefined,
  };
}
