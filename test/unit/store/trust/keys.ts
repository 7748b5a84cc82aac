/** SSH keys, signers' files and an agent in a directory that is gone after the test. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

export const run = promisify(execFile);

/** What a key is without its comment: `ssh-ed25519 AAAA…`. */
export async function publicKey(file: string): Promise<string> {
  return (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
}

export interface KeyFolder {
  readonly path: (name: string) => string;
  /** Makes a key pair and returns its path. */
  readonly key: (name: string, options?: { readonly passphrase?: string; readonly type?: string }) => Promise<string>;
  /** Writes a file of lines and returns its path. */
  readonly file: (name: string, ...lines: readonly string[]) => Promise<string>;
}

/** A directory for one test file, removed by `remove`. */
export async function keyFolder(): Promise<KeyFolder & { readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    remove: () => rm(folder, { recursive: true, force: true }),
    key: async (name, { passphrase = '', type = 'ed25519' } = {}) => {
      await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', `${name}@example.org`, '-f', path(name)]);
      return path(name);
    },
    file: async (name, ...lines) => {
      await writeFile(path(name), `${lines.join('\n')}\n`);
      return path(name);
    },
  };
}

/** An SSH agent with these keys, until the test ends; the environment that leads to it. */
export async function agentWith(socket: string, ...keys: readonly string[]): Promise<Record<string, string>> {
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void agent.kill());
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  const env = { SSH_AUTH_SOCK: socket };
  for (const key of keys) await run('ssh-add', ['-q', key], { env: { ...process.env, ...env } });
  return env;
}
