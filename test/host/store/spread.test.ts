import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYOUT } from '../../../src/lxc/layout.ts';
import { prepareStep } from '../../../src/lxc/prepare.ts';
import type { Image } from '../../../src/model/image.ts';
import { millis } from '../../../src/model/quantity.ts';
import { generateKeyPair } from '../../../src/ssh/key-pair.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { pruneStep } from '../../../src/store/prune-step.ts';
import { closeStep, openStep } from '../../../src/store/spread/giver.ts';
import { spreader, type Spreader } from '../../../src/store/spread/spreader.ts';
import { tar } from '../../support/tar.ts';
import { testVm, type TestVms } from '../../support/vm.ts';
import { run, storeLab, type StoreLab } from './lab.ts';
import { madeImage } from './made-image.ts';
import { imageFolder } from './site.ts';

const COUNT = 4;
let lab: StoreLab;
let vms: TestVms;
let transport: Transport;
beforeAll(async () => {
  [lab, vms] = await Promise.all([storeLab(), testVm({ name: 'spread', count: COUNT })]);
  const { lineage, directory } = vms.site;
  transport = sshTransport({ directory: join(directory, 'ssh'), env: process.env });
  await Promise.all(
    vms.vms.map(async ({ name, endpoint }) => {
      const step = prepareStep({ lineage, vm: name, network: '10.66.0.0/22', units: {} });
      const [result] = await transport.run(name, endpoint, { steps: [step], timeout: millis(300_000) });
      if (result?.status !== 0) throw new Error(result?.stderr);
    }),
  );
});
afterAll(async () => {
  await transport.close();
  await lab[Symbol.asyncDispose]();
  await vms[Symbol.asyncDispose]();
});

const image = (name: string): Promise<Image> =>
  madeImage(
    lab.store,
    `${name}:1`,
    [1, 2].map((n) => ({
      tar: tar([{ name: `file-${String(n)}`, content: Buffer.alloc(2 ** 20, `${name} ${String(n)}`) }]),
    })),
  );
const onAll = (line: string): Promise<readonly string[]> =>
  Promise.all(vms.vms.map(async (_, index) => (await vms.ssh(line, index)).trim()));
const keys = (): Promise<readonly string[]> =>
  onAll('cat /root/.ssh/authorized_keys; stat -c "%a %U" /root/.ssh/authorized_keys');
const size = ({ layers }: Image): number => layers.reduce((sum, layer) => sum + layer.size, 0);

