import { resolve } from 'node:path';
import { InvalidSpecError } from '../model/errors.ts';
import type { SpecProblem } from '../model/errors.ts';
import { DEFAULT_HOOK_TIMEOUT, type Spec } from '../model/spec.ts';
import { checkSchedules } from './check-schedules.ts';
import { resolveContext } from './resolve-context.ts';
import { resolveDistribution } from './resolve-distribution.ts';
import { durationOf } from './read-quantity.ts';
import { resolveGuards } from './resolve-guards.ts';
import { resolveIaas } from './resolve-iaas.ts';
import { resolvePartitions } from './resolve-partitions.ts';
import { checkPolicies } from './resolve-policies.ts';
import { checkImages, resolveStores } from './resolve-stores.ts';
import { resolveTrust } from './resolve-trust.ts';
import { resolveCartridges, resolveSubscriptions } from './resolve-workloads.ts';
import { readSpecFiles } from './spec-files.ts';
import type { Overlay, SpecFiles } from './spec-files.ts';

/** Name of the main file in a project directory. */
export const SPEC_FILE = 'stratos.yaml';

export interface LoadSpecOptions {
  /** Main file, relative to the project; default `stratos.yaml`. */
  readonly file?: string;
}

/**
 * Reads `stratos.yaml` and its includes, checks them against the schema and resolves units, defaults and names.
 * @throws InvalidSpecError with every problem found
 * @throws ProjectFileError when a file is missing or cannot be read
 */
export async function loadSpec(directory: string, options: LoadSpecOptions = {}): Promise<Spec> {
  return (await loadSpecFiles(directory, options)).spec;
}

/** {@link loadSpec}, with the parsed files, and with other text in place of files that an edit is about to write. */
export async function loadSpecFiles(
  directory: string,
  options: LoadSpecOptions = {},
  overlay?: Overlay,
): Promise<{ readonly spec: Spec; readonly files: SpecFiles }> {
  const root = resolve(directory);
  const files = await readSpecFiles(root, options.file ?? SPEC_FILE, overlay);
  const problems: SpecProblem[] = [...files.problems];
  const spec = await resolveSpec(files, root, problems);
  if (problems.length > 0) throw new InvalidSpecError(inOrder(problems));
  return { spec, files };
}

async function resolveSpec(files: SpecFiles, directory: string, problems: SpecProblem[]): Promise<Spec> {
  const context = resolveContext(files, directory, problems);
  checkPolicies(context);
  await checkSchedules(context);
  const iaas = await resolveIaas(context);
  const partitions = resolvePartitions(context, iaas);
  const cartridges = resolveCartridges(context, partitions);
  const subscriptions = resolveSubscriptions(context, cartridges, partitions);
  const stores = resolveStores(context);
  checkImages(context);
  const trust = resolveTrust(files.store, directory, problems);
  const guards = resolveGuards(files.guards, partitions, problems);
  const hooks = files.hooks && { hooks: { timeout: durationOf(files.hooks.value.timeout, DEFAULT_HOOK_TIMEOUT) } };
  return {
    file: files.main.path,
    iaas,
    partitions,
    cartridges,
    subscriptions,
    ...stores,
    ...trust,
    ...resolveDistribution(files.distribution),
    guards,
    ...hooks,
  };
}

/** By file as they were read, then by line. */
function inOrder(problems: readonly SpecProblem[]): readonly SpecProblem[] {
  const files = [...new Set(problems.map(({ position }) => position?.file))];
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.position?.file) - files.indexOf(b.position?.file) ||
      (a.position?.line ?? 0) - (b.position?.line ?? 0) ||
      (a.position?.column ?? 0) - (b.position?.column ?? 0),
  );
}
