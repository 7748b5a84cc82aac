/** Whether a layer holds what its image's configuration says. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { missingTool, PLAIN_ENV } from './build/run-tool.ts';
import { damaged } from './oci.ts';

/** What VMs expand with too: not all programs read on after the first part of a blob that has several. */
const EXPAND = { zstd: 'zstd', gzip: 'gzip' } as const;

/** Expands a layer and compares the digest of its tar. @throws StoreError when it differs or cannot be expanded, HostError */
export async function verifyDiffId(path: string, compression: 'zstd' | 'gzip' | 'tar', diffId: string): Promise<void> {
  const found = compression === 'tar' ? await plain(path) : await expanded(path, EXPAND[compression]);
  if (found !== diffId) throw damaged(path, 'a layer is not what its configuration says');
}

async function plain(path: string): Promise<string> {
  try {
    return await digestOf(createReadStream(path, { highWaterMark: 1 << 20 }));
  } catch (error) {
    throw damaged(path, 'a layer cannot be expanded', error);
  }
}

async function expanded(path: string, program: string): Promise<string> {
  const child = execa(program, ['-dcq', '--', path], {
    ...{ env: PLAIN_ENV, extendEnv: false, stdin: 'ignore', reject: false, encoding: 'buffer' },
    ...{ stdout: 'pipe', stderr: 'ignore', buffer: false, maxBuffer: Infinity },
  });
  const [found, result] = await Promise.all([digestOf(child.stdout), child]);
  if (result.code === 'ENOENT') throw missingTool(program, `expand ${path}`);
  if (result.failed) throw damaged(path, 'a layer cannot be expanded', result);
  return found;
}

async function digestOf(tar: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of tar) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
