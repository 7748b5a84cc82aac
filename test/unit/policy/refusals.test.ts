import { describe, expect, it } from 'vitest';
import type { RefusalMemory } from '../../../src/model/memory.ts';
import { instant, millis } from '../../../src/model/quantity.ts';
import {
  closedFor,
  closedPlacements,
  keepRefusals,
  pastRefusal,
  rememberRefusals,
  type Refused,
} from '../../../src/policy/refusals.ts';
import { aPartition } from '../../support/builders.ts';

const NOW = instant(Date.parse('2026-01-01T12:03:20Z'));
const later = (minutes: number) => instant(NOW + minutes * 60_000);
const full: Refused = { iaas: 'cloud', zone: 'north', partition: 'web', failure: 'no-capacity' };
const away: Refused = { iaas: 'cloud', partition: 'web', failure: 'unavailable' };

/** What is remembered after refusals at these minutes. */
function after(refused: Refused, ...minutes: readonly number[]) {
  let memory: Readonly<Record<string, RefusalMemory>> = {};
  for (const at of minutes) memory = rememberRefusals(memory, { refused: [refused], given: [] }, later(at));
  return memory;
}

describe('rememberRefusals', () => {
  it('leaves a full place alone for 5 minutes, twice as long each time, up to an hour', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((times) => {
      const [entry] = Object.values(after(full, ...Array.from({ length: times }, (_, at) => at)));
      return ((entry?.until ?? 0) - (entry?.at ?? 0)) / 60_000;
    });
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  it('is shorter with one that is away, and as long as it asks for', () => {
    expect(Object.values(after(away, 0))[0]?.until).toBe(later(1));
    expect(Object.values(after({ ...away, retryAfter: millis(7 * 60_000) }, 0))[0]?.until).toBe(later(7));
  });

  it('counts what is refused in one run once', () => {
    const refused = [full, full, full];
    expect(Object.values(rememberRefusals({}, { refused, given: [] }, NOW))).toMatchObject([{ times: 1 }]);
  });

  it('closes a zone to one partition for capacity, and the whole IaaS to all for a quota or credentials', () => {
    expect(closedPlacements(after(full, 0), NOW)).toMatchObject([{ iaas: 'cloud', zone: 'north', partition: 'web' }]);
    for (const failure of ['quota', 'unauthorized', 'unavailable'] as const) {
      const [place] = closedPlacements(after({ ...full, failure }, 0), NOW);
      expect(place).not.toHaveProperty('zone');
      expect(place).not.toHaveProperty('partition');
    }
  });

  it('forgets it with the first machine that is given there', () => {
    const memory = { ...after(full, 0), ...after({ ...full, failure: 'quota' }, 0) };
    const given = [{ iaas: 'cloud', zone: 'north', partition: 'web' }];
    expect(rememberRefusals(memory, { refused: [], given }, later(1))).toEqual({});
    const elsewhere = [{ iaas: 'cloud', zone: 'south', partition: 'web' }];
    expect(Object.values(rememberRefusals(memory, { refused: [], given: elsewhere }, later(1)))).toMatchObject([
      { zone: 'north' },
    ]);
  });
});

describe('closedPlacements', () => {
  it('says since when and until when, and opens by itself', () => {
    expect(closedPlacements(after(full, 0), later(4)).map(({ reason }) => reason)).toEqual([
      'cloud north has no capacity since 12:03 UTC, and is asked again at 12:08 UTC',
    ]);
    expect(closedPlacements(after(full, 0), later(5))).toEqual([]);
  });

  it('tells a partition of what concerns it', () => {
    const web = aPartition('web', { placement: [{ iaas: 'cloud', max: 9 }] });
    expect(closedFor(web, closedPlacements(after(full, 0), NOW))).toHaveLength(1);
    expect(closedFor({ ...web, name: 'api' }, closedPlacements(after(full, 0), NOW))).toEqual([]);
    expect(closedFor(aPartition('web'), closedPlacements(after(full, 0), NOW))).toEqual([]);
  });
});

describe('keepRefusals', () => {
  it('drops what is long past, and what is there no more', () => {
    const memory = after(full, 0);
    expect(keepRefusals(memory, () => true, later(5 + 179))).toEqual(memory);
    expect(keepRefusals(memory, () => true, later(5 + 181))).toEqual({});
    expect(keepRefusals(memory, () => false, NOW)).toEqual({});
  });
});

describe('pastRefusal', () => {
  it('waits no longer for a clock that was set back', () => {
    const [entry] = Object.values(after(full, 600));
    if (!entry) throw new Error('there is one');
    expect(pastRefusal(entry, NOW)).toMatchObject({ since: NOW, at: NOW, until: later(5) });
  });
});
