/** Cuts the two output streams of a batch into one result for each step, as they arrive. */
import { millis, type Millis } from '../model/quantity.ts';
import type { Batch, Step, StepResult } from './command.ts';
import { streamCutter, type Marker, type StreamCutter } from './cut-stream.ts';

export type BatchStream = 'stdout' | 'stderr';

/** Where a batch is. `starting`: the shell has not read all of it yet. */
export type BatchState = 'starting' | 'running' | 'ended';

export interface BatchParserOptions {
  readonly nonce: string;
  /** Called once for each step, in order, as soon as its result is complete; skipped steps come at the end. */
  readonly onStep?: ((result: StepResult, index: number) => void) | undefined;
  /** Takes what the steps print, instead of its being kept for their results. */
  readonly onOutput?: ((stream: BatchStream, piece: Buffer) => void) | undefined;
  /** Bytes of one stream of one step that are kept; the rest is dropped, and standard error says so. Default 64 MiB. */
  readonly maxOutput?: number;
}

/** The step that runs. */
export interface RunningStep {
  readonly step: Step;
  readonly index: number;
  readonly limit: Millis;
}

export interface BatchParser {
  /** Takes a piece of output; `now` is a monotonic time in milliseconds, from which durations are taken. */
  feed(stream: BatchStream, chunk: Buffer, now: number): void;
  state(): BatchState;
  /** Undefined before the first step and after the last. */
  current(): RunningStep | undefined;
  /** Notes that the running step's time ran out: its status becomes 124, unless it ends with success all the same. */
  expire(): void;
  results(): readonly StepResult[];
  /** What the far side said that belongs to no step, such as why it did not start. */
  noise(): string;
}

const DEFAULT_LIMIT = millis(120_000);
const MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_NOISE = 16 * 1024;

/** Makes the parser of one batch that was rendered with the same nonce. */
export function parseBatch(batch: Batch, options: BatchParserOptions): BatchParser {
  const { steps } = batch;
  const results: StepResult[] = [];
  const expired = new Set<number>();
  const { nonce, maxOutput = MAX_OUTPUT, onOutput } = options;
  const cutter = (stream: BatchStream): StreamCutter =>
    streamCutter(
      nonce,
      maxOutput,
      onOutput &&
        ((piece) => {
          onOutput(stream, piece);
        }),
    );
  const cutters = { stdout: cutter('stdout'), stderr: cutter('stderr') };
  const closed: Record<BatchStream, Marker[]> = { stdout: [], stderr: [] };
  let noise = '';
  let state: BatchState = 'starting';
  let sawEnd = false;
  let since = 0;

  const emit = (result: StepResult): void => {
    results.push(result);
    options.onStep?.(result, results.length - 1);
  };

  const note = (stream: BatchStream, marker: Marker, now: number): void => {
    if (marker.label === 'end') sawEnd = true;
    else if (marker.label !== 'start') closed[stream].push(marker);
    else {
      noise += marker.text;
      if (stream === 'stderr') return;
      state = 'running';
      since = now;
    }
  };

  /** A step is complete when both streams have its marker. */
  const settle = (now: number): void => {
    for (;;) {
      const [out] = closed.stdout;
      const [err] = closed.stderr;
      const index = results.length;
      const step = steps[index];
      if (!out || !err || !step) return;
      closed.stdout.shift();
      closed.stderr.shift();
      const status = expired.has(index) && out.status !== 0 ? 124 : out.status;
      const ms = Math.round((now - since) * 10) / 10;
      since = now;
      emit({ title: step.title, status, stdout: out.text, stderr: err.text + out.note + err.note, ms });
    }
  };

  return {
    feed(stream, chunk, now) {
      for (const marker of cutters[stream].feed(chunk)) note(stream, marker, now);
      settle(now);
      if (!sawEnd || closed.stdout.length > 0 || state === 'ended') return;
      state = 'ended';
      for (const { title } of steps.slice(results.length)) {
        emit({ title, status: undefined, stdout: '', stderr: '', ms: 0 });
      }
    },
    state: () => state,
    current() {
      const index = results.length;
      const step = state === 'running' ? steps[index] : undefined;
      return step && { step, index, limit: step.timeout ?? batch.timeout ?? DEFAULT_LIMIT };
    },
    expire: () => void expired.add(results.length),
    results: () => results,
    noise: () => (noise + cutters.stdout.rest() + cutters.stderr.rest()).slice(-MAX_NOISE).trim(),
  };
}
