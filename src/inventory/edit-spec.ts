/** Edits of stratos.yaml and its includes, in the file where the thing is defined. What would not load is never written. */
import { readFile } from 'node:fs/promises';
import { InvalidSpecError, NotFoundError, ProjectFileError, UsageError } from '../model/errors.ts';
import { dependentsOf } from '../model/needs.ts';
import type { Spec } from '../model/spec.ts';
import { writeProjectFile } from './project-file.ts';
import { removeFromYaml, setInYaml } from './edit-yaml.ts';
import { loadSpecFiles } from './load-spec.ts';
import type { LoadSpecOptions } from './load-spec.ts';
import type { RawCartridge, RawSubscription } from './raw/workloads.ts';
import { longNeed } from './resolve-needs.ts';
import { NAME_PATTERN, NAME_RULE } from './schema/terms.ts';
import { showValue } from './show-value.ts';
import { placeOf } from './spec-files.ts';
import type { Entry, Section, SpecFiles } from './spec-files.ts';
import { didYouMean } from './suggest.ts';
import { yamlSource } from './yaml-source.ts';
import type { YamlSource } from './yaml-source.ts';

/** The keys of a subscription, as they stand in the file. */
export type SubscriptionValues = {
  readonly [Key in keyof RawSubscription]: RawSubscription[Key] | undefined;
} & { readonly cartridge: string };

export interface EditResult {
  /** The spec after the edit. */
  readonly spec: Spec;
  /** The file that has the thing. */
  readonly file: string;
  /** False when everything was so already, and nothing was written. */
  readonly changed: boolean;
}

/**
 * Adds a subscription to the main file.
 * @throws UsageError when the alias is malformed or taken, or a name is not there
 * @throws InvalidSpecError when the spec is invalid, or would be with it: nothing is written then
 */
export async function addSubscription(
  directory: string,
  alias: string,
  values: SubscriptionValues,
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  if (!new RegExp(NAME_PATTERN).test(alias))
    throw new UsageError(`Cannot subscribe as the alias must be ${NAME_RULE}: ${showValue(alias)}`);
  return edit(directory, options, ({ files }) => {
    const taken = files.entries.subscriptions.get(alias);
    if (taken)
      throw new UsageError(`Cannot subscribe as the alias is taken: ${alias} (${placeOf('subscriptions', taken)})`, {
        hint: 'stratos status',
      });
    requireName(files, 'cartridges', values.cartridge, 'cartridge');
    for (const need of values.needs ?? [])
      requireName(files, 'subscriptions', longNeed(need).subscription, 'subscription');
    for (const kind of ['scaling', 'idle', 'rollout'] as const) {
      const name = values[kind];
      if (typeof name === 'string') requireName(files, `policies.${kind}`, name, `${kind} policy`);
    }
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    return { source: files.main, text: setInYaml(files.main, ['subscriptions', alias], given) };
  });
}

/**
 * Removes a subscription from the file that has it, with the comment directly above it; with `force` it is taken out of the needs of
 * others before.
 * @throws NotFoundError when there is none of this alias
 * @throws UsageError without `force` when others need it
 */
export async function removeSubscription(
  directory: string,
  alias: string,
  { force = false, ...options }: LoadSpecOptions & { readonly force?: boolean } = {},
): Promise<EditResult> {
  const { spec } = await loadSpecFiles(directory, options);
  const dependents = dependentsOf(spec, alias);
  if (dependents.length > 0 && !force) {
    const need = dependents.length === 1 ? 'needs' : 'need';
    throw new UsageError(`Cannot unsubscribe ${alias} as ${dependents.join(', ')} ${need} it`, {
      hint: `stratos unsubscribe ${alias} --force`,
    });
  }
  for (const dependent of dependents) await removeNeed(directory, dependent, alias, options);
  return edit(directory, options, ({ files }) => {
    const { source } = existing(files, 'subscriptions', alias, 'subscription');
    return { source, text: removeFromYaml(source, ['subscriptions', alias]) };
  });
}

async function removeNeed(directory: string, alias: string, needed: string, options: LoadSpecOptions): Promise<void> {
  await edit(directory, options, ({ files }) => {
    const { source, value } = existing(files, 'subscriptions', alias, 'subscription');
    const rest = ((value as RawSubscription).needs ?? []).filter((need) => longNeed(need).subscription !== needed);
    const path = ['subscriptions', alias, 'needs'] as const;
    return { source, text: rest.length === 0 ? removeFromYaml(source, path) : setInYaml(source, path, rest) };
  });
}

/**
 * Sets how many processes a subscription has, for it alone: a policy that it shares with others is left as it is.
 * @throws NotFoundError when there is none of this alias
 * @throws UsageError when min would be above max
 */
export async function setProcessBounds(
  directory: string,
  alias: string,
  bounds: { readonly min?: number; readonly max?: number },
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  return edit(directory, options, ({ files, spec }) => {
    const { source, value } = existing(files, 'subscriptions', alias, 'subscription');
    const now = spec.subscriptions[alias]?.scaling.processes ?? { min: 1, max: 1 };
    const next = { min: bounds.min ?? now.min, max: bounds.max ?? now.max };
    for (const [key, count] of Object.entries(next))
      if (!Number.isSafeInteger(count) || count < 0)
        throw new UsageError(`Cannot scale ${alias} as ${key} must be a whole number, 0 or more: ${String(count)}`);
    if (next.min > next.max)
      throw new UsageError(
        `Cannot scale ${alias} as min must not be above max: ${String(next.min)} > ${String(next.max)}`,
        {
          hint:
            bounds.max === undefined
              ? `stratos scale ${alias} --min ${String(next.min)} --max ${String(next.min)}`
              : `stratos scale ${alias} --min ${String(next.max)} --max ${String(next.max)}`,
        },
      );
    if (next.min === now.min && next.max === now.max) return { source, text: source.text };
    const given = (value as RawSubscription).processes;
    if (typeof given !== 'object')
      return { source, text: setInYaml(source, ['subscriptions', alias, 'processes'], next) };
    const withMin = setInYaml(source, ['subscriptions', alias, 'processes', 'min'], next.min);
    return {
      source,
      text: setInYaml(yamlSource(source.path, withMin), ['subscriptions', alias, 'processes', 'max'], next.max),
    };
  });
}

