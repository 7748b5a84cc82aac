/** Shows on standard error what a run is doing: a spinner with finished lines above it on a terminal, plain lines elsewhere. */
import type { EventSink, StratosEvent } from '../model/event.ts';
import type { Action } from '../model/plan.ts';
import { formatBytes, formatDuration } from '../model/quantity.ts';
import { actionText } from './action-text.ts';
import { cleanText } from './clean-text.ts';
import type { Output } from './io.ts';
import type { Paint } from './paint.ts';
import { openSpinner } from './spinner.ts';

export interface Progress {
  readonly sink: EventSink;
  /** Takes the spinner away before something else is printed; work that goes on brings it back. */
  stop(): void;
}

export interface ProgressSettings {
  readonly paint: Paint;
  /** Only warnings. */
  readonly quiet: boolean;
}

/** A growing share is told in steps of this, so that a log of a long copy stays short. */
const SHARE_STEP = 10;

/** Renders events on `err`. */
export function progress(err: Output, settings: ProgressSettings): Progress {
  // A terminal that does not know its width (0 columns) cannot be erased line by line.
  const spinner = err.stream?.isTTY && err.stream.columns > 0 && !settings.quiet ? openSpinner(err.stream) : undefined;
  const print = (line: string): void => {
    if (spinner) spinner.print(line);
    else err.write(`${line}\n`);
  };
  const state: State = { finished: 0, total: 0, images: new Map(), running: new Map(), told: new Map() };
  return {
    sink: (event) => {
      track(state, event);
      const line = eventLine(event, state, settings, spinner !== undefined);
      if (line !== undefined) print(line);
      // A warning may come after the last of the work, when nothing would take the spinner away again.
      if (event.type !== 'warning') spinner?.show(spinnerText(state, event));
    },
    stop: () => spinner?.stop(),
  };
}

interface State {
  finished: number;
  total: number;
  readonly images: Map<string, string>;
  /** What runs now, by action id. */
  readonly running: Map<string, string>;
  /** Last share told in a line, by action id. */
  readonly told: Map<string, number>;
}

function track(state: State, event: StratosEvent): void {
  switch (event.type) {
    case 'stage.started':
      state.total += event.actions;
      for (const [digest, name] of Object.entries(event.images ?? {})) state.images.set(digest, name);
      return;
    case 'action.started':
      state.running.set(event.action.id, runningText(event.action, state));
      return;
    case 'action.progress':
      state.running.set(event.action.id, runningText(event.action, state, progressText(event)));
      return;
    case 'action.finished':
    case 'action.failed':
    case 'action.skipped':
      state.running.delete(event.action.id);
      state.finished += 1;
      return;
    case 'operation.finished':
    case 'operation.failed':
    case 'rollout.changed':
    case 'hook.finished':
    case 'step':
    case 'step.finished':
    case 'warning':
  }
}

function runningText(action: Action, { images }: State, how?: string): string {
  const { noun, target, doing } = actionText(action, images);
  return `${noun === 'image' ? `${action.vm}: ` : ''}${noun} ${target}: ${how ?? doing}`;
}

function eventLine(
  event: StratosEvent,
  state: State,
  settings: ProgressSettings,
  spinning: boolean,
): string | undefined {
  const { paint } = settings;
  if (event.type === 'warning') return `${paint.yellow('!')} ${cleanText(event.message)}`;
  if (settings.quiet) return undefined;
  switch (event.type) {
    case 'step':
      return spinning ? undefined : cleanText(event.message);
    case 'step.finished':
      return `${paint.green('✓')} ${cleanText(event.message)} ${paint.dim(event.cached ? 'cached' : formatDuration(event.ms))}`;
    case 'rollout.changed':
      return rolloutLine(event, settings);
    case 'hook.finished':
      return hookLine(event, settings);
    case 'action.progress':
      return spinning ? undefined : progressLine(event, state);
    case 'action.finished':
      return `${paint.green('✓')} ${actionLine(event.action, state)} ${paint.dim(formatDuration(event.ms))}`;
    case 'action.failed':
      // Why is told once, with the outcome.
      return `${paint.red('✗')} ${actionLine(event.action, state)} failed ${paint.dim(formatDuration(event.ms))}`;
    case 'action.skipped':
      return `${paint.dim('·')} ${actionLine(event.action, state)} skipped: ${cleanText(event.message)}`;
    case 'stage.started':
    case 'action.started':
    // The command says itself what became of what it was asked for.
    case 'operation.finished':
    case 'operation.failed':
      return undefined;
  }
}

/** `✓ hook pre-deploy of shop`, with what it wrote. */
function hookLine(event: Extract<StratosEvent, { type: 'hook.finished' }>, { paint }: ProgressSettings): string {
  const { hook, target, status, code, ms, output } = event;
  const how = status === 'ok' ? '' : ` ${code === undefined ? status : `failed with ${String(code)}`}`;
  const mark = status === 'ok' ? paint.green('✓') : paint.red('✗');
  const text = `${mark} hook ${hook} of ${cleanText(target)}${how} ${paint.dim(formatDuration(ms))}`;
  return [text, ...output.map((line) => `    ${cleanText(line)}`)].join('\n');
}

/** `✗ rollout shop 5 failed: …`, with what the process said last. */
function rolloutLine(event: Extract<StratosEvent, { type: 'rollout.changed' }>, { paint }: ProgressSettings): string {
  const mark =
    event.state === 'failed' ? paint.red('✗') : event.state === 'succeeded' ? paint.green('✓') : paint.dim('·');
  const text = `${mark} rollout ${event.subscription} ${String(event.revision)} ${cleanText(event.message)}`;
  return [text, ...(event.log ?? []).map((line) => `    ${cleanText(line)}`)].join('\n');
}

/** `web-1: image php:8.2 42%, 126Mi of 300Mi`, told only when a further tenth is done. */
function progressLine(event: Extract<StratosEvent, { type: 'action.progress' }>, state: State): string | undefined {
  const { noun, target } = actionText(event.action, state.images);
  const line = `${event.action.vm}: ${noun} ${cleanText(target)} ${progressText(event)}`;
  if (event.total === undefined || event.total === 0) return line;
  const share = Math.floor((100 * (event.done ?? 0)) / event.total / SHARE_STEP);
  if (state.told.get(event.action.id) === share) return undefined;
  state.told.set(event.action.id, share);
  return line;
}

function progressText(event: Extract<StratosEvent, { type: 'action.progress' }>): string {
  if (event.total === undefined || event.total === 0) return cleanText(event.message);
  const { done = 0, total } = event;
  return `${String(Math.floor((100 * done) / total))}%, ${formatBytes(done)} of ${formatBytes(total)}`;
}

function actionLine(action: Action, { images }: State): string {
  const { noun, target, detail } = actionText(action, images);
  return cleanText(`${noun} ${target} ${detail}`);
}

function spinnerText(state: State, event: StratosEvent): string {
  if (event.type === 'step') return cleanText(event.message);
  if (state.total === 0) return 'working';
  const running = [...state.running.values()];
  const more = running.length > 1 ? ` and ${String(running.length - 1)} more` : '';
  return `${String(state.finished)}/${String(state.total)}  ${cleanText(running[0] ?? '')}${more}`;
}
