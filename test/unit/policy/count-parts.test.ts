import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { ScalingPolicy } from '../../../src/model/policy.ts';
import { peakOf, rememberWanted } from '../../../src/policy/down-window.ts';
import { pace } from '../../../src/policy/pace.ts';
import { panicNow } from '../../../src/policy/panic.ts';
import { boundsAt } from '../../../src/policy/schedules.ts';
import { counted, showNumber, showShare } from '../../../src/policy/show-number.ts';
import { ago, MINUTE, NOW, SECOND, tuned } from './scene.ts';

describe('panicNow', () => {
  const panic = (parts: Partial<Parameters<typeof panicNow>[0]>) =>
    panicNow({ before: undefined, panicNeed: 0, need: 0, ready: 1, have: 1, tuning: tuned(), now: NOW, ...parts });
  const before = { since: ago(90 * SECOND), last: ago(MINUTE), count: 9 };

  it('begins at the threshold and not below', () => {
    expect(panic({ panicNeed: 6, ready: 3, have: 3, need: 4 })).toEqual({ since: NOW, last: NOW, count: 6 });
    expect(panic({ panicNeed: 5, ready: 3, have: 3, need: 4 })).toBeUndefined();
  });

  it('takes none ready for one', () => {
    expect(panic({ panicNeed: 1, ready: 0 })).toBeUndefined();
    expect(panic({ panicNeed: 2, ready: 0 })?.count).toBe(2);
  });

  it('counts the most that is there, was wanted, or is needed', () => {
    expect(panic({ panicNeed: 6, have: 7, need: 5 })?.count).toBe(7);
    expect(panic({ panicNeed: 6, have: 1, need: 8 })?.count).toBe(8);
    expect(panic({ panicNeed: 6, before })?.count).toBe(9);
  });

  it('goes on with a new last time while over the threshold', () => {
    expect(panic({ panicNeed: 20, before })).toEqual({ since: before.since, last: NOW, count: 20 });
  });

  it('ends only when it was last over the threshold longer ago than the stable window', () => {
    expect(panic({ before, panicNeed: 1 })).toEqual(before);
    expect(panic({ before: { ...before, last: ago(MINUTE + 1) }, panicNeed: 1 })).toBeUndefined();
  });

  it('does not end without data, and still rises below the threshold', () => {
    const long = { ...before, last: ago(60 * MINUTE) };
    expect(panic({ before: long, panicNeed: undefined, need: 3 })).toEqual(long);
    expect(panic({ before, panicNeed: 10, ready: 9 })).toEqual({ ...before, count: 10 });
    expect(panic({ before, panicNeed: 1, need: 11, ready: 9 })?.count).toBe(11);
    expect(panic({ before, panicNeed: 1, have: 12, ready: 12 })?.count).toBe(12);
    expect(panic({ panicNeed: undefined })).toBeUndefined();
  });
});

describe('rememberWanted', () => {
  const window = millis(5 * MINUTE);
  const wanted = [
    { at: ago(5 * MINUTE), count: 12 },
    { at: ago(5 * MINUTE - 1), count: 9 },
    { at: ago(MINUTE), count: 4 },
  ];

  it('keeps what can still be the maximum of the window', () => {
    expect(rememberWanted(wanted, 5, NOW, window)).toEqual([wanted[1], { at: NOW, count: 5 }]);
    expect(rememberWanted(wanted, 4, NOW, window)).toEqual([wanted[1], { at: NOW, count: 4 }]);
    expect(rememberWanted(wanted, 9, NOW, window)).toEqual([{ at: NOW, count: 9 }]);
    expect(peakOf(rememberWanted(wanted, 3, NOW, window))).toBe(9);
  });

  it('keeps what the run before wanted where that was longer ago', () => {
    const old = [
      { at: ago(60 * MINUTE), count: 8 },
      { at: ago(50 * MINUTE), count: 6 },
    ];
    expect(rememberWanted(old, 2, NOW, window)).toEqual([old[1], { at: NOW, count: 2 }]);
    expect(rememberWanted(old, 2, NOW, millis(0))).toEqual([{ at: NOW, count: 2 }]);
  });

  it('has a peak of 0 where nothing was wanted', () => {
    expect(peakOf([])).toBe(0);
    expect(
      peakOf([
        { at: NOW, count: 3 },
        { at: NOW, count: 5 },
      ]),
    ).toBe(5);
  });
});

