/** A project whose subscription `shop` is rolled out, with clients that ask all the time and images that say which version they are. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { ProcessRecord } from '../../src/model/inventory.ts';
import type { RevisionRecord } from '../../src/model/revision.ts';
import type { RevisionEntry, RolloutStatus } from '../../src/reconcile/rollout-status.ts';
import { inventoryText } from './fleet.ts';
import { startLoad, type LoadResult } from './http-load.ts';
import { STATIC_CARTRIDGE, staticSpec, testProject, type TestProject } from './project.ts';

/** Processes of `shop`. */
export const WANTED = 4;

export interface RolloutLab {
  readonly project: TestProject;
  /** Builds `static:<version>`, whose pages say the version. `broken`: it ends at once, after a last word. `pages`: further files. */
  readonly build: (
    version: string,
    options?: { broken?: boolean; pages?: Record<string, string>; tag?: string },
  ) => Promise<void>;
  /** Gives `shop` this rollout policy. */
  readonly policy: (flow: string) => Promise<void>;
  readonly status: () => Promise<RolloutStatus>;
  readonly history: () => Promise<readonly RevisionEntry[]>;
  /** Images by process of the records, and whether they are ready. */
  readonly processes: () => Promise<readonly ProcessRecord[]>;
  readonly revisions: () => Promise<readonly RevisionRecord[]>;
  /** Runs `work` while clients ask; expects that not one request was lost. */
  readonly underLoad: (work: () => Promise<void>) => Promise<LoadResult>;
  readonly url: () => Promise<string>;
  /** Waits with runs of reconcile until `is` holds; rejects when it never does. */
  readonly reconcileUntil: (what: string, is: () => Promise<boolean>) => Promise<void>;
}

/** Two VMs, `shop` with four processes of `static:1` on port 8080, and a rollout policy to be set. */
export async function rolloutLab(more = ''): Promise<RolloutLab> {
  const spec = staticSpec({ vms: [2, 3], processesPerVm: 8, cpu: 4, cartridge: more });
  const project = await testProject(spec.replace('policies:\n', 'policies:\n  rollout:\n    careful: {}\n'));
  const build: RolloutLab['build'] = async (version, { broken = false, pages = {}, tag = version } = {}) => {
    const folder = path.join(project.site.directory, `static-${version}`);
    await cp(STATIC_CARTRIDGE, folder, { recursive: true });
    await writeFile(path.join(folder, 'www/index.html'), `version ${version}\n`);
    for (const [name, text] of Object.entries(pages)) {
      await mkdir(path.join(folder, 'www', path.dirname(name)), { recursive: true });
      await writeFile(path.join(folder, 'www', name), text, { mode: 0o755 });
    }
    if (broken)
      await writeFile(path.join(folder, 'serve'), '#!/bin/sh\necho "no licence for this host"\nexit 3\n', {
        mode: 0o755,
      });
    await project.must('cartridge', 'build', folder, '--tag', `static:${tag}`);
  };
  const read = async (section: string): Promise<readonly unknown[]> => {
    const [, lines = ''] = (await inventoryText(project)).split(`\n${section}:\n`);
    const records = /^(?: {2}- .*\n)*/.exec(lines)?.[0] ?? '';
    return records.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line.slice(4)) as unknown]));
  };
  const url = async (): Promise<string> =>
    (await project.status()).subscriptions.find(({ alias }) => alias === 'shop')?.urls[0] ?? '';
  await build('1');
  await project.must(
    'subscribe',
    'shop',
    '--cartridge',
    'static',
    '--port',
    '8080',
    '--rollout',
    'careful',
    '--min',
    String(WANTED),
    '--max',
    String(WANTED),
  );
  await project.must('reconcile');
  return {
    project,
    build,
    url,
    policy: async (flow) => {
      const text = await project.readSpec();
      await project.writeSpec(text.replace(/^ {4}careful: .*$/m, `    careful: ${flow}`));
    },
    status: async () =>
      JSON.parse((await project.stratos('rollout', 'status', 'shop', '-o', 'json')).stdout) as RolloutStatus,
    history: async () =>
      (
        JSON.parse((await project.must('rollout', 'history', 'shop', '-o', 'json')).stdout) as {
          revisions: RevisionEntry[];
        }
      ).revisions,
    processes: async () => (await read('processes')) as ProcessRecord[],
    revisions: async () => (await read('revisions')) as RevisionRecord[],
    underLoad: async (work) => {
      const load = startLoad({ url: await url(), clients: 4, keepAlive: false, pause: 10 });
      try {
        await work();
      } catch (error) {
        await load.stop();
        throw error;
      }
      const result = await load.stop();
      expect({ lost: result.lost, failures: result.failures }).toEqual({ lost: 0, failures: {} });
      expect(result.requests).toBeGreaterThan(50);
      return result;
    },
    reconcileUntil: async (what, is) => {
      const deadline = performance.now() + 90_000;
      while (!(await is())) {
        if (performance.now() > deadline) throw new Error(`${what}: never`);
        await project.stratos('reconcile');
      }
    },
  };
}
