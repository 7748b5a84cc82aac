import { describe, expect, it } from 'vitest';
import type { StratosEvent } from '../../../src/model/event.ts';
import type { Action } from '../../../src/model/plan.ts';
import { bufferIo, wantsColour } from '../../../src/report/io.ts';
import { PLAIN } from '../../../src/report/paint.ts';
import { progress } from '../../../src/report/progress.ts';

const action: Action = {
  id: 'image.copy:web-1',
  kind: 'image.copy',
  vm: 'web-1',
  image: `sha256:${'ab'.repeat(32)}`,
  dependsOn: [],
  reason: 'needed',
};
const stage: StratosEvent = {
  ...{ type: 'stage.started', stage: 'web/1', kind: 'images', actions: 1 },
  images: { [action.image]: 'php:8.2' },
};

function told(events: readonly StratosEvent[], quiet = false): string {
  const io = bufferIo();
  const shown = progress(io.err, { paint: PLAIN, quiet });
  [stage, ...events].forEach(shown.sink);
  shown.stop();
  expect(io.stdout()).toBe('');
  return io.stderr();
}

describe('progress without a terminal', () => {
  it('tells a long copy in tenths, then that it is done', () => {
    const copying = Array.from({ length: 101 }, (_, i): StratosEvent => ({
      type: 'action.progress',
      action,
      message: 'copying',
      done: i,
      total: 100,
    }));
    const lines = told([
      { type: 'action.started', action },
      ...copying,
      { type: 'action.finished', action, ms: 1234 },
    ]).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'web-1: image php:8.2 0%, 0B of 100B',
      'web-1: image php:8.2 10%, 10B of 100B',
      'web-1: image php:8.2 20%, 20B of 100B',
    ]);
    expect(lines.at(-2)).toBe('✓ image php:8.2 to web-1 1.2s');
    expect(lines).toHaveLength(13);
  });

  it('tells failures, skips, steps and warnings without their control characters', () => {
    const message = 'no\u001b[2J space\nleft';
    expect(
      told([
        { type: 'action.failed', action, ms: 1, code: 'STORE', message },
        { type: 'action.skipped', action, message: 'its stage failed' },
        { type: 'step', message },
        { type: 'warning', message },
      ]),
    ).toBe(
      '✗ image php:8.2 to web-1 failed 1ms\n· image php:8.2 to web-1 skipped: its stage failed\nno space left\n! no space left\n',
    );
  });

  it('is only warnings when quiet', () => {
    expect(
      told(
        [
          { type: 'action.finished', action, ms: 1 },
          { type: 'step', message: 's' },
          { type: 'warning', message: 'w' },
        ],
        true,
      ),
    ).toBe('! w\n');
  });
});

describe('colour', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('with %j on a terminal (%s) is %s', (env, isTerminal, expected) => {
    expect(wantsColour(env, isTerminal)).toBe(expected);
  });
});
