/** Tells of images on their way, in tenths, so that a log of a long copy stays short. */
import type { EventSink } from '../model/event.ts';
import { formatBytes } from '../model/quantity.ts';

/** What a copy reports its progress to; `what` is `pulling php:8.2`. */
export function transferSteps(emit: EventSink, what: string): (done: number, total: number) => void {
  let told = -1;
  return (done, total) => {
    const tenth = total === 0 ? 10 : Math.floor((done / total) * 10);
    if (tenth === told) return;
    told = tenth;
    emit({ type: 'step', message: `${what}: ${formatBytes(done)} of ${formatBytes(total)}` });
  };
}
