/** The event log for people: one line for each event. */
import type { LoggedEvent, StratosEvent } from '../model/event.ts';
import { formatDuration } from '../model/quantity.ts';
import { actionText } from './action-text.ts';
import type { Paint } from './paint.ts';
import type { Column } from './table.ts';
import { table } from './table.ts';

/** Renders events in the order given. Ends with a line break. */
export function eventsView(
  events: readonly LoggedEvent[],
  settings: { readonly paint: Paint; readonly width: number },
): string {
  return table(COLUMNS, events, settings);
}

const COLUMNS: readonly Column<LoggedEvent>[] = [
  { title: 'TIME', value: (row) => row.at.replace(/\.\d+Z$/, 'Z') },
  { title: 'RUN', value: (row) => row.run.slice(0, 8), colour: (text, _row, paint) => paint.dim(text) },
  {
    title: 'EVENT',
    value: ({ event }) => event.type.replace(/^(action|operation|rollout|hook)\./, ''),
    colour: (text, { event }, paint) =>
      event.type.endsWith('.failed') ? paint.red(text) : event.type === 'warning' ? paint.yellow(text) : text,
  },
  { title: 'TOOK', value: ({ event }) => ('ms' in event ? formatDuration(event.ms) : ''), align: 'right' },
  { title: 'WHAT', value: ({ event }) => what(event) },
  { title: 'WHY', value: ({ event }) => why(event), shrinks: true },
];

function what(event: StratosEvent): string {
  if ('action' in event) {
    const { noun, target, detail } = actionText(event.action);
    return `${noun} ${target} ${detail}`;
  }
  if ('operation' in event) return `${event.operation} ${event.target}`;
  if (event.type === 'hook.finished') return `hook ${event.hook} of ${event.target} ${event.status}`;
  if (event.type === 'rollout.changed') return `rollout ${event.subscription} ${String(event.revision)} ${event.state}`;
  return 'message' in event ? event.message : `${event.stage} (${event.kind}, ${String(event.actions)} actions)`;
}

function why(event: StratosEvent): string {
  if (
    event.type === 'action.failed' ||
    event.type === 'operation.failed' ||
    event.type === 'action.skipped' ||
    event.type === 'action.progress' ||
    event.type === 'rollout.changed'
  )
    return event.message;
  if (event.type === 'hook.finished') return event.output.at(-1) ?? '';
  return 'action' in event ? event.action.reason : '';
}
