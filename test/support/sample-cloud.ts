/** The sample executable of `kind: exec` as a contract subject, with a wrapper that makes it misbehave. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadProvider } from '../../src/iaas/load-provider.ts';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import type { ExecIaasSpec } from '../../src/model/iaas/exec.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import type { IaasSubject } from '../contract/iaas.contract.ts';

const FAULTY = new URL('faulty-cloud.mjs', import.meta.url).pathname;

/** Opens it in a directory of its own. */
export async function sampleCloud(): Promise<IaasSubject & { readonly spec: ExecIaasSpec }> {
  const directory = await mkdtemp(join(tmpdir(), 'stratos-cloud-'));
  const faults = join(directory, 'faults.json');
  writeFileSync(faults, '{}');
  const set = (change: Readonly<Record<string, unknown>>): void => {
    writeFileSync(faults, JSON.stringify({ ...(JSON.parse(readFileSync(faults, 'utf8')) as object), ...change }));
  };
  const spec: ExecIaasSpec = {
    kind: 'exec',
    name: 'ours',
    user: 'stratos',
    // Each verb is a program that starts: seconds, where many do.
    timeout: millis(30_000),
    concurrency: 4,
    command: [process.execPath, FAULTY],
    cwd: directory,
    env: { SAMPLE_CLOUD: { kind: 'value', value: directory } },
  };
  const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
  const bare = (lineage: string, change: Partial<ExecIaasSpec> = {}): IaasProvider =>
    execProvider({ ...spec, ...change }, { lineage, env: process.env, onStep: () => undefined });
  const authorizedKey = generateHostKey().publicKey;
  return {
    spec,
    provider: bare('one'),
    other: bare('two'),
    sibling: bare('one', { name: 'theirs' }),
    impatient: bare('one', { timeout: millis(2500) }),
    request: async (vm, change = {}) =>
      Promise.resolve({
        vm,
        partition: 'test',
        size: { cpu: cores(2), memory: bytes(2 ** 30), name: 'm2' },
        hostKey: generateHostKey(),
        authorizedKey,
        taken: [],
        ...change,
      }),
    zones: ['north', 'south'],
    guestImage: 'windows-2022',
    held: async (id) => {
      const machine = JSON.parse(await readFile(join(directory, 'machines', `${id}.json`), 'utf8')) as {
        labels: Record<string, string>;
        userData: string;
        size: { name: string };
        zone?: string;
        image?: string;
      };
      const { labels, userData, size, zone, image } = machine;
      return {
        vm: labels['stratos-vm'] ?? '',
        lineage: labels['stratos-lineage'] ?? '',
        userData,
        size: size.name,
        ...(zone !== undefined && { zone }),
        ...(image !== undefined && { image }),
      };
    },
    faults: {
      refuseCreate: (failure) => {
        set({ [failure]: 1 });
      },
      loseAnswer: () => {
        set({ loseAnswer: 1 });
      },
      lockOut: () => {
        set({ lockedOut: true });
        return () => {
          set({ lockedOut: false });
        };
      },
      throttle: (calls, retryAfter) => {
        set({ throttle: calls, retryAfter });
      },
      stall: () => {
        set({ stall: true });
        return () => {
          set({ stall: false });
        };
      },
    },
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }),
  };
}

/** The same as a project uses it: limited and repeated. */
export async function managedSampleCloud(spec: ExecIaasSpec, lineage: string): Promise<IaasProvider> {
  return loadProvider(spec, { lineage, env: process.env, onStep: () => undefined });
}
