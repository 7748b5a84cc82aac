import { expect, test } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { command } from '../../../src/shell/command.ts';
import { parseBatch } from '../../../src/shell/parse-batch.ts';

const nonce = 'abcdef0123456789';
const batch = { steps: [command('a', ['a']), command('b', ['b'], { timeout: millis(5) })], timeout: millis(70) };
const both = (label: string | number, status = 0): [Buffer, Buffer] => {
  const marker = Buffer.from(`${nonce} ${String(label)} ${String(status)}\n`);
  return [marker, marker];
};

function feed(parser: ReturnType<typeof parseBatch>, markers: readonly [Buffer, Buffer], now: number): void {
  parser.feed('stdout', markers[0], now);
  parser.feed('stderr', markers[1], now);
}

test('parseBatch tells the running step and its limit', () => {
  const parser = parseBatch(batch, { nonce });
  expect([parser.state(), parser.current()]).toEqual(['starting', undefined]);
  feed(parser, both('start'), 10);
  expect(parser.current()).toMatchObject({ index: 0, limit: 70 });
  feed(parser, both(0), 35);
  expect(parser.current()).toMatchObject({ index: 1, limit: 5 });
  expect(parser.results()[0]?.ms).toBe(25);
});

test('parseBatch gives 124 to a step that was expired, but keeps its success', () => {
  const killed = parseBatch(batch, { nonce });
  feed(killed, both('start'), 0);
  killed.expire();
  feed(killed, both(0, 143), 1);
  feed(killed, both(1, 143), 2);
  expect(killed.results().map((r) => r.status)).toEqual([124, 143]);
  const late = parseBatch(batch, { nonce });
  feed(late, both('start'), 0);
  late.expire();
  feed(late, both(0, 0), 1);
  expect(late.results()[0]?.status).toBe(0);
});

test('parseBatch waits for both streams before the end', () => {
  const parser = parseBatch(batch, { nonce });
  parser.feed('stdout', Buffer.concat([both('start')[0], both(0)[0], both(1)[0], both('end')[0]]), 0);
  expect(parser.state()).toBe('running');
  parser.feed('stderr', Buffer.concat([both('start')[0], both(0)[0], both(1)[0]]), 0);
  expect([parser.state(), parser.results().length]).toEqual(['ended', 2]);
});

test('parseBatch gives the steps that were left out no status', () => {
  const parser = parseBatch(batch, { nonce });
  feed(parser, both('start'), 0);
  feed(parser, both(0, 1), 0);
  parser.feed('stdout', both('end')[0], 0);
  expect(parser.results().map((r) => r.status)).toEqual([1, undefined]);
});

test('parseBatch keeps a bounded part of a flood and says so', () => {
  const parser = parseBatch(batch, { nonce, maxOutput: 100 });
  feed(parser, both('start'), 0);
  for (let i = 0; i < 50; i += 1) parser.feed('stdout', Buffer.alloc(20, 'x'), 0);
  feed(parser, both(0), 0);
  expect(parser.results()[0]?.stdout).toBe('x'.repeat(100));
  expect(parser.results()[0]?.stderr).toBe('stratos: 900 bytes of output beyond 100 were dropped\n');
});

test('parseBatch keeps what was said before the start as noise', () => {
  const parser = parseBatch(batch, { nonce });
  parser.feed('stderr', Buffer.from('sudo: a password is required\n'), 0);
  expect([parser.state(), parser.noise()]).toEqual(['starting', 'sudo: a password is required']);
});