/** What a subscription shall be made of; what is null is taken out, what is undefined stays. */
export interface MakingEdit {
  readonly cartridge?: string;
  readonly image?: string | null;
  readonly revision?: number | null;
}

/**
 * Says what a subscription is made of: its cartridge, an image of its own, or a revision that it is pinned to.
 * @throws NotFoundError when there is none of this alias
 * @throws UsageError when there is no such cartridge
 */
export async function setMaking(
  directory: string,
  alias: string,
  making: MakingEdit,
  options: EditOptions = {},
): Promise<EditResult> {
  return edit(directory, options, ({ files }) => {
    const { source, value } = existing(files, 'subscriptions', alias, 'subscription');
    if (making.cartridge !== undefined) requireName(files, 'cartridges', making.cartridge, 'cartridge', 'roll out');
    const now = value as RawSubscription;
    let text = source.text;
    for (const key of ['cartridge', 'image', 'revision'] as const) {
      const wanted = making[key];
      if (wanted === undefined || wanted === (now[key] ?? null)) continue;
      const current = yamlSource(source.path, text);
      const path = ['subscriptions', alias, key] as const;
      text = wanted === null ? removeFromYaml(current, path) : setInYaml(current, path, wanted);
    }
    return { source, text };
  });
}

/**
 * Adds a cartridge to the main file.
 * @throws UsageError when the name is malformed or taken, or there is no such partition
 * @throws InvalidSpecError when the spec is invalid, or would be with it: nothing is written then
 */
export async function addCartridge(
  directory: string,
  name: string,
  values: RawCartridge,
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  if (!new RegExp(NAME_PATTERN).test(name))
    throw new UsageError(`Cannot add the cartridge as its name must be ${NAME_RULE}: ${showValue(name)}`);
  return edit(directory, options, ({ files }) => {
    const taken = files.entries.cartridges.get(name);
    if (taken)
      throw new UsageError(`Cannot add the cartridge as the name is taken: ${name} (${placeOf('cartridges', taken)})`, {
        hint: 'stratos validate',
      });
    requireName(files, 'partitions', values.partition, 'partition');
    return { source: files.main, text: setInYaml(files.main, ['cartridges', name], values) };
  });
}

/**
 * Points a cartridge at another image.
 * @throws NotFoundError when there is none of this name
 */
export async function setCartridgeImage(
  directory: string,
  cartridge: string,
  image: string,
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  return edit(directory, options, ({ files }) => {
    const { source } = existing(files, 'cartridges', cartridge, 'cartridge');
    return { source, text: setInYaml(source, ['cartridges', cartridge, 'image'], image) };
  });
}

export interface EditOptions extends LoadSpecOptions {
  /** Checks the edit and writes nothing. */
  readonly dryRun?: boolean;
}

interface Loaded {
  readonly spec: Spec;
  readonly files: SpecFiles;
}

/** Edits one file of the spec; what would not load is not written. @throws InvalidSpecError, ProjectFileError */
export async function edit(
  directory: string,
  options: EditOptions,
  change: (loaded: Loaded) => { readonly source: YamlSource; readonly text: string },
): Promise<EditResult> {
  const before = await loadSpecFiles(directory, options);
  const { source, text } = change(before);
  if (text === source.text) return { spec: before.spec, file: source.path, changed: false };
  const after = await loadSpecFiles(directory, options, new Map([[source.path, text]])).catch((error: unknown) => {
    throw error instanceof InvalidSpecError ? unwritten(error) : error;
  });
  if (options.dryRun) return { spec: after.spec, file: source.path, changed: true };
  if ((await readFile(source.path, 'utf8')) !== source.text)
    throw new ProjectFileError(`Cannot write the spec as somebody changed it at the same time: ${source.path}`);
  await writeProjectFile(source.path, text, { keepMode: true, mode: 0o644 });
  return { spec: after.spec, file: source.path, changed: true };
}

/** The problems are of a text that is not on disk: its lines cannot be looked up. */
function unwritten(error: InvalidSpecError): InvalidSpecError {
  const problems = error.problems.map(({ message, path, suggestion }) => ({
    message,
    path,
    ...(suggestion === undefined ? {} : { suggestion }),
  }));
  return new InvalidSpecError(problems, { cause: error });
}

/** The entry of a name. @throws NotFoundError with the name that may be meant */
export function existing(files: SpecFiles, section: Section, name: string, what: string): Entry {
  const entry = files.entries[section].get(name);
  if (entry) return entry;
  const near = didYouMean(name, files.entries[section].keys());
  throw new NotFoundError(`Cannot find the ${what}: ${showValue(name)}${near}`, { hint: 'stratos status' });
}

function requireName(files: SpecFiles, section: Section, name: string, what: string, verb = 'subscribe'): void {
  if (files.entries[section].has(name)) return;
  const near = didYouMean(name, files.entries[section].keys());
  throw new UsageError(`Cannot ${verb} as there is no such ${what}: ${showValue(name)}${near}`);
}
