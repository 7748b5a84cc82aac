/** Every recorded output in fixtures/lxc reads as what stands beside it. A new case is a new file. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseObservation } from '../../../src/lxc/observe.ts';
import { parseCreate, parseRemove } from '../../../src/lxc/process-lifecycle.ts';
import { parseSnapshots } from '../../../src/lxc/snapshots.ts';
import type { StepResult } from '../../../src/shell/command.ts';

const FIXTURES = path.join(import.meta.dirname, '../../../fixtures/lxc');
const result = (stdout: string): readonly StepResult[] => [{ title: '', status: 0, stdout, stderr: '', ms: 0 }];
const PARSERS: Readonly<Record<string, (stdout: string) => unknown>> = {
  observe: parseObservation,
  start: (stdout) => parseCreate(result(stdout)),
  remove: (stdout) => parseRemove(result(stdout)),
  snapshot: parseSnapshots,
};

describe.each(Object.entries(PARSERS))('%s', (tool, parse) => {
  test.each(readdirSync(path.join(FIXTURES, tool)))('%s', (file) => {
    const recorded = JSON.parse(readFileSync(path.join(FIXTURES, tool, file), 'utf8')) as {
      stdout: string;
      parsed: unknown;
    };
    expect(parse(recorded.stdout)).toEqual(recorded.parsed);
  });
});

test('parseObservation refuses an answer that is cut', () => {
  const file = path.join(FIXTURES, 'observe/running-stopped-and-foreign.json');
  const { stdout } = JSON.parse(readFileSync(file, 'utf8')) as { stdout: string };
  expect(() => parseObservation(stdout.slice(0, -4))).toThrow(/as the answer is cut/);
  expect(() => parseObservation('')).toThrow(/as the answer is cut/);
});
