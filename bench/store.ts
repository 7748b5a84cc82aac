/**
 * An image of 300 MB on its way to VMs: the first copy to one VM and to four, an update of one file in a hundred, a look with nothing
 * to do, and the disk of eight cartridges on one base; a build and a push with nothing to do. Beside it what people use without Stratos: rsync of the tree, tar through
 * zstd and ssh, and skopeo with umoci from a registry of the operator's. Each copy goes to a place where nothing was before, on a file system of
 * this run's own. All machines are this one; so the copy is measured a second time where the line of the operator is the narrowest
 * part of the way, as it mostly is where VMs are machines of their own. `npx node bench/store.ts [rounds, default 3]`.
 */
import './shell-text.ts';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { millis } from '../src/model/quantity.ts';
import type { Image } from '../src/model/image.ts';
import type { NewLayer } from '../src/store/directory-store.ts';
import { duration, median, medianRatio, say, table, timed, verdict } from './measure.ts';
import { FILES, LAYERS, sampleLayers, sampleTree, SIZE } from './sample-layers.ts';
import { skopeoPeer } from './skopeo-peer.ts';
import { overSlowLine } from './slow-line.ts';

const { testSite, vmOf, sshTo } = await import('../test/support/vm.ts');
const { prepareStep } = await import('../src/lxc/prepare.ts');
const { sshTransport } = await import('../src/ssh/ssh-transport.ts');
const { distributeImage } = await import('../src/store/distribute.ts');
const { spreader } = await import('../src/store/spread/spreader.ts');
const { directoryStore } = await import('../src/store/directory-store.ts');
const { knownTars } = await import('../src/store/known-tars.ts');
const { ociArchitecture } = await import('../src/store/platform.ts');
const { MEDIA } = await import('../src/store/oci.ts');
const { tar } = await import('../test/support/tar.ts');

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 3);
const VMS = 4;
/** What the operator sends at most where the line is slow, for `tc` and for people. */
const LINE = ['100mbit', '100 Mbit/s'] as const;
const STRATOS = path.resolve(import.meta.dirname, '../bin/stratos');
const STATIC = path.resolve(import.meta.dirname, '../fixtures/cartridges/static');

await using stack = new AsyncDisposableStack();
const site = await testSite();
stack.defer(site.dispose);
// A file system that no other work of this machine has touched, for ten gigabytes a round: without a journal, names that were removed are
// slow to get again, so all copies stay.
const disk = await mkdtemp('/var/tmp/stratos-bench-');
stack.defer(() => rm(disk, { recursive: true, force: true }));
await run('sh', [
  '-c',
  'truncate -s 48G "$1/disk" && mkfs.ext4 -q -i 32768 -E lazy_itable_init=0,lazy_journal_init=0 -O ^has_journal "$1/disk"',
  'sh',
  disk,
]);
await mkdir(site.spec.root, { recursive: true });
await run('mount', ['-o', 'loop', path.join(disk, 'disk'), site.spec.root]);
stack.defer(async () => {
  await run('umount', ['-l', site.spec.root]);
});
const vms = await Promise.all(
  Array.from({ length: VMS }, async (_, i) =>
    vmOf(site, await site.provider.create(await site.request(`copy-${String(i + 1)}`))),
  ),
);
stack.defer(async () => {
  for (const vm of vms) await site.provider.delete(vm.machine.id);
});
/** `onBatch` is told each time something is asked of a VM. */
const transport = (onBatch: () => void = () => undefined) =>
  sshTransport({ directory: path.join(site.directory, 'ssh'), env: process.env, onBatch });
{
  const preparing = transport();
  await Promise.all(
    vms.map(async ({ name, endpoint }) => {
      const step = prepareStep({ lineage: site.lineage, vm: name, network: '10.66.0.0/22', units: {} });
      const [result] = await preparing.run(name, endpoint, { steps: [step], timeout: millis(300_000) });
      if (result?.status !== 0) throw new Error(result?.stderr);
    }),
  );
  await preparing.close();
}

