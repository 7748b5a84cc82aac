import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYOUT } from '../../../src/lxc/layout.ts';
import { InterruptedError, StoreError } from '../../../src/model/errors.ts';
import type { Image, ImageLayer } from '../../../src/model/image.ts';
import { parsePruned, pruneStep } from '../../../src/store/prune-step.ts';
import { FIXTURES, storeLab } from './lab.ts';
import type { StoreLab } from './lab.ts';
import { imageFolder, preparedVm } from './site.ts';
import type { PreparedVm } from './site.ts';

let lab: StoreLab;
let site: PreparedVm;
let image: Image;
const BLOBS = `${LAYOUT.blobs}/sha256`;
const hex = (digest: string): string => digest.slice('sha256:'.length);
const layerFolder = (layer: ImageLayer | undefined): string =>
  `${LAYOUT.layers}/${hex(layer?.diffId ?? 'sha256:none')}`;
/** Takes an image and all of its layers off the VM, as if it had never been there. */
const forget = async (gone: Image): Promise<void> => {
  const folder = imageFolder(gone);
  const layers = gone.layers.map(layerFolder).join(' ');
  await site.vm.ssh(`umount ${folder}/rootfs ${folder}/privileged 2>/dev/null; rm -rf ${folder} ${layers}`);
};
const forgetImage = async (gone: Image): Promise<void> => {
  await site.vm.ssh(`umount ${imageFolder(gone)}/* 2>/dev/null; rm -rf ${imageFolder(gone)}`);
};
const leftovers = async (): Promise<string> =>
  (await site.vm.ssh(`ls -A ${LAYOUT.layers} ${LAYOUT.images} ${BLOBS} | grep -e '^\\.' -e part || echo none`)).trim();

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
    // What was built here is digested as it is sent; what others made is not (made-image.ts).
    for (const layer of image.layers) expect(await lab.store.knowsTar(layer)).toBe(true);
    const first = await site.distribute(lab.store, image, { onProgress: (done) => progress.push(done) });
    expect(first.sent).toBeGreaterThan(0);
    expect(progress.length).toBeGreaterThan(0);
    const second = await site.distribute(lab.store, image);
    expect(second.sent).toBe(0);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(image)}/privileged`);
    await site.vm.ssh(`mountpoint -q ${imageFolder(image)}/rootfs`);
    expect((await site.vm.ssh(`stat -c %u:%g ${imageFolder(image)}/rootfs/www/index.html`)).trim()).toBe(
      '100000:100000',
    );
    expect(await leftovers()).toBe('none');
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
    const twice = await site.vm.ssh(`find ${LAYOUT.layers} -name busybox -type f | wc -l`);
    expect(twice.trim()).toBe('1');
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
    await forget(image);
    const { digest, size } = image.layers[0] ?? { digest: '', size: 0 };
    await site.vm.ssh(`head -c ${String(size)} /dev/urandom > ${BLOBS}/${hex(digest)}`);
    const { sent } = await site.distribute(lab.store, image);
    expect(sent).toBeGreaterThanOrEqual(size);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete`);
    expect(await leftovers()).toBe('none');
  });

  it('goes on with a copy that was cut', async () => {
    await forget(image);
    const { digest, size } = image.layers[0] ?? { digest: '', size: 0 };
    const half = Math.floor(size / 2);
    const part = await readFile(lab.store.blobPath(digest)).then((bytes) => bytes.subarray(0, half).toString('base64'));
    await site.transport.run('store-1', site.vm.endpoint, {
      steps: [
        {
          kind: 'script',
          title: 'half',
          script: { name: 'half', text: 'base64 -d >"$1"' },
          args: [`${BLOBS}/${hex(digest)}.part`],
          stdin: part,
        },
      ],
    });
    const { sent } = await site.distribute(lab.store, image);
    expect(sent).toBe(image.layers.reduce((sum, layer) => sum + layer.size, 0) - half);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete`);
  });

  it('needs nothing sent where a blob of the time before layers were shared is there', async () => {
    await forget(image);
    const layers = await Promise.all(
      image.layers.map(async ({ digest }) => {
        const text = (await readFile(lab.store.blobPath(digest))).toString('base64');
        const step = { name: 'old', text: 'base64 -d >"$1"' };
        return { kind: 'script', title: 'old', script: step, args: [`${BLOBS}/${hex(digest)}`], stdin: text } as const;
      }),
    );
    await site.transport.run('store-1', site.vm.endpoint, { steps: layers });
    expect((await site.distribute(lab.store, image)).sent).toBe(0);
    await site.vm.ssh(`test -e ${imageFolder(image)}/rootfs/www/index.html`);
  });

  it('uses an image as an older version left it', async () => {
    await forget(image);
    await site.vm.ssh(`mkdir -p ${imageFolder(image)}/rootfs && : > ${imageFolder(image)}/complete`);
    expect((await site.distribute(lab.store, image)).sent).toBe(0);
    await site.vm.ssh(`rm -r ${imageFolder(image)}`);
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
    await forget(image);
    await Promise.all([1, 2, 3, 4].map(() => site.distribute(lab.store, image)));
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete`);
    expect(await leftovers()).toBe('none');
  });

  it('takes up after an unpacking that was killed', async () => {
    await forget(image);
    const layer = hex(image.layers[0]?.diffId ?? '');
    await site.vm.ssh(`mkdir -p ${LAYOUT.layers}/.${layer}.rootfs/root/half ${LAYOUT.layers}/${layer}/rootfs/half`);
    await site.distribute(lab.store, image);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(image)}/rootfs/half`);
    expect(await leftovers()).toBe('none');
  });

  it('takes no layer for whole that was not on the disk when the VM was cut off', async () => {
    await site.distribute(lab.store, image);
    await forgetImage(image);
    const folder = layerFolder(image.layers[0]);
    await site.vm.ssh(`sleep 0.5; rm -f ${folder}/rootfs.complete; echo another-boot > ${folder}/rootfs.fresh`);
    expect((await site.distribute(lab.store, image)).sent).toBe(image.layers[0]?.size);
  });

  it('refuses an image that has no room, with numbers, and leaves nothing', async () => {
    const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const large = {
      ...image,
      digest: digestOf('large'),
      layers: image.layers.map((layer) => ({
        ...layer,
        diffId: digestOf(layer.diffId),
        unpackedSize: (2 ** 50) as typeof layer.size,
      })),
    };
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
      layers: big.image.layers.map((layer) => ({ ...layer, unpackedSize: (2 ** 26) as typeof layer.size })),
    };
    const [, last] = lying.layers;
    await forget(big.image);
    await site.distribute(lab.store, image);
    await site.vm.ssh(
      `mount -t tmpfs -o size=200m,mode=700 small ${LAYOUT.layers} && head -c 150M /dev/zero > ${LAYOUT.layers}/full`,
    );
    try {
      const failure = await site
        .distribute(lab.store, { ...lying, layers: last ? [last] : [] })
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as StoreError).message).toContain('no space left');
      expect((await site.vm.ssh(`ls -A ${LAYOUT.layers} | grep '^\\.' || echo none`)).trim()).toBe('none');
    } finally {
      await site.vm.ssh(`umount ${LAYOUT.layers}`);
    }
  });

  it('ends when it is interrupted', async () => {
    await forget(image);
    const abort = new AbortController();
    abort.abort();
    await expect(site.distribute(lab.store, image, { signal: abort.signal })).rejects.toThrow(InterruptedError);
  });
});

describe('pruneStep', () => {
  it('removes images that are not kept, with the layers only they have', async () => {
    const yaml = 'name: other\nversion: 1\nfrom: { cartridge: "static:1" }\nrun: ["echo other > /other"]\n';
    const other = await lab.build(await lab.cartridge('other', yaml));
    await site.distribute(lab.store, image);
    await site.distribute(lab.store, other.image);
    const step = pruneStep([image.digest]);
    // Layers younger than an hour may belong to an image on its way: here they count as old.
    const aged = { ...step, args: step.args.map((arg, i) => (i === 5 ? -1 : arg)) };
    const [result] = await site.transport.run('store-1', site.vm.endpoint, { steps: [aged] });
    if (!result) throw new Error('no answer');
    const pruned = parsePruned(result);
    expect(pruned.removed).toContain(other.image.digest);
    expect(pruned.layers).toContain(other.image.layers.at(-1)?.diffId);
    await site.vm.ssh(`test -e ${imageFolder(image)}/complete && test ! -e ${imageFolder(other.image)}`);
    await site.vm.ssh(`test ! -e ${layerFolder(other.image.layers.at(-1))}`);
    for (const layer of image.layers) await site.vm.ssh(`test -d ${layerFolder(layer)}/rootfs`);
    await site.vm.ssh(`mountpoint -q ${imageFolder(image)}/rootfs`);
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