describe('spreader', () => {
  it('gives an image from the operator to a few VMs and from those to the rest, and leaves no key and no blob', async () => {
    const wanted = await image('few');
    const before = await keys();
    const spread = spreader({ transport, fanOut: 1 });
    for (let n = 0; n < COUNT; n += 1) spread.expect(wanted.digest, false);
    const told = new Map<string, number>();
    const done = await Promise.all(
      vms.vms.map(({ name, endpoint }) =>
        spread.bring({
          ...{ vm: name, endpoint, store: lab.store, image: wanted },
          onProgress: (bytes, total) => told.set(name, bytes / total),
        }),
      ),
    );
    expect(done.map(({ sent }) => sent).sort((a, b) => b - a)).toEqual([size(wanted), 0, 0, 0]);
    expect(done.map(({ sent, fetched }) => sent + fetched)).toEqual([1, 2, 3, 4].map(() => size(wanted)));
    expect([...told.values()]).toEqual([1, 1, 1, 1]);
    expect(await onAll(`head -c 5 ${imageFolder(wanted)}/rootfs/file-2`)).toEqual(['few 2', 'few 2', 'few 2', 'few 2']);
    await spread.close();
    expect(await keys()).toEqual(before);
    expect(await onAll(`ls -A ${LAYOUT.blobs}/sha256; ls -d ${LAYOUT.run}/fetch.* 2>/dev/null || true`)).toEqual([
      '',
      '',
      '',
      '',
    ]);
  });

  it('goes on when a VM that gives drops out', async () => {
    const wanted = await image('lost');
    const spread = spreader({ transport, fanOut: 1 });
    for (let n = 0; n < COUNT; n += 1) spread.expect(wanted.digest, false);
    const [first, ...rest] = vms.vms;
    if (!first) throw new Error('no VM');
    const bring = ({ name, endpoint }: (typeof vms.vms)[number]) =>
      spread.bring({ vm: name, endpoint, store: lab.store, image: wanted });
    await bring(first);
    // It is reached by the operator, and lets nobody else read any more.
    await vms.ssh('chmod 000 /root/.ssh/authorized_keys; mv /var/lib/stratos/blobs/sha256 /var/lib/stratos/blobs/away');
    const done = await Promise.all(rest.map(bring));
    await vms
      .ssh('mv /var/lib/stratos/blobs/away /var/lib/stratos/blobs/sha256; chmod 600 /root/.ssh/authorized_keys')
      .catch(() => undefined);
    await spread.close();
    expect(done.map(({ sent, fetched }) => sent + fetched)).toEqual([1, 2, 3].map(() => size(wanted)));
    expect(done.filter(({ sent }) => sent === size(wanted)).length).toBeGreaterThanOrEqual(1);
    expect(await onAll(`test -s ${imageFolder(wanted)}/rootfs/file-1 && echo there`)).toEqual([
      'there',
      'there',
      'there',
      'there',
    ]);
  });

  it('has a VM of a later run take an image from a neighbour that kept it, and leaves the blobs and no key', async () => {
    const wanted = await image('later');
    const [first, second, third] = vms.vms;
    if (!first || !second || !third) throw new Error('too few VMs');
    const before = await keys();
    const bring = async ({ name, endpoint }: typeof first, ...from: (typeof first)[]) => {
      const spread = spreader({ transport, fanOut: COUNT, keep: true });
      spread.expect(wanted.digest, false);
      const neighbours = from.map((neighbour) => ({ vm: neighbour.name, endpoint: neighbour.endpoint }));
      const done = await spread.bring({ vm: name, endpoint, store: lab.store, image: wanted, neighbours });
      await spread.close();
      return done;
    };
    expect(await bring(first)).toMatchObject({ sent: size(wanted), fetched: 0 });
    expect(await bring(second, first)).toMatchObject({ sent: 0, fetched: size(wanted) });
    const blobs = wanted.layers.map(({ digest }) => digest.slice('sha256:'.length)).sort();
    expect((await onAll(`ls ${LAYOUT.blobs}/sha256`)).slice(0, 2)).toEqual([blobs.join('\n'), blobs.join('\n')]);
    expect(await keys()).toEqual(before);
    // Blobs of layers that stay are kept for as long as that is wanted.
    const age = `find ${LAYOUT.blobs}/sha256 -type f`;
    const prune = async (neighbours: boolean) =>
      transport.run(second.name, second.endpoint, { steps: [pruneStep([wanted.digest], neighbours)] });
    await vms.ssh(
      `${age} -exec touch -d '2 hours ago' {} +; touch -d '2 hours ago' ${LAYOUT.blobs}/sha256/stranger`,
      1,
    );
    await prune(true);
    expect((await vms.ssh(`${age} | wc -l`, 1)).trim()).toBe('2');
    // A neighbour without them is no neighbour: the operator helps.
    await prune(false);
    expect(await vms.ssh(age, 1)).toBe('');
    expect(await bring(third, second)).toMatchObject({ sent: size(wanted), fetched: 0 });
    await onAll(`${age} -delete`);
  });

  it('holds what leaves a VM at the limit for all who take from it, and tells the bytes that arrived', async () => {
    const layers = [1, 2].map((n) => ({ tar: tar([{ name: `random-${String(n)}`, content: randomBytes(2 ** 20) }]) }));
    const wanted = await madeImage(lab.store, 'slow:1', layers);
    const [first, ...rest] = vms.vms;
    if (!first) throw new Error('no VM');
    const seed = spreader({ transport, fanOut: COUNT, keep: true });
    await seed.bring({ vm: first.name, endpoint: first.endpoint, store: lab.store, image: wanted });
    const limit = 2 ** 20;
    const spread = spreader({ transport, fanOut: COUNT, keep: true, limit });
    const began = performance.now();
    const told = new Map<string, number[]>();
    const done = await Promise.all(
      rest.slice(0, 2).map(({ name, endpoint }) => {
        const steps: number[] = [];
        told.set(name, steps);
        return spread.bring({
          ...{ vm: name, endpoint, store: lab.store, image: wanted },
          neighbours: [{ vm: first.name, endpoint: first.endpoint }],
          onProgress: (bytes, total) => {
            expect(total).toBe(size(wanted));
            const others = [...told].reduce((sum, [other, all]) => sum + (other === name ? 0 : (all.at(-1) ?? 0)), 0);
            // A fifth of a second goes at once.
            expect(bytes + others).toBeLessThanOrEqual(((performance.now() - began) / 1000 + 0.25) * limit);
            steps.push(bytes);
          },
        });
      }),
    );
    expect(performance.now() - began).toBeGreaterThan(((2 * size(wanted)) / limit - 0.25) * 1000);
    expect(done).toMatchObject([1, 2].map(() => ({ sent: 0, fetched: size(wanted) })));
    for (const steps of told.values()) {
      // One may be the end of the first layer, another is on the way.
      expect(new Set(steps.filter((bytes) => bytes > 0 && bytes < size(wanted))).size).toBeGreaterThan(1);
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(steps.at(-1)).toBe(size(wanted));
    }
    await spread.close();
    await seed.close();
    await onAll(`find ${LAYOUT.blobs}/sha256 -type f -delete`);
  });

  it('has a VM give a layer on while it comes there', async () => {
    const wanted = await madeImage(lab.store, 'through:1', [
      { tar: tar([{ name: 'random', content: randomBytes(3 * 2 ** 20) }]) },
    ]);
    const spread = spreader({ transport, fanOut: 1, limit: 2 ** 20 });
    const vmsOfTwo = vms.vms.slice(0, 2);
    for (const _ of vmsOfTwo) spread.expect(wanted.digest, false);
    const reached = new Map<string, number>();
    let together = 0;
    const done = await Promise.all(
      vmsOfTwo.map(({ name, endpoint }) =>
        spread.bring({
          ...{ vm: name, endpoint, store: lab.store, image: wanted },
          onProgress: (bytes) => {
            reached.set(name, bytes);
            const all = vmsOfTwo.map((vm) => reached.get(vm.name) ?? 0);
            if (Math.min(...all) > 0 && Math.max(...all) < size(wanted)) together += 1;
          },
        }),
      ),
    );
    await spread.close();
    expect(done.map(({ sent, fetched }) => [sent, fetched])).toEqual([
      [size(wanted), 0],
      [0, size(wanted)],
    ]);
    // Both had a part of it at one time, and neither all.
    expect(together).toBeGreaterThan(1);
    expect(await onAll(`ls -A ${LAYOUT.blobs}/sha256`)).toEqual(['', '', '', '']);
  });

  it('has a VM that does not reach another get all from the operator for the rest of the run', async () => {
    const apart = await image(`apart-${randomBytes(8).toString('hex')}`);
    const again = await image(`again-${randomBytes(8).toString('hex')}`);
    const later = await image(`later-${randomBytes(8).toString('hex')}`);
    const [first, second] = vms.vms;
    if (!first || !second) throw new Error('too few VMs');
    const seed = spreader({ transport, fanOut: COUNT, keep: true });
    for (const one of [apart, again, later]) {
      await seed.bring({ vm: first.name, endpoint: first.endpoint, store: lab.store, image: one });
    }
    const bring = (spread: Spreader, one: Image) => {
      const neighbours = [{ vm: first.name, endpoint: first.endpoint }];
      return spread.bring({ vm: second.name, endpoint: second.endpoint, store: lab.store, image: one, neighbours });
    };
    const spread = spreader({ transport, fanOut: COUNT, keep: true });
    await vms.ssh(`ip route replace blackhole ${first.endpoint.address}`, 1);
    const done = await bring(spread, apart);
    await vms.ssh(`ip route del blackhole ${first.endpoint.address}`, 1);
    expect(done).toMatchObject({ sent: size(apart), fetched: 0 });
    // It would reach it now, which only a new run finds out.
    expect(await bring(spread, again)).toMatchObject({ sent: size(again), fetched: 0 });
    await spread.close();
    const next = spreader({ transport, fanOut: COUNT, keep: true });
    expect(await bring(next, later)).toMatchObject({ sent: 0, fetched: size(later) });
    await next.close();
    await seed.close();
    await onAll(`find ${LAYOUT.blobs}/sha256 -type f -delete`);
  });

  it('sends all itself to no more VMs than it may', async () => {
    const wanted = await image('alone');
    const spread = spreader({ transport, fanOut: COUNT });
    for (let n = 0; n < COUNT; n += 1) spread.expect(wanted.digest, false);
    const before = await keys();
    const done = await Promise.all(
      vms.vms.map(({ name, endpoint }) => spread.bring({ vm: name, endpoint, store: lab.store, image: wanted })),
    );
    expect(done.map(({ fetched }) => fetched)).toEqual([0, 0, 0, 0]);
    expect(await keys()).toEqual(before);
    await spread.close();
  });
});

