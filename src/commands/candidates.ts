/** What can come next on a command line: commands, options, values of options, and names of this project. */
import type { Option } from 'commander';
import { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addGlobalOptions, globalOptionsOf } from './global-options.ts';
import type { CommandEntry, GroupEntry, LeafEntry } from './registry.ts';
import { COMMANDS } from './registry.ts';

export interface Candidate {
  readonly word: string;
  readonly purpose?: string;
}

/** Everything that fits after `before`; the caller keeps what begins with `partial`. */
export async function candidates(
  before: readonly string[],
  partial: string,
  context: CommandContext,
): Promise<readonly Candidate[]> {
  const place = await findPlace(before, context);
  if (place.awaiting) return optionValues(place.awaiting, place, context);
  if (partial.startsWith('-')) return optionsOf(place.command);
  if (place.entries) return place.entries.filter((entry) => !entry.hidden).map(entryCandidate);
  const declared = place.command.registeredArguments;
  const argument = declared[place.operands.length] ?? declared.findLast((last) => last.variadic);
  if (!argument) return [];
  if (argument.argChoices) return argument.argChoices.map((word) => ({ word }));
  return names(argument.name(), place, context);
}

/** Where on the command line the cursor is. */
interface Place {
  readonly command: Command;
  /** Commands that can follow; undefined where arguments follow. */
  readonly entries?: readonly CommandEntry[];
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly awaiting?: Option;
  readonly dir?: string;
}

async function findPlace(before: readonly string[], context: CommandContext): Promise<Place> {
  let command = new Command('stratos');
  addGlobalOptions(command, 'all');
  let entries: readonly (LeafEntry | GroupEntry)[] | undefined = COMMANDS;
  let awaiting: Option | undefined;
  let dir: string | undefined;
  const operands: string[] = [];
  for (const word of before) {
    if (awaiting) {
      if (awaiting.attributeName() === 'dir') dir = word;
      awaiting = undefined;
    } else if (word.startsWith('-')) {
      const option = optionsNamed(command, word);
      if (option?.required && !word.includes('=')) awaiting = option;
      if (option?.attributeName() === 'dir' && word.includes('=')) dir = word.slice(word.indexOf('=') + 1);
    } else if (entries) {
      const named: LeafEntry | GroupEntry | undefined = entries.find((candidate) => candidate.name === word);
      const entry: LeafEntry | GroupEntry | undefined = named ?? entries.find((candidate) => 'isDefault' in candidate);
      if (!entry) return { command: new Command(), operands: [] };
      if (!named) operands.push(word);
      command = new Command(entry.name);
      if ('children' in entry) {
        addGlobalOptions(command);
        entries = entry.children;
      } else {
        (await entry.load())(command, context);
        entries = undefined;
      }
    } else operands.push(word);
  }
  return {
    command,
    operands,
    ...(entries ? { entries } : {}),
    ...(awaiting ? { awaiting } : {}),
    ...(dir === undefined ? {} : { dir }),
  };
}

function optionsNamed(command: Command, word: string): Option | undefined {
  const flag = word.split('=')[0];
  return command.options.find((option) => option.long === flag || option.short === flag);
}

function optionsOf(command: Command): Candidate[] {
  const options = command.options.flatMap(({ long, description }) =>
    long ? [{ word: long, purpose: description }] : [],
  );
  return [...options, { word: '--help', purpose: 'show help' }];
}

function entryCandidate({ name, summary }: CommandEntry): Candidate {
  return { word: name, purpose: summary };
}

async function optionValues(option: Option, place: Place, context: CommandContext): Promise<readonly Candidate[]> {
  if (option.argChoices) return option.argChoices.map((word) => ({ word }));
  const name = option.attributeName();
  return names(name === 'on' ? 'vm' : name, place, context);
}

/** Names of the project by what an argument or option is called; none where the project cannot be read. */
async function names(kind: string, place: Place, context: CommandContext): Promise<readonly Candidate[]> {
  if (!NAMED.has(kind)) return [];
  try {
    const globals = globalOptionsOf(place.command);
    const deps = await context.open(place.dir === undefined ? globals : { ...globals, dir: place.dir });
    if (kind === 'vm' || kind === 'process') {
      const inventory = await deps.inventory.read();
      if (kind === 'vm') return inventory.vms.map(({ name, partition }) => ({ word: name, purpose: partition }));
      return inventory.processes.map(({ name, vm }) => ({ word: name, purpose: `on ${vm}` }));
    }
    const spec = await deps.loadSpec();
    if (kind === 'cartridge')
      return Object.values(spec.cartridges).map(({ name, image }) => ({ word: name, purpose: image }));
    if (kind === 'store') return Object.values(spec.stores).map((each) => ({ word: each.name, purpose: each.kind }));
    if (kind === 'iaas') return Object.values(spec.iaas).map((each) => ({ word: each.name, purpose: each.kind }));
    if (kind === 'image')
      return imageCandidates((await (await deps.storeOf(spec)).list()).map((entry) => entry.reference));
    if (kind === 'tenant')
      return (spec.subscriptions[place.operands[0] ?? '']?.tenants ?? []).map((tenant) => ({
        word: tenant.name,
        purpose: tenant.hosts.join(' '),
      }));
    const partitions = Object.keys(spec.partitions).map((word) => ({ word, purpose: 'partition' }));
    if (kind === 'partition') return partitions;
    const aliases = Object.values(spec.subscriptions).map(({ alias, cartridge }) => ({
      word: alias,
      purpose: cartridge,
    }));
    return kind === 'only' || kind === 'name' ? [...aliases, ...partitions] : aliases;
  } catch {
    // A half-written spec must not put an error into somebody's prompt.
    return [];
  }
}

const NAMED = new Set([
  'vm',
  'process',
  'alias',
  'cartridge',
  'image',
  'store',
  'iaas',
  'partition',
  'only',
  'name',
  'needs',
  'tenant',
]);

function imageCandidates(references: readonly string[]): Candidate[] {
  return references.map((word) => ({ word }));
}
