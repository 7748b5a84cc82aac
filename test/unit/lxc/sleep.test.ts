import { expect, test } from 'vitest';
import { disarmStep, parseSleep, sleepSteps, wakesOnRequest } from '../../../src/lxc/sleep.ts';
import { UsageError } from '../../../src/model/errors.ts';
import { millis } from '../../../src/model/quantity.ts';

const REQUEST = { name: 'shop-1', index: 3, network: '10.66.0.0/22', depth: 'frozen' } as const;
const answer = (stdout: string) => parseSleep([{ title: '', status: 0, stdout, stderr: '', ms: 1 }]);

test('sleepSteps tell one script of all: how deep, and where and how fast each is woken', () => {
  const wake = { port: 8080, startup: millis(1505) };
  const steps = sleepSteps('line', [REQUEST, { ...REQUEST, name: 'shop-2', index: 1, depth: 'stopped', wake }]);
  expect(steps.map(({ title }) => title)).toEqual(['put 2 processes to sleep']);
  expect(steps[0]?.args).toEqual([
    ...['line', '/var/lib/stratos/processes', '/var/lib/stratos/wake', '/var/lib/stratos/bin', '10.66.0.1'],
    ...['shop-1', 'frozen', '', 0, 0],
    ...['shop-2', 'stopped', 61_000, 8080, 151],
  ]);
  expect(sleepSteps('line', [])).toEqual([]);
});

test('sleepSteps and disarmStep refuse a name that is none', () => {
  expect(() => sleepSteps('line', [{ ...REQUEST, name: '../x' }])).toThrow(UsageError);
  expect(() => disarmStep(['a b'])).toThrow(UsageError);
});

test('parseSleep reads who sleeps, who is in use and what went wrong, between other lines', () => {
  const text = [
    '{"name":"shop-1","slept":true,"depth":"stopped"}',
    'noise',
    '{"name":"shop-2","slept":false,"busy":true,"failure":"connections to it are open"}',
    '{"name":"shop-3","slept":false,"busy":false,"failure":"it does not run"}',
    '{"name":4,"slept":true}',
    '{"name":"cut',
  ].join('\n');
  expect(answer(text)).toEqual([
    { name: 'shop-1', slept: true, depth: 'stopped' },
    { name: 'shop-2', slept: false, busy: true, failure: 'connections to it are open' },
    { name: 'shop-3', slept: false, busy: false, failure: 'it does not run' },
  ]);
});

test('wakesOnRequest needs a policy that sleeps at all', () => {
  const idle = { name: 'nap', wake: 'on-request' as const, cpuBelow: 0.05, sessions: true, coldStart: false };
  expect(wakesOnRequest({})).toBe(false);
  expect(wakesOnRequest({ idle })).toBe(false);
  expect(wakesOnRequest({ idle: { ...idle, stopAfter: millis(1) } })).toBe(true);
  expect(wakesOnRequest({ idle: { ...idle, stopAfter: millis(1), wake: 'never' } })).toBe(false);
});