const seen = path.join(site.spec.root, 'seen');
const store = directoryStore(path.join(site.spec.root, 'store'), knownTars(seen));

async function layer(bytes: Buffer): Promise<NewLayer> {
  const blob = await store.addBlob(once(await promisify(zstdCompress)(bytes)));
  const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const made = { mediaType: MEDIA.layerZstd, ...blob, diffId, unpackedSize: bytes.length };
  await store.noteTar(made);
  return made;
}
async function* once(bytes: Buffer) {
  yield await Promise.resolve(bytes);
}
const image = (name: string, layers: readonly NewLayer[]): Promise<Image> =>
  store.addImage(name, layers, { architecture: ociArchitecture(), os: 'linux', config: { Entrypoint: ['/bin/true'] } });
const samples = (...tags: readonly string[]) => sampleLayers(store.directory, seen, tags);

// The tree as rsync and tar see it.
const tree = path.join(site.spec.root, 'tree');
await mkdir(tree);
await sampleTree(path.join(disk, 'all.tar'));
await run('tar', ['-C', tree, '-xf', path.join(disk, 'all.tar')]);
await rm(path.join(disk, 'all.tar'));
const known = path.join(site.directory, 'known');
await writeFile(
  known,
  vms.map(({ endpoint }) => endpoint.hostKeys.map((key) => `${endpoint.address} ${key}\n`).join('')).join(''),
);
const SSH: readonly [string, ...string[]] = [
  'ssh',
  '-F',
  '/dev/null',
  '-o',
  'BatchMode=yes',
  '-o',
  `UserKnownHostsFile=${known}`,
  '-o',
  'IdentitiesOnly=yes',
  '-c',
  'aes128-gcm@openssh.com',
  '-i',
  site.identityFile,
];

const [forPeer, shared] = await samples('peer', 'shared');
if (!forPeer || !shared) throw new Error('no layers');
const skopeo = await skopeoPeer(
  store,
  await image('peer:1', forPeer.base),
  SSH,
  vms.map(({ endpoint }) => endpoint.address),
);
stack.defer(() => skopeo[Symbol.asyncDispose]());

let place = 0;
const PEERS = {
  'rsync -a of the tree': (address: string, to: string) =>
    timed(['rsync', '-a', '-e', SSH.join(' '), `${tree}/`, `root@${address}:${to}/`]),
  'tar, zstd, ssh, zstd, tar': (address: string, to: string) =>
    timed([
      'sh',
      '-c',
      `tar -C "$0" -cf - . | zstd -q -T0 | "$@" 'mkdir -p ${to} && zstd -dcq | tar -C ${to} -xf -'`,
      tree,
      ...SSH,
      `root@${address}`,
    ]),
  'skopeo copy from a registry, umoci unpack': (address: string, to: string) => skopeo.copy(address, to),
} as const;
type Peer = keyof typeof PEERS;
/** Beside which the slow line is measured: the fastest of them, and the bytes of all are about the same. */
const SLOW_PEER: Peer = 'tar, zstd, ssh, zstd, tar';
/** Nobody pays for what another has left to be written to the disk. */
const toAll = async (work: (vm: (typeof vms)[number]) => Promise<unknown>, count: number): Promise<number> => {
  await run('sync');
  const started = performance.now();
  await Promise.all(vms.slice(0, count).map(work));
  return performance.now() - started;
};
const peer = (name: Peer, count: number): Promise<number> => {
  place += 1;
  const to = `/var/lib/stratos/bench-${String(place)}`;
  return toAll(({ endpoint }) => PEERS[name](endpoint.address, to), count);
};
/** Cold connections each time; the program's own start is in the suite "startup". */
const bring = async (
  wanted: Image,
  count: number,
): Promise<{ readonly ms: number; readonly sent: number; readonly trips: number }> => {
  let trips = 0;
  const fresh = transport(() => (trips += 1));
  const spread = spreader({ transport: fresh });
  for (let n = 0; n < count; n++) spread.expect(wanted.digest, false);
  let sent = 0;
  const ms = await toAll(async ({ name, endpoint }) => {
    sent += (await spread.bring({ vm: name, endpoint, store, image: wanted })).sent;
  }, count);
  await spread.close();
  await fresh.close();
  return { ms, sent, trips };
};

