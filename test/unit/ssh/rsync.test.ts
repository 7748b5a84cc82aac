import { expect, test } from 'vitest';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { HostError, RemoteCommandError } from '../../../src/model/errors.ts';
import { explainRsync, isPartGone } from '../../../src/ssh/rsync-failure.ts';
import { rsyncProgress } from '../../../src/ssh/rsync-progress.ts';

const endpoint: Endpoint = { address: '10.0.0.1', port: 2222, user: 'deploy', hostKeys: [] };
const request = { from: ['/x'], to: '/var/lib/stratos' };

test('rsyncProgress reads bytes and percent from any pieces', () => {
  const text =
    '\r         32,768   0%    0.00kB/s    0:00:00  \r     10485760  50%    9.96MB/s    0:00:01  \r     20971520 100%\n';
  const end = 'Number of files: 1\nTotal file size: 20,971,520 bytes\nTotal bytes sent: 20976783\n';
  const progress = rsyncProgress();
  const seen = Array.from(text + end, (character) => progress.feed(character)).filter((value) => value !== undefined);
  expect(seen).toEqual([
    { done: 10485760, total: 20971520 },
    { done: 20971520, total: 20971520 },
  ]);
  expect(progress.summary()).toEqual({ sent: 20976783, total: 20971520 });
});

test.each([
  [255, 'ssh: connect to host 10.0.0.1 port 2222: Connection refused', 'refused'],
  [255, 'ssh: connect to host 10.0.0.1 port 2222: Connection timed out', 'timeout'],
  [255, 'ssh: Could not resolve hostname x: Name or service not known', 'unresolved'],
  [
    255,
    '@@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.',
    'host-key-changed',
  ],
  [255, 'deploy@10.0.0.1: Permission denied (publickey).', 'authentication'],
  [12, 'sudo: a password is required\nrsync: connection unexpectedly closed', 'sudo-refused'],
  [12, 'rsync: connection unexpectedly closed (0 bytes received so far)', 'connection-lost'],
])('explainRsync of status %i, %j is %s', (exitCode, stderr, reason) => {
  expect(explainRsync('web-1', endpoint, request, { exitCode, stderr })).toMatchObject({ reason, target: 'web-1' });
});

test('explainRsync names a full disk, a missing rsync here and there', () => {
  const full = explainRsync('web-1', endpoint, request, {
    exitCode: 11,
    stderr: 'rsync: write failed: No space left on device (28)',
  });
  expect(full).toBeInstanceOf(RemoteCommandError);
  expect(full.message).toContain('no space left on the device');
  expect(explainRsync('web-1', endpoint, request, { code: 'ENOENT' })).toBeInstanceOf(HostError);
  const there = explainRsync('web-1', endpoint, request, { exitCode: 127, stderr: 'sh: 1: exec: rsync: not found' });
  expect(there.message).toContain('status 127: sh: 1: exec: rsync: not found');
});

test('isPartGone tells a part that another copy finished from what fails for good', () => {
  const gone = 'rsync: [receiver] stat "/blobs/.stratos-partial/e6b5" failed: No such file or directory (2)';
  expect(isPartGone({ exitCode: 23, stderr: gone })).toBe(true);
  expect(
    isPartGone({ exitCode: 23, stderr: 'rsync: [sender] link_stat "/x" failed: No such file or directory (2)' }),
  ).toBe(false);
  expect(isPartGone({ exitCode: 255, stderr: gone })).toBe(false);
});
