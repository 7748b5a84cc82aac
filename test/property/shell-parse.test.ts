import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command } from '../../src/shell/command.ts';
import { parseBatch } from '../../src/shell/parse-batch.ts';

const nonce = 'abcdef0123456789';
/** Text with everything that could confuse a parser that looks for the nonce. */
const noise = fc
  .array(
    fc.oneof(fc.constantFrom('', '\n', nonce.slice(0, 15), 'abcabcdef', ' 0 0\n', '0123456789 1 0'), fc.string()),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join('').replaceAll(nonce, ''));
const step = fc.record({ stdout: noise, stderr: noise, status: fc.integer({ min: 0, max: 255 }) });

test('results do not depend on how the streams are cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (steps, sizes) => {
        const marker = (label: string | number, status: number): string =>
          `${nonce} ${String(label)} ${String(status)}\n`;
        const whole = {
          stdout: `banner\n${marker('start', 0)}${steps.map((s, i) => s.stdout + marker(i, s.status)).join('')}${marker('end', 0)}`,
          stderr: `motd\n${marker('start', 0)}${steps.map((s, i) => s.stderr + marker(i, s.status)).join('')}`,
        };
        const seen: number[] = [];
        const parser = parseBatch(
          { steps: steps.map((_, i) => command(String(i), ['true'])) },
          { nonce, onStep: (_result, index) => seen.push(index) },
        );
        const left = { stdout: Buffer.from(whole.stdout), stderr: Buffer.from(whole.stderr) };
        let now = 0;
        while (left.stdout.length + left.stderr.length > 0) {
          const size = Number(sizes.next().value);
          const stream = left.stderr.length === 0 || (size % 2 === 0 && left.stdout.length > 0) ? 'stdout' : 'stderr';
          parser.feed(stream, left[stream].subarray(0, size), (now += 1));
          left[stream] = left[stream].subarray(size);
        }
        expect(parser.state()).toBe('ended');
        expect(parser.results().map(({ stdout, stderr, status }) => ({ stdout, stderr, status }))).toEqual(steps);
        expect(seen).toEqual(steps.map((_, i) => i));
      },
    ),
    { numRuns: 200 },
  );
});
