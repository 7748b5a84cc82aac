import { describe, expect, it } from 'vitest';
import { cli } from './support.ts';

const deps = { env: { PATH: '/opt/stratos/bin:/usr/bin' } };

describe('schedule', () => {
  it('prints lines for cron, with the PATH that stratos was found by', async () => {
    const { code, stdout, stderr } = await cli(['schedule'], { deps });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      '# every 1m; for crontab -e\nPATH=/opt/stratos/bin:/usr/bin\n* * * * * cd /srv/fleet && stratos reconcile --quiet\n',
    );
  });

  it('prints units of systemd, also for pauses of seconds', async () => {
    const { stdout } = await cli(['schedule', '--systemd', '--every', '15s'], { deps });
    expect(stdout).toContain('OnUnitActiveSec=15s');
    expect(stdout).toContain('WorkingDirectory=/srv/fleet');
  });

  it('says what cron cannot, and what can', async () => {
    const { code, stderr } = await cli(['schedule', '--every', '15s'], { deps });
    expect(code).toBe(64);
    expect(stderr).toMatch(/Cannot say it in the words of cron: every 15s\n +stratos schedule --systemd --every 15s\n/);
  });
});