const one: Record<string, number[]> = {};
const four: Record<string, number[]> = {};
const slowOne: Record<string, number[]> = {};
const slowFour: Record<string, number[]> = {};
const push = (into: Record<string, number[]>, name: string, ms: number): void => void (into[name] ??= []).push(ms);
const best = (into: Record<string, number[]>): number[] =>
  Array.from({ length: rounds }, (_, i) => Math.min(...Object.keys(PEERS).map((name) => into[name]?.[i] ?? Infinity)));
let firstSent = 0;
let updateSent = 0;
let trips = 0;
for (let round = 1; round <= rounds; round++) {
  const names = ['one', 'four', 'slow-one', 'slow-four'].map((name) => `${name}-${String(round)}`);
  const [single, whole, slowSingle, slowWhole] = await samples(...names);
  if (!single || !whole || !slowSingle || !slowWhole) throw new Error('no layers');
  const images = {
    single: await image('single:1', single.base),
    update: await image('update:1', [...single.base, single.change]),
    whole: await image('whole:1', whole.base),
    slowOne: await image('slow-one:1', slowSingle.base),
    slowUpdate: await image('slow-update:1', [...slowSingle.base, slowSingle.change]),
    slowFour: await image('slow-four:1', slowWhole.base),
  };
  for (const name of Object.keys(PEERS) as Peer[]) push(one, name, await peer(name, 1));
  const first = await bring(images.single, 1);
  const update = await bring(images.update, 1);
  const nothing = await bring(images.update, 1);
  push(one, 'Stratos, first copy', first.ms);
  push(one, 'Stratos, one file in a hundred changed', update.ms);
  push(one, 'Stratos, nothing changed', nothing.ms);
  [firstSent, updateSent] = [first.sent, update.sent];
  for (const name of Object.keys(PEERS) as Peer[]) push(four, name, await peer(name, VMS));
  push(four, 'Stratos, first copy', (await bring(images.whole, VMS)).ms);
  const nothingOnAll = await bring(images.whole, VMS);
  push(four, 'Stratos, nothing changed', nothingOnAll.ms);
  trips = Math.max(trips, nothing.trips, nothingOnAll.trips / VMS);
  await overSlowLine(site.spec.bridge, LINE[0], async () => {
    push(slowOne, SLOW_PEER, await peer(SLOW_PEER, 1));
    push(slowOne, 'Stratos, first copy', (await bring(images.slowOne, 1)).ms);
    push(slowOne, 'Stratos, one file in a hundred changed', (await bring(images.slowUpdate, 1)).ms);
    push(slowFour, SLOW_PEER, await peer(SLOW_PEER, VMS));
    push(slowFour, 'Stratos, first copy', (await bring(images.slowFour, VMS)).ms);
  });
  say(
    `round ${String(round)}: ${Object.entries(one)
      .map(([name, times]) => `${name} ${duration(times.at(-1) ?? 0)}`)
      .join(', ')}`,
  );
}

// Eight cartridges on one base, on a VM that has none of it.
const last = vms[VMS - 1];
if (!last) throw new Error('no VM');
const used = async (): Promise<number> =>
  Number(
    (await sshTo(site, last.endpoint, 'cd /var/lib/stratos && du -sxB1 --total layers images blobs | tail -n 1')).split(
      '\t',
    )[0],
  );
const before = await used();
const bringLast = async (wanted: Image): Promise<void> => {
  const fresh = transport();
  await distributeImage({ transport: fresh, vm: last.name, endpoint: last.endpoint, store, image: wanted });
  await fresh.close();
};
await bringLast(await image('base:1', shared.base));
const base = (await used()) - before;
let own = 0;
for (let n = 1; n <= 8; n++) {
  const added = await layer(
    tar([
      { name: 'usr/', type: '5' },
      { name: 'usr/lib/', type: '5' },
      { name: `usr/lib/own-${String(n)}`, content: Buffer.alloc(2 ** 20, String(n)) },
    ]),
  );
  own += 2 ** 20;
  await bringLast(await image(`own-${String(n)}:1`, [...shared.base, added]));
}
const eight = (await used()) - before;

