/** What new machines are told at their first boot, read by cloud-init itself (Debian's package). */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderUserData } from '../../src/iaas/cloud/user-data.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';

const run = promisify(execFile);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stratos-cloud-init-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What `cloud-init schema` says of a text. */
async function judge(text: string): Promise<string> {
  const file = path.join(directory, 'user-data');
  await writeFile(file, text);
  const { stdout, stderr } = await run('cloud-init', ['schema', '--config-file', file]);
  return stdout + stderr;
}

const boot = (user: string, hostname = 'web-1') => ({
  hostKey: generateHostKey(),
  authorizedKey: generateHostKey().publicKey,
  user,
  hostname,
});

describe('cloud-init', () => {
  it.each(['root', 'stratos', 'ec2-user'])('accepts what is rendered for %s', async (user) => {
    expect(await judge(renderUserData(boot(user)))).toMatch(/valid cloud-config/i);
  });

  it('accepts a name with quotes and breaks in it, which stays a name', async () => {
    expect(await judge(renderUserData(boot('stratos', 'a"b\nruncmd: [reboot]')))).toMatch(/valid cloud-config/i);
  });

  it('refuses what is none, so that its word counts', async () => {
    const wrong = renderUserData(boot('root')).replace('"ssh_pwauth": false', '"ssh_pwauth": [1]');
    await expect(judge(wrong)).rejects.toThrow(/ssh_pwauth/);
  });
});
