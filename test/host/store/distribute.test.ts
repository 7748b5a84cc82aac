import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYOUT } from '../../../src/lxc/layout.ts';
import { InterruptedError, StoreError } from '../../../src/model/errors.ts';
import type { Image } from '../../../src/model/image.ts';
import { pruneStep } from '../../../src/store/distribute.ts';
import { FIXTURES, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';
import { imageFolder, preparedVm } from './site.ts';
import type { PreparedVm } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
let image: Image;
const BLOBS = `${LAYOUT.blobs}/sha256`;
const hex = (digest: string): string => digest.slice('sha256:'.length);

beforeAll(async () => {
  [lab, site] = await Promise.all([storeLab(), preparedVm()]);
  ({ image } = await lab.build(join(FIXTURES, 'static')));
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

describe('distributeImage', () => {
  it('copies an image the first time, and nothing the second', async () => {
    const progress: number[] = [];
    const first = await site.distribute(lab.store, image, { onProgress: (done) => progress.push(done) });
    expect(first.sent).toBeGreaterThan(0);
    expect(progress.length).toBeGreaterThan(0);
    const second = await site.distribute(lab.store, image);
    expect(second.sent).toBe(0);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(image)}/privileged`);
    expect((await site.vm.ssh(`stat -c %u:%g ${imageFolder(image)}/rootfs/www/index.html`)).trim()).toBe(
      '100000:100000',
    );
    expect((await site.vm.ssh(`ls -A ${LAYOUT.images} | grep tmp || echo none`)).trim()).toBe('none');
  });

  it('sends only the layers a VM lacks', async () => {
    const yaml =
      'name: more\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["rm /www/index.html; echo more > /www/more"]\n';
    const more = await lab.build(await lab.cartridge('more', yaml));
    const { sent } = await site.distribute(lab.store, more.image);
    expect(sent).toBeLessThan(100_000);
    const files = await site.vm.ssh(`ls -A ${imageFolder(more.image)}/rootfs/www`);
    expect(files.trim()).toBe('more');
    await site.vm.ssh(`test -e ${imageFolder(image)}/rootfs/www/index.html`);
  });

  it('makes the places of what every process has mounted', async () => {
    const root = `${imageFolder(image)}/rootfs`;
    const places = '.stratos dev etc etc/hosts etc/resolv.conf proc sys';
    expect((await site.vm.ssh(`cd ${root} && stat -c %u ${places} | sort -u`)).trim()).toBe('100000');
  });

  it('unpacks a second time with ownership as it is for a privileged cartridge', async () => {
    await site.distribute(lab.store, image);
    await site.distribute(lab.store, image, { privileged: true });
    expect((await site.vm.ssh(`stat -c %u:%g ${imageFolder(image)}/privileged/www/index.html`)).trim()).toBe('0:0');
    await site.vm.ssh(`test -e ${imageFolder(image)}/rootfs/www/index.html`);
  });

  it('replaces a blob that was damaged on the VM', async () => {
    await site.vm.ssh(`rm -rf ${imageFolder(image)}`);
    const path = `${BLOBS}/${hex(image.layers[0]?.digest ?? '')}`;
    await site.vm.ssh(`size=$(stat -c %s ${path}); head -c "$size" /dev/urandom > ${path}.x && mv ${path}.x ${path}`);
    const { sent } = await site.distribute(lab.store, image);
    expect(sent).toBeGreaterThan(image.layers[0]?.size ?? 0);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete`);
  });

  it('goes on with a copy that was cut', async () => {
    await site.vm.ssh(`rm -rf ${imageFolder(image)}`);
    const path = `${BLOBS}/${hex(image.layers[0]?.digest ?? '')}`;
    await site.vm.ssh(`truncate -s 500000 ${path}`);
    const { sent } = await site.distribute(lab.store, image);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan((image.layers[0]?.size ?? 0) - 300_000);
  });

  it('says which blob the store itself has damaged, and leaves nothing half-made', async () => {
    const yaml = 'name: rotten\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo rotten > /rotten"]\n';
    const rotten = await lab.build(await lab.cartridge('rotten', yaml));
    const digest = rotten.image.layers.at(-1)?.digest ?? '';
    const { writeFile, stat } = await import('node:fs/promises');
    const { size } = await stat(lab.store.blobPath(digest));
    await writeFile(lab.store.blobPath(digest), Buffer.alloc(size, 7));
    const failure = await site.distribute(lab.store, rotten.image).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toContain(digest);
    expect((failure as StoreError).hint).toContain(`sha256sum ${lab.store.blobPath(digest)}`);
    expect((await site.vm.ssh(`ls -d ${imageFolder(rotten.image)}* 2>/dev/null || echo none`)).trim()).toBe('none');
  });

  it('unpacks once when several ask for the same image at the same time', async () => {
    await site.vm.ssh(`rm -rf ${imageFolder(image)}`);
    await Promise.all([1, 2, 3, 4].map(() => site.distribute(lab.store, image)));
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete`);
    expect((await site.vm.ssh(`ls -A ${LAYOUT.images} | grep tmp || echo none`)).trim()).toBe('none');
  });

  it('takes up after an unpacking that was killed', async () => {
    await site.vm.ssh(`rm -rf ${imageFolder(image)}; mkdir -p ${imageFolder(image)}.tmp-1/rootfs/half`);
    await site.distribute(lab.store, image);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(image)}.tmp-1`);
  });

  it('refuses an image that has no room, with numbers, and leaves nothing', async () => {
    const large = {
      ...image,
      digest: `sha256:${createHash('sha256').update('large').digest('hex')}`,
      layers: image.layers.map((layer) => ({ ...layer, unpackedSize: (2 ** 50) as typeof layer.size })),
    };
    const { copyFile } = await import('node:fs/promises');
    await copyFile(lab.store.blobPath(image.digest), lab.store.blobPath(large.digest));
    const failure = await site.distribute(lab.store, large).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toMatch(/no space left: .* free, .* needed/);
    expect((await site.vm.ssh(`ls -d ${imageFolder(large)}* 2>/dev/null || echo none`)).trim()).toBe('none');
  });

  it('reports a disk that fills while unpacking, and leaves nothing', async () => {
    const yaml =
      'name: big\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["dd if=/dev/zero of=/big bs=1M count=60"]\n';
    const big = await lab.build(await lab.cartridge('big', yaml));
    const lying = {
      ...big.image,
      layers: big.image.layers.map((layer) => ({ ...layer, unpackedSize: 0 as typeof layer.size })),
    };
    await site.vm.ssh(`mkdir -p ${LAYOUT.images} && mount -t tmpfs -o size=40m small ${LAYOUT.images}`);
    try {
      const failure = await site.distribute(lab.store, lying).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as StoreError).message).toContain('no space left');
      expect((await site.vm.ssh(`ls -A ${LAYOUT.images} | grep -v lock || echo none`)).trim()).toBe('none');
    } finally {
      await site.vm.ssh(`umount ${LAYOUT.images}`);
    }
  });

  it('ends when it is interrupted', async () => {
    await site.vm.ssh(`rm -rf ${imageFolder(image)}`);
    const abort = new AbortController();
    abort.abort();
    await expect(site.distribute(lab.store, image, { signal: abort.signal })).rejects.toThrow(InterruptedError);
  });
});

