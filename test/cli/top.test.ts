import { describe, expect, it } from 'vitest';
import type { TopReport } from '../../src/reconcile/top.ts';
import { cli } from './support.ts';

const REPORT: TopReport = {
  at: '2026-05-01T10:00:00.000Z',
  subscriptions: [
    {
      alias: 'shop',
      want: 4,
      have: 3,
      asleep: 0,
      requestsInFlight: 7.25,
      requestsPerSecond: 120.4,
      errorsPerSecond: 0,
      responseTime: 12.4,
      cpu: 0.42,
      memory: 0.301,
      disk: 5 * 2 ** 20,
    },
    { alias: 'quiet', want: 2, have: 2, asleep: 2 },
  ],
  vms: [
    {
      vm: 'web-1',
      processes: 5,
      load: 1.25,
      cpus: 2,
      cpu: 0.5,
      memory: 0.4,
      disk: 0.1,
      pressure: { cpu: 0.02, io: 0 },
    },
    { vm: 'web-2', processes: 0 },
  ],
  unreachable: [{ vm: 'web-2', message: 'Cannot reach web-2 as it did not answer within 10 s' }],
};

describe('top', () => {
  it('shows one look where nobody watches, and what was not measured as nothing', async () => {
    const { stdout, code } = await cli(['top'], { use: { topOnce: () => Promise.resolve(REPORT) }, width: 110 });
    expect(stdout).toMatchInlineSnapshot(`
      "ALIAS         HAVE  WANT  IN FLIGHT  REQ/S  ERR/S  ANSWER  CPU  MEMORY  DISK
      shop             3     4        7.3    120      0    12ms  42%     30%   5Mi
      quiet  2, 2 asleep     2          -      -      -       -    -       -     -

      VM     PROCESSES  LOAD  CPUS  CPU  MEMORY  DISK  WAITING FOR CPU  IO
      web-1          5   1.3     2  50%     40%   10%               2%  0%
      web-2          0     -     -    -       -     -                -   -

      ✗ web-2: Cannot reach web-2 as it did not answer within 10 s
      "
    `);
    expect(code).toBe(5);
  });

  it('ends after as many looks as were asked for, one document a line', async () => {
    let looks = 0;
    const { stdout, code } = await cli(['top', '--count', '3', '-o', 'json'], {
      use: {
        top: (_deps, { signal }, _every, onLook) => {
          while (!signal.aborted) {
            looks += 1;
            onLook(REPORT);
          }
          return Promise.resolve();
        },
      },
    });
    expect([looks, code]).toEqual([3, 0]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ kind: 'Top', subscriptions: [{ alias: 'shop' }, {}] });
  });
});
