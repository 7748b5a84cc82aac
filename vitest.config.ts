import { defineConfig } from 'vitest/config';

/** Host tests that measure what a machine does, or that emulate some, which takes a processor: nothing else runs beside them. */
const ALONE = ['test/host/signals.test.ts', 'test/e2e/autoscale.test.ts', 'test/contract/iaas-libvirt.test.ts'];
/** Host tests in which time counts, or which use the machine's own place for VMs: they run one at a time. */
const SERIAL = [
  ...['gateway', 'sleep'].map((name) => `test/host/${name}.test.ts`),
  ...['bursting', 'faults', 'idle', 'readme', 'sleep'].map((name) => `test/e2e/${name}.test.ts`),
];

/**
 * `unit` is pure and quick; `host`, `serial` and `alone` need root and real LXC; `slow` is host tests of minutes; `soak` is not of
 * `npm test`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [shellText()],
        test: {
          name: 'unit',
          // Each file in a worker of its own costs more than most files take; none of them leaves anything behind.
          isolate: false,
          // Else the styles of a page would be empty texts.
          css: true,
          testTimeout: 30_000,
          include: ['test/unit/**/*.test.ts', 'test/property/**/*.test.ts', 'test/cli/**/*.test.ts'],
        },
      },
      {
        plugins: [shellText()],
        test: {
          name: 'host',
          include: ['test/contract/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/host/**/*.test.ts'],
          exclude: ['**/*.slow.test.ts', '**/*.soak.test.ts', ...ALONE, ...SERIAL],
          // They wait for machines more than they compute.
          maxWorkers: 2,
          // Real machines, disks and timers: what passes at the second try is named by scripts/count.js.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        plugins: [shellText()],
        test: {
          name: 'serial',
          include: SERIAL,
          fileParallelism: false,
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        plugins: [shellText()],
        test: {
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        plugins: [shellText()],
        test: {
          name: 'slow',
          // Else the styles of a page would be empty texts.
          css: true,
          include: ['test/**/*.slow.test.ts'],
          fileParallelism: false,
          retry: 1,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        plugins: [shellText()],
        test: {
          name: 'soak',
          // Else the styles of a page would be empty texts.
          css: true,
          include: ['test/**/*.soak.test.ts'],
          fileParallelism: false,
          retry: 1,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

/** Imports `*.sh`, `*.service` and `*.socket` as text, as the bundle does. */
function shellText() {
  return {
    name: 'shell-text',
    transform(code: string, id: string) {
      return /\.(sh|service|socket|nft)$/.test(id)
        ? { code: `export default ${JSON.stringify(code)};`, map: null }
        : undefined;
    },
  };
}
