/**
 * Inside of a process that is a VM, over real SSH: a POSIX system as it is; of Windows what arrives there, by a `powershell.exe` that
 * records the script it is given, as no package has PowerShell.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Inventory } from '../../../src/model/inventory.ts';
import type { GuestLogin, Spec } from '../../../src/model/spec.ts';
import type { Deps } from '../../../src/reconcile/deps.ts';
import { processExec, processLogs } from '../../../src/reconcile/process-inside.ts';
import { generateHostKey } from '../../../src/ssh/key-pair.ts';
import { sshTransport } from '../../../src/ssh/ssh-transport.ts';
import type { Transport } from '../../../src/ssh/transport.ts';
import { startSshd, type LocalSshd } from './local-sshd.ts';

let sshd: LocalSshd;
let transport: Transport;
const stdout = new PassThrough();
beforeAll(async () => {
  sshd = await startSshd();
  const bin = join(sshd.directory, 'bin');
  mkdirSync(bin);
  // The last word, from base 64 and UTF-16 to what can be read; and a status of its own.
  const recorder =
    '#!/bin/sh\nfor last; do :; done\nprintf %s "$last" | base64 -d | iconv -f UTF-16LE -t UTF-8\nexit 7\n';
  writeFileSync(join(bin, 'powershell.exe'), recorder);
  chmodSync(join(bin, 'powershell.exe'), 0o755);
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  transport = sshTransport({ directory: sshd.directory, env: {}, streams });
});
afterAll(async () => {
  await transport.close();
  await sshd.stop();
});

/** A fleet of one such process, whose cartridge lets in by these words. */
function fleet(change: { [Key in keyof GuestLogin]?: GuestLogin[Key] | undefined } | undefined): Deps {
  const { port, user, hostKeys, identityFile = '' } = sshd.endpoint;
  const ssh = change && { port, user, hostKeys, key: identityFile, shell: 'sh', logs: [], ...change };
  const inventory = {
    vms: [{ name: 'own-1', runtime: 'vm', endpoint: { address: '127.0.0.1', port: 22, user: 'nobody', hostKeys: [] } }],
    processes: [{ name: 'app-1', vm: 'own-1', subscription: 'app' }],
  } as unknown as Inventory;
  const spec = { subscriptions: { app: { cartridge: 'iis' } }, cartridges: { iis: { ssh } } } as unknown as Spec;
  return {
    transport,
    inventory: { read: async () => Promise.resolve(inventory) },
    loadSpec: async () => Promise.resolve(spec),
  } as unknown as Deps;
}
const printed = (): string => String(stdout.read() ?? '');

describe('a process that is a VM', () => {
  test('runs programs with arguments that arrive whole, and passes their status on', async () => {
    const argv = ['sh', '-c', 'printf "%s|" "$@"; exit 3', 'sh', `it's`, '"$(id)"', '', 'a\nb'] as const;
    expect(await processExec(fleet({}), 'app-1', argv, { tty: false })).toBe(3);
    expect(printed()).toBe(`it's|"$(id)"||a\nb|`);
  });

  test('prints the files that it logs to', async () => {
    const log = join(sshd.directory, `it's a log`);
    writeFileSync(log, 'one\ntwo\nthree\n');
    expect(await processLogs(fleet({ logs: [log] }), 'app-1', { lines: 2 })).toBe(0);
    expect(printed()).toBe('two\nthree\n');
  });

  test('is told a script where it has PowerShell, through a shell that is not known', async () => {
    const argv = ['C:\\Program Files\\app.exe', 'it’s', 'say "hi"', 'C:\\dir\\'] as const;
    expect(await processExec(fleet({ shell: 'powershell' }), 'app-1', argv, { tty: false })).toBe(7);
    const script = printed();
    expect(script).toContain(`$i.FileName='C:\\Program Files\\app.exe'\n`);
    expect(script).toContain(`$i.Arguments='it’’s "say \\"hi\\"" C:\\dir\\'\n`);
    expect(await processLogs(fleet({ shell: 'powershell', logs: ['C:\\logs\\*.log'] }), 'app-1', { lines: 5 })).toBe(7);
    expect(printed()).toMatch(/Get-Content -LiteralPath \$f\.FullName -Encoding UTF8 -Tail 5 *$/);
  });

  test('is not entered where it presents another host key, or its cartridge lets nobody in', async () => {
    const stranger = fleet({ hostKeys: [generateHostKey().publicKey] });
    await expect(processExec(stranger, 'app-1', ['true'], { tty: false })).rejects.toThrow(/host key/i);
    const unknown = fleet({ hostKeys: undefined });
    await expect(processExec(unknown, 'app-1', ['true'], { tty: false })).rejects.toMatchObject({
      message: 'Cannot run a program in app-1 as no host key is known of its VM, which was made without one: own-1',
    });
    await expect(processExec(fleet(undefined), 'app-1', ['true'], { tty: false })).rejects.toMatchObject({
      message: 'Cannot run a program in app-1 as nobody logs in to a VM that is a process: own-1',
      hint: 'cartridges.iis.ssh in the spec says how one does',
    });
  });
});
