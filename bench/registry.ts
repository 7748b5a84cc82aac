/**
 * An image of 100 MB to the real docker-registry and back, by the program as it is called: the first push, a push with nothing to do, a
 * pull. Beside it skopeo copy from and to an OCI layout, in the same run. `npx node bench/registry.ts [rounds, default 5]`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duration, median, medianRatio, say, table, timed, verdict } from './measure.ts';

const { directoryRegistry } = await import('../src/store/directory-registry.ts');
const { dockerRegistry } = await import('../test/support/docker-registry.ts');
const { sampleImage, store } = await import('../test/support/sample-images.ts');

const rounds = Number(process.argv[2] ?? 5);
const LAYERS = [50, 30, 20].map((size) => size * 2 ** 20);
const STRATOS = path.resolve(import.meta.dirname, '../bin/stratos');

await using stack = new AsyncDisposableStack();
const directory = await mkdtemp(path.join(tmpdir(), 'bench-registry-'));
stack.defer(() => rm(directory, { recursive: true, force: true }));
const server = await dockerRegistry();
stack.defer(() => server[Symbol.asyncDispose]());

/** A project with a store of its own, an OCI layout that skopeo reads too. */
async function project(name: string): Promise<{ readonly home: string; readonly layout: string }> {
  const home = path.join(directory, name);
  await mkdir(home);
  await writeFile(
    path.join(home, 'stratos.yaml'),
    `apiVersion: stratos/v1\nstore: { path: layout }\nstores: { hub: { kind: oci, url: ${server.url} } }\n`,
  );
  return { home, layout: path.join(home, 'layout') };
}
const stratos = async (home: string, ...args: readonly string[]): Promise<number> =>
  (await timed([STRATOS, '--dir', home, '-q', 'cartridge', ...args])).ms;
const skopeo = async (...args: readonly string[]): Promise<number> => {
  const open = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  return (await timed(['skopeo', '--insecure-policy', 'copy', '-q', ...open, ...args])).ms;
};

const rows = {
  'first push': { ours: [] as number[], theirs: [] as number[] },
  'push, nothing changed': { ours: [] as number[], theirs: [] as number[] },
  pull: { ours: [] as number[], theirs: [] as number[] },
};
const [from, to] = [await project('from'), await project('to')];
for (let round = 0; round < rounds; round += 1) {
  say(`round ${String(round + 1)} of ${String(rounds)}`);
  // Another content each time and for each, so that nothing is there before.
  const [mine, theirs] = [`mine-${String(round)}`, `theirs-${String(round)}`];
  for (const name of [mine, theirs])
    await store(directoryRegistry('local', from.layout), name, sampleImage(LAYERS), '1');
  const remote = `docker://${server.host}/${theirs}:1`;
  for (const row of ['first push', 'push, nothing changed'] as const) {
    rows[row].ours.push(await stratos(from.home, 'push', `${mine}:1`, `hub:${mine}:1`));
    rows[row].theirs.push(await skopeo(`oci:${from.layout}:${theirs}:1`, remote));
  }
  rows.pull.ours.push(await stratos(to.home, 'pull', `hub:${mine}:1`));
  rows.pull.theirs.push(await skopeo(remote, `oci:${path.join(directory, theirs)}:1`));
  for (const used of [from.layout, to.layout, path.join(directory, theirs)]) await rm(used, { recursive: true });
}
console.log(
  [
    `100 MiB in ${String(LAYERS.length)} layers, docker-registry on this machine; medians of ${String(rounds)} rounds, start of the programs included.`,
    '',
    table(
      ['', 'Stratos', 'skopeo copy', 'ratio'],
      Object.entries(rows).map(([name, { ours, theirs }]) => [
        name,
        duration(median(ours)),
        duration(median(theirs)),
        medianRatio(ours, theirs).toFixed(2),
      ]),
    ),
    '',
    table(
      ['goal', ''],
      [['push of an unchanged image at most 1000 ms', verdict(median(rows['push, nothing changed'].ours), 1000)]],
    ),
  ].join('\n'),
);
