/** Stamps events and keeps them for the event log, written in groups so that no action waits for a disk. */
import type { EventSink, LoggedEvent, StratosEvent } from '../model/event.ts';

export interface EventRecorder {
  readonly sink: EventSink;
  /** Stamps an event with the time and the run. */
  readonly stamp: (event: StratosEvent) => LoggedEvent;
  /** Writes what is left; a log that cannot be written is told once and never stops the work. */
  close(): Promise<void>;
}

export interface EventRecorderSettings {
  /** Appends to the log, in the order of the calls. */
  readonly append: (events: readonly LoggedEvent[]) => Promise<void>;
  readonly run: () => string;
  readonly now: () => number;
  /** Told when the log cannot be written. */
  readonly onFailure: (error: unknown) => void;
  /** Longest time in ms that an event waits. */
  readonly delay?: number;
}

/** Records all events but progress, which is for eyes only. */
export function eventRecorder(settings: EventRecorderSettings): EventRecorder {
  const { append, run, now, onFailure, delay = 500 } = settings;
  let waiting: LoggedEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let hasFailed = false;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    if (events.length === 0 || hasFailed) return;
    try {
      await append(events);
    } catch (error) {
      hasFailed = true;
      onFailure(error);
    }
  };
  const stamp = (event: StratosEvent): LoggedEvent => ({
    version: 1,
    at: new Date(now()).toISOString(),
    run: run(),
    event,
  });
  return {
    stamp,
    sink: (event) => {
      if (event.type === 'action.progress') return;
      waiting.push(stamp(event));
      timer ??= setTimeout(() => void flush(), delay).unref();
    },
    close: flush,
  };
}