describe('the key of a run', () => {
  it('reads layers and nothing else, and goes with the run that made it', async () => {
    const pair = generateKeyPair('stratos-run-test');
    const step = openStep('root', 'test', pair);
    const before = (await keys())[0];
    await vms.ssh(
      `echo 'restrict,expiry-time="202001010000",command="x" ssh-ed25519 AAAA stratos-run-old' >> /root/.ssh/authorized_keys`,
    );
    const [opened] = await transport.run('spread-1', vms.endpoint, { steps: [step, step] });
    expect(opened?.status).toBe(0);
    const lines = await vms.ssh('grep stratos-run /root/.ssh/authorized_keys');
    expect(lines.trim().split('\n')).toHaveLength(1);
    expect(lines).not.toContain('stratos-run-old');
    const file = join(vms.site.directory, 'run-key');
    await writeFile(file, pair.privateKey.reveal(), { mode: 0o600 });
    const known = join(vms.site.directory, 'run-known');
    await writeFile(known, vms.endpoint.hostKeys.map((key) => `${vms.endpoint.address} ${key}\n`).join(''));
    const ask = async (...words: readonly string[]): Promise<string> => {
      const options = [
        '-F',
        '/dev/null',
        '-o',
        'BatchMode=yes',
        '-o',
        `UserKnownHostsFile=${known}`,
        '-o',
        'IdentitiesOnly=yes',
      ];
      const asked = run('ssh', [...options, '-i', file, `root@${vms.endpoint.address}`, ...words]);
      return asked.then(
        ({ stdout }) => stdout,
        (error: unknown) => (error as { stderr: string }).stderr,
      );
    };
    const hex = 'ab'.repeat(32);
    await vms.ssh(`printf 0123456789 > ${LAYOUT.blobs}/sha256/${hex}`);
    expect(await ask(hex, '4', '10', '0')).toBe('456789');
    for (const words of [
      ['id'],
      ['../../label.json', '0', '10', '0'],
      [hex, '0;id', '10', '0'],
      [hex, '0', '$(id)', '0'],
      [hex, '0', '10', '`id`'],
      [hex, '0', '10'],
      [hex.replace('a', 'c'), '0', '10', '0'],
      [`../${hex.slice(3)}`, '0', '10', '0'],
      ['cat', '/etc/shadow'],
      [],
    ]) {
      expect(await ask(...words)).toContain('Cannot give a layer');
    }
    await transport.run('spread-1', vms.endpoint, { steps: [closeStep('root', 'test', [`sha256:${hex}`])] });
    expect((await keys())[0]).toBe(before);
    expect(await vms.ssh(`test ! -e ${LAYOUT.blobs}/sha256/${hex} && echo gone`)).toBe('gone\n');
    expect(await ask(hex, '0', '10', '0')).toMatch(/denied/i);
  });
});
