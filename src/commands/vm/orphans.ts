/** `stratos vm ls --orphans`: machines of ours that the inventory does not know, and what shall become of them. */
import { EXIT } from '../../model/errors.ts';
import { formatBytes } from '../../model/quantity.ts';
import type { Orphan, Orphans, OrphansDone } from '../../reconcile/orphans.ts';
import { cleanText } from '../../report/clean-text.ts';
import { count } from '../../report/count-text.ts';
import { table, type Column } from '../../report/table.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { limitsOf, type GlobalOptions } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface OrphansOptions {
  readonly globals: GlobalOptions;
  readonly partition?: string;
  /** Undefined: they are listed. */
  readonly then?: 'adopt' | 'delete';
  /** Says what would be done. */
  readonly dryRun: boolean;
}

/** Lists orphans, or does with them what was asked; partial when an IaaS did not answer or one could not be done. */
export async function runOrphans(options: OrphansOptions, context: CommandContext): Promise<number> {
  const { globals, partition, then, dryRun } = options;
  const deps = await context.open(globals);
  const found = await context.use.findOrphans(deps);
  const orphans = found.orphans.filter(({ machine }) => partition === undefined || machine.partition === partition);
  const chosen = then === 'adopt' ? orphans.filter(({ obstacle }) => obstacle === undefined) : orphans;
  if (then === undefined || dryRun || chosen.length === 0) {
    await print(options, context, { ...found, orphans: then !== undefined && dryRun ? chosen : orphans });
    return found.silent.length > 0 ? EXIT.partial : EXIT.done;
  }
  if (then === 'delete') await ask(chosen, context, globals);
  const limits = limitsOf(globals, context);
  const outcome =
    then === 'adopt'
      ? await context.use.adoptOrphans(deps, chosen, limits)
      : await context.use.deleteOrphans(deps, chosen, limits);
  await print(options, context, { ...found, orphans: outcome.done }, outcome);
  return found.silent.length + outcome.failed.length > 0 ? EXIT.partial : EXIT.done;
}

async function ask(chosen: readonly Orphan[], context: CommandContext, globals: GlobalOptions): Promise<void> {
  const names = chosen.slice(0, 5).map(({ iaas, machine }) => `${machine.id} of ${iaas}`);
  const more = chosen.length > 5 ? ` and ${String(chosen.length - 5)} more` : '';
  await confirm(context, globals, {
    consequence: `This ends ${count(chosen.length, 'machine')}, for good: ${names.join(', ')}${more}`,
    word: 'delete',
    unasked: 'stratos vm ls --orphans --delete --yes',
  });
}

async function print(
  { globals, then, dryRun }: OrphansOptions,
  context: CommandContext,
  { orphans, silent }: Orphans,
  outcome?: OrphansDone,
): Promise<void> {
  const failed = outcome?.failed ?? [];
  await printResult(context, globals, {
    kind: 'OrphanList',
    body: {
      ...(then === undefined ? {} : { action: then, dryRun }),
      orphans: orphans.map(documentOf),
      ...(outcome ? { failed } : {}),
      silent,
    },
    text: (view) => {
      const { paint } = view;
      const lines = [
        ...failed.map(({ iaas, id, message }) => `${paint.red('✗')} ${cleanText(`${id} of ${iaas}: ${message}`)}\n`),
        ...silent.map(({ iaas, message }) => `${paint.red('✗')} ${cleanText(`${iaas}: ${message}`)}\n`),
      ];
      const head = headOf(orphans.length, then, dryRun, outcome !== undefined);
      return `${head}${orphans.length === 0 ? '' : table(COLUMNS, orphans, view)}${lines.join('')}`;
    },
  });
}

function headOf(found: number, then: OrphansOptions['then'], dryRun: boolean, isDone: boolean): string {
  if (found === 0) return isDone ? 'nothing was done\n' : 'no orphans\n';
  if (then === undefined) return '';
  if (isDone) return `${then === 'adopt' ? 'taken up' : 'ended'}:\n`;
  return dryRun ? `would be ${then === 'adopt' ? 'taken up' : 'ended'}:\n` : '';
}

function documentOf({ iaas, machine, why, obstacle }: Orphan): object {
  const { endpoint, ...rest } = machine;
  return {
    iaas,
    ...rest,
    ...(endpoint ? { address: endpoint.address } : {}),
    why,
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

const COLUMNS: readonly Column<Orphan>[] = [
  { title: 'MACHINE', value: ({ machine }) => machine.id, colour: (text, _row, paint) => paint.bold(text) },
  { title: 'IAAS', value: ({ iaas, machine: { zone } }) => (zone === undefined ? iaas : `${iaas}, ${zone}`) },
  { title: 'VM', value: ({ machine }) => machine.vm ?? '' },
  { title: 'STATE', value: ({ machine }) => machine.state },
  { title: 'ADDRESS', value: ({ machine }) => machine.endpoint?.address ?? '' },
  {
    title: 'SIZE',
    value: ({ machine: { size } }) => (size ? `${String(size.cpu)} CPU, ${formatBytes(size.memory)}` : ''),
  },
  {
    title: 'WHY',
    value: ({ why, obstacle }) => (obstacle === undefined ? why : `${why}; not to be taken up: ${obstacle}`),
    shrinks: true,
  },
];
