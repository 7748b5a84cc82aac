/** Every file of fixtures/haproxy is a case: what HAProxy (or the probe) printed, and what it means. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseGatewayProbe } from '../../../src/gateway/probe.ts';
import { parseStatistics } from '../../../src/gateway/statistics.ts';

interface Case {
  readonly parser: keyof typeof parsers;
  readonly of: string;
  readonly stdout: string;
  /** Everything for the probe; for statistics, one entry for each row with the fields that matter. */
  readonly parsed: unknown;
}
const parsers = { parseStatistics, parseGatewayProbe };
const directory = new URL('../../../fixtures/haproxy/', import.meta.url);
const cases = readdirSync(directory).map((name) => JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as Case);

test.each(cases)('$parser reads $of', ({ parser, stdout, parsed }) => {
  const result: unknown = parsers[parser](stdout);
  if (parser === 'parseGatewayProbe') expect(result).toEqual(parsed);
  else expect(result).toMatchObject(parsed as object);
});

test('parseGatewayProbe reads whether a gateway runs that was not asked for its traffic', () => {
  const files = { configDigest: 'd1', loadedDigest: 'd2', servers: {} };
  expect(parseGatewayProbe('gateway d1 d2\nrunning\n')).toEqual({ ...files, running: true });
  expect(parseGatewayProbe('gateway d1 d2\n')).toEqual({ ...files, running: false });
});