describe('pruneStep', () => {
  it('removes images that are not kept, with the blobs only they need', async () => {
    const yaml = 'name: other\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo other > /other"]\n';
    const other = await lab.build(await lab.cartridge('other', yaml));
    await site.distribute(lab.store, image);
    await site.distribute(lab.store, other.image);
    const step = pruneStep([image.digest]);
    // Blobs younger than an hour may belong to a copy under way: here they count as old.
    const aged = { ...step, args: step.args.map((arg, i) => (i === 3 ? -1 : arg)) };
    const [result] = await site.transport.run('store-1', site.vm.endpoint, { steps: [aged] });
    expect(result?.status).toBe(0);
    expect(result?.stdout).toContain(hex(other.image.digest));
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(other.image)}`);
    const blobs = await site.vm.ssh(`ls ${BLOBS}`);
    expect(blobs).not.toContain(hex(other.image.layers.at(-1)?.digest ?? 'none'));
    for (const layer of image.layers) expect(blobs).toContain(hex(layer.digest));
  });
});

describe('the static cartridge', () => {
  it('serves, logs to standard output and ends on TERM', async () => {
    await site.distribute(lab.store, image);
    const answer = await site.serve(image, 80);
    expect(answer.body).toContain('A static page');
    expect(answer.log).toContain('url:/');
    expect(answer.stopMs).toBeLessThan(3000);
  });
});
