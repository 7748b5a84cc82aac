/** A rollout, and the history of them, for people. */
import { shortDigest } from '../policy/rollout/what-changed.ts';
import type { RevisionEntry, RolloutStatus } from '../reconcile/rollout-status.ts';
import { cleanText } from './clean-text.ts';
import { count } from './count-text.ts';
import { facts } from './facts.ts';
import type { Paint } from './paint.ts';
import { table, type Column, type TableSettings } from './table.ts';

/** Renders how a rollout stands. Ends with a line break. */
export function rolloutView(status: RolloutStatus, paint: Paint): string {
  const { alias, revision, state, phase, runs, why, message, who, createdAt, processes, waits, failure, failed } =
    status;
  const head = `${paint.bold(alias)} revision ${String(revision)}: ${stateText(state, phase, paint)}\n`;
  const pairs = facts(
    [
      ['why', message === undefined ? why : `${why} (${message})`],
      ['by', `${who}, ${createdAt}`],
      ['processes', processesText(processes)],
      ['runs', runs === revision ? undefined : `revision ${String(runs)}`],
      ['failure', failure],
      ['waits', waits],
    ],
    paint,
  );
  const log = failed?.log.map((line) => `    ${cleanText(line)}\n`) ?? [];
  const said = failed && log.length > 0 ? `last lines of ${cleanText(failed.process)}:\n${log.join('')}` : '';
  return `${head}${pairs}${said}`;
}

function stateText(state: RolloutStatus['state'], phase: RolloutStatus['phase'], paint: Paint): string {
  const text = phase === undefined || state === 'succeeded' ? state : `${state}, ${phase}`;
  if (state === 'succeeded') return paint.green(text);
  return state === 'failed' ? paint.red(text) : paint.yellow(text);
}

function processesText({ new: fresh, ready, old }: RolloutStatus['processes']): string {
  const others = old === 0 ? '' : `, ${String(old)} of others`;
  return `${count(fresh, 'process', 'processes')} of it, ${String(ready)} ready${others}`;
}

/** Renders the revisions of a subscription in the order given. Ends with a line break. */
export function historyTable(
  alias: string,
  revisions: readonly RevisionEntry[],
  settings: TableSettings & { readonly paint: Paint },
): string {
  if (revisions.length === 0) return `no revisions of ${alias} yet: stratos reconcile\n`;
  return table(COLUMNS, revisions, settings);
}

const COLUMNS: readonly Column<RevisionEntry>[] = [
  {
    title: 'REVISION',
    value: ({ number, current }) => `${String(number)}${current ? ' *' : ''}`,
    colour: (text, { current }, paint) => (current ? paint.bold(text) : text),
  },
  {
    title: 'STATE',
    value: ({ state }) => state,
    colour: (text, { state }, paint) =>
      state === 'succeeded' ? paint.green(text) : state === 'failed' ? paint.red(text) : text,
  },
  { title: 'WHEN', value: ({ createdAt }) => createdAt.replace(/\.\d+Z$/, 'Z') },
  { title: 'WHO', value: ({ who }) => who, shrinks: true },
  {
    title: 'IMAGE',
    value: ({ reference, image }) => (reference.startsWith('sha256:') ? shortDigest(image) : reference),
  },
  { title: 'DIGEST', value: ({ image }) => shortDigest(image).slice('sha256:'.length) },
  {
    title: 'WHY',
    value: ({ why, message, failure }) =>
      [
        why,
        ...(message === undefined ? [] : [`(${message})`]),
        ...(failure === undefined ? [] : [`: ${failure}`]),
      ].join(' '),
    shrinks: true,
  },
];
