/**
 * Makes sample images in memory. Arguments: a store, the folder of what is known of its layers, then tags: adds the layers of each and
 * prints them as JSON; or `--tree` and a file, which gets all files as one tar.
 */
import './shell-text.ts';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import type { NewLayer } from '../src/store/directory-store.ts';
import { FILES, LAYERS, SIZE, type SampleLayers } from './sample-layers.ts';

const { directoryStore } = await import('../src/store/directory-store.ts');
const { knownTars } = await import('../src/store/known-tars.ts');
const { MEDIA } = await import('../src/store/oci.ts');
const { tar } = await import('../test/support/tar.ts');

const [first = '', second = '', ...tags] = process.argv.slice(2);
// Words of a small vocabulary, as programs are, and every fourth file as if it were packed already.
let state = 1;
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
const words = Array.from({ length: 4096 }, () =>
  random()
    .toString(36)
    .repeat(1 + (random() % 3)),
);
const content = (n: number): Buffer => {
  const bytes = Buffer.alloc(SIZE);
  if (n % 4 === 0) for (let i = 0; i < SIZE; i += 4) bytes.writeUInt32LE(random(), i);
  else for (let i = 0; i < SIZE;) i += bytes.write(`${words[random() % 4096] ?? ''} `, i);
  return bytes;
};
const files = Array.from({ length: FILES }, (_, n) => ({
  name: `usr/lib/part-${String(n % 100)}/file-${String(n)}`,
  content: content(n),
}));
const folders = ['usr/', 'usr/lib/', ...Array.from({ length: 100 }, (_, n) => `usr/lib/part-${String(n)}/`)].map(
  (name) => ({ name, type: '5' as const }),
);

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function addAll(): Promise<readonly SampleLayers[]> {
  const store = directoryStore(first, knownTars(second));
  const layer = async (bytes: Buffer): Promise<NewLayer> => {
    const blob = await store.addBlob(once(await promisify(zstdCompress)(bytes)));
    const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const made = { mediaType: MEDIA.layerZstd, ...blob, diffId, unpackedSize: bytes.length };
    // As a build or an import does with what it made.
    await store.noteTar(made);
    return made;
  };
  const all: SampleLayers[] = [];
  for (const tag of tags) {
    const base = await Promise.all(
      Array.from({ length: LAYERS }, (_, part) =>
        layer(
          tar([...folders, { name: `usr/lib/${tag}`, content: tag }, ...files.filter((__, n) => n % LAYERS === part)]),
        ),
      ),
    );
    const changed = files.filter((_, n) => n % 100 === 7).map((file, n) => ({ ...file, content: content(n) }));
    all.push({
      base,
      change: await layer(tar([...folders.slice(0, 2), { name: `usr/lib/changed-${tag}`, content: tag }, ...changed])),
    });
  }
  return all;
}

if (first === '--tree') await writeFile(second, tar([...folders, ...files]));
else console.log(JSON.stringify(await addAll()));
