import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { cronText, systemdText } from '../../../src/report/schedule-text.ts';

const schedule = { directory: '/srv/shop', every: millis(60_000), path: '/usr/local/bin:/usr/bin' };
const MINUTE = 60_000;

describe('cronText', () => {
  it.each([
    [1, '* * * * *'],
    [5, '*/5 * * * *'],
    [60, '0 * * * *'],
    [360, '0 */6 * * *'],
    [1440, '0 0 * * *'],
  ])('says each %i minutes as %s', (minutes, times) => {
    const text = cronText({ ...schedule, every: millis(minutes * MINUTE) });
    expect(text.split('\n').slice(1)).toEqual([
      'PATH=/usr/local/bin:/usr/bin',
      `${times} cd /srv/shop && stratos reconcile --quiet`,
      '',
    ]);
  });

  it.each([30_000, 7 * MINUTE, 5 * 60 * MINUTE, 90_000])('refuses %i ms, which cron cannot say', (every) => {
    expect(() => cronText({ ...schedule, every: millis(every) })).toThrow('Cannot say it in the words of cron');
  });

  it('quotes the directory, for the shell and for cron', () => {
    expect(cronText({ ...schedule, directory: "/srv/it's 5% $(id)" })).toContain(
      `cd '/srv/it'\\''s 5\\% $(id)' && stratos`,
    );
  });
});

describe('systemdText', () => {
  it('has a service and its timer', () => {
    const text = systemdText({ ...schedule, every: millis(30_000), directory: '/srv/my shop 5%' });
    expect(text).toContain('# /etc/systemd/system/stratos-my-shop-5-.timer\n');
    expect(text).toContain('WorkingDirectory=/srv/my shop 5%%\n');
    expect(text).toContain('OnUnitActiveSec=30s\n');
    expect(text).toContain('Environment="PATH=/usr/local/bin:/usr/bin"\n');
  });

  it('refuses what would leave its line', () => {
    expect(() => systemdText({ ...schedule, directory: '/srv/a\nExecStart=/bin/x' })).toThrow(
      'Cannot put it into a unit',
    );
  });
});
