import { describe, expect, it } from 'vitest';
import { untilReset } from '../../../../src/iaas/http/reset-time.ts';

const headers = (values: Record<string, string>) => ({ get: (name: string) => values[name] ?? null });

describe('untilReset', () => {
  it('counts by the clock of whoever answers', () => {
    const date = new Date(1_600_000_000_000).toUTCString();
    expect(untilReset(headers({ date, 'ratelimit-reset': '1600000007' }))).toBe(7000);
    expect(untilReset(headers({ date, 'ratelimit-reset': '1599999999' }))).toBe(0);
  });

  it('counts by the own clock where the answer has no date', () => {
    const soon = Math.floor(Date.now() / 1000) + 100;
    expect(untilReset(headers({ 'ratelimit-reset': String(soon) }))).toBeGreaterThan(90_000);
  });

  it.each(['', '-1', 'soon', '1.5'])('knows nothing where it says %j', (value) => {
    expect(untilReset(headers({ 'ratelimit-reset': value }))).toBeUndefined();
    expect(untilReset(headers({}))).toBeUndefined();
  });
});