describe('pace', () => {
  const cooldown = { up: millis(MINUTE), down: millis(5 * MINUTE) };
  const step = { up: 3, down: 2 };
  const memory = { raisedAt: ago(MINUTE - 1), loweredAt: ago(5 * MINUTE - 1) };

  it.each([
    [
      'holds within the cooldown up',
      4,
      6,
      memory,
      4,
      'stays at 4 and not 6: raised 60s ago, and the cooldown up is 1m',
    ],
    [
      'holds within the cooldown down',
      4,
      3,
      memory,
      4,
      'stays at 4 and not 3: lowered 5m ago, and the cooldown down is 5m',
    ],
    ['goes up after it', 4, 6, { ...memory, raisedAt: ago(MINUTE) }, 6, undefined],
    ['goes down after it', 4, 3, { ...memory, loweredAt: ago(5 * MINUTE) }, 3, undefined],
    ['goes up at once where it never did', 4, 6, { loweredAt: NOW }, 6, undefined],
    ['goes down at once where it never did', 4, 3, { raisedAt: NOW }, 3, undefined],
    ['stays where it should', 4, 4, memory, 4, undefined],
    ['goes a whole step up', 4, 7, {}, 7, undefined],
    ['goes no more than a step up', 4, 8, {}, 7, 'goes to 7 and not yet 8: one step up is at most 3 processes'],
    ['goes a whole step down', 4, 2, {}, 2, undefined],
    ['goes no more than a step down', 4, 1, {}, 2, 'goes to 2 and not yet 1: one step down is at most 2 processes'],
  ])('%s', (_, have, want, remembered, count, reason) => {
    expect(pace(have, want, remembered, { cooldown, step }, NOW)).toEqual({
      count,
      reasons: reason === undefined ? [] : [reason],
    });
  });
});

describe('boundsAt', () => {
  const office = {
    cron: '0 9 * * 1-5',
    timezone: 'Europe/Berlin',
    duration: millis(8 * 60 * MINUTE),
    processes: { min: 5, max: 50 },
  };
  const lunch = { ...office, cron: '0 12 * * *', duration: millis(60 * MINUTE), processes: { min: 1, max: 9 } };
  const bounds = (at: string, schedules: ScalingPolicy['schedules'] = [office, lunch]) =>
    boundsAt(
      { name: 'steady', processes: { min: 2, max: 20 }, target: {}, signals: {}, schedules, tuning: tuned() },
      instant(Date.parse(at)),
    );

  it.each([
    // Monday 2026-03-02; Berlin is UTC+1 until 2026-03-29 and UTC+2 after it.
    ['2026-03-02T07:59:59.999Z', 2],
    ['2026-03-02T08:00:00.000Z', 5],
    ['2026-03-02T15:59:59.999Z', 5],
    ['2026-03-02T16:00:00.000Z', 2],
    ['2026-03-29T08:00:00.000Z', 2],
    ['2026-03-30T06:59:59.999Z', 2],
    ['2026-03-30T07:00:00.000Z', 5],
  ])('holds from the firing for its duration: at %s the minimum is %d', (at, min) => {
    expect(bounds(at).min).toBe(min);
  });

  it('takes the last of those that hold', () => {
    expect(bounds('2026-03-02T11:30:00Z')).toEqual({
      min: 1,
      max: 9,
      source: 'schedule "0 12 * * *" Europe/Berlin for 1h',
      scheduled: true,
    });
    expect(bounds('2026-03-02T11:30:00Z', [lunch, office]).min).toBe(5);
  });

  it('goes on beyond the next firing where it lasts longer than its interval, and goes back in time', () => {
    const often = { ...lunch, cron: '*/10 * * * *', duration: millis(30 * MINUTE) };
    for (const at of ['2026-03-02T11:35:00Z', '2026-03-02T11:30:00Z', '2026-03-02T11:29:00Z', '2020-01-01T00:00:00Z'])
      expect(bounds(at, [often]).max).toBe(9);
  });

  it('tells the time of the schedule whichever way the clock goes', () => {
    expect(bounds('2026-03-02T08:30:00Z', [office]).min).toBe(5);
    expect(bounds('2026-03-02T07:30:00Z', [office]).min).toBe(2);
    expect(bounds('2026-03-03T08:30:00Z', [office]).min).toBe(5);
    expect(bounds('2026-03-02T12:30:00Z', [office]).min).toBe(5);
  });

  it('is the policy itself without a schedule', () => {
    expect(bounds('2026-03-02T11:30:00Z', [])).toEqual({ min: 2, max: 20, source: 'policy steady', scheduled: false });
  });

  it('never holds where it never fired', () => {
    expect(bounds('2026-03-02T11:30:00Z', [{ ...lunch, cron: '0 0 30 2 *' }]).min).toBe(2);
  });
});

describe('showNumber', () => {
  it('has as many decimals as say something', () => {
    expect([0, 0.7, 5.9166, -5.9166, 10.126, 118.3333, 3].map(showNumber)).toEqual([
      '0',
      '0.7',
      '5.917',
      '-5.917',
      '10.13',
      '118.33',
      '3',
    ]);
    expect(showShare(0.45)).toBe('45%');
    expect([counted(1, 'sample'), counted(2, 'sample'), counted(0, 'process', 'processes')]).toEqual([
      '1 sample',
      '2 samples',
      '0 processes',
    ]);
  });
});