// What has nothing to do: by the program as it is called, its start included.
const project = path.join(disk, 'project');
await mkdir(project);
await writeFile(
  path.join(project, 'stratos.yaml'),
  `apiVersion: stratos/v1\nstore: { path: ${store.directory} }\nstores: { hub: { kind: oci, url: ${skopeo.url} } }\n`,
);
await cp(STATIC, path.join(project, 'static'), { recursive: true });
const stratos = async (...args: readonly string[]): Promise<number> =>
  (await timed([STRATOS, '--dir', project, '-q', 'cartridge', ...args])).ms;
const rebuilds: number[] = [];
const pushes: number[] = [];
await stratos('build', path.join(project, 'static'));
await stratos('push', 'whole:1', 'hub:whole:1');
for (let round = 1; round <= rounds; round++) {
  rebuilds.push(await stratos('build', path.join(project, 'static')));
  pushes.push(await stratos('push', 'whole:1', 'hub:whole:1'));
}

const cell = (into: Record<string, number[]>, name: string): string => {
  const times = into[name];
  return times ? `${duration(median(times))} (${medianRatio(times, best(into)).toFixed(2)})` : '';
};
const row = (name: string): string[] => [name, ...[one, four, slowOne, slowFour].map((into) => cell(into, name))];
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const ours = one['Stratos, first copy'] ?? [];
const oursFour = four['Stratos, first copy'] ?? [];
const update = one['Stratos, one file in a hundred changed'] ?? [];
const goals: [string, string][] = [
  ['first copy to one VM at most 1.1 × the best of the others', verdict(medianRatio(ours, best(one)), 1.1)],
  [`to ${String(VMS)} VMs at most 1.5 × one VM, all on this machine`, verdict(medianRatio(oursFour, ours), 1.5)],
  [
    `to ${String(VMS)} VMs at most 1.5 × one VM, over the line of ${LINE[1]}`,
    verdict(medianRatio(slowFour['Stratos, first copy'] ?? [], slowOne['Stratos, first copy'] ?? []), 1.5),
  ],
  [
    `update: bytes at most 3 % of the first copy (${mib(updateSent)} of ${mib(firstSent)})`,
    verdict((updateSent / firstSent) * 100, 3),
  ],
  ['update: time at most 10 % of the first copy, all on this machine', verdict(medianRatio(update, ours) * 100, 10)],
  [
    `update: time at most 10 % of the first copy, over the line of ${LINE[1]}`,
    verdict(
      medianRatio(slowOne['Stratos, one file in a hundred changed'] ?? [], slowOne['Stratos, first copy'] ?? []) * 100,
      10,
    ),
  ],
  ['nothing changed: one round trip for each VM', verdict(trips, 1)],
  [
    `8 cartridges on one base: at most base + own layers + 5 % (${mib(eight)} for ${mib(base + own)})`,
    verdict(eight / (base + own), 1.05),
  ],
  [`a build with nothing changed under 2 s (${duration(median(rebuilds))})`, verdict(median(rebuilds), 2000)],
  [`a push of the unchanged image under 1 s (${duration(median(pushes))})`, verdict(median(pushes), 1000)],
];
console.log(
  [
    `${String(FILES)} files, ${mib(FILES * SIZE)}, ${String(LAYERS)} layers; medians of ${String(rounds)} rounds; in brackets the ratio to the best of the others, round by round.`,
    '',
    table(
      ['', 'one VM', `${String(VMS)} VMs`, `one VM, operator sends ${LINE[1]}`, `${String(VMS)} VMs, the same`],
      [...Object.keys(PEERS), ...Object.keys(one).filter((name) => name.startsWith('Stratos'))].map(row),
    ),
    '',
    table(['goal', ''], goals),
  ].join('\n'),
);
