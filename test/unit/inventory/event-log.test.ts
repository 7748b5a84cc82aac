import { appendFile, readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventLog } from '../../../src/inventory/event-log.ts';
import type { LoggedEvent, StratosEvent } from '../../../src/model/event.ts';
import { tempDir } from './temp-dir.ts';

const logged = (n: number, type: 'step' | 'warning' = 'step', run = 'r1'): LoggedEvent => {
  const event: StratosEvent = { type, message: `number ${String(n)}` };
  return { version: 1, at: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(), run, event };
};

describe('eventLog', () => {
  it('reads what was appended, in order, and is readable by its owner only', async () => {
    const log = eventLog(await tempDir());
    expect(await log.read()).toEqual([]);
    await Promise.all([log.append([logged(1), logged(2)]), log.append([]), log.append([logged(3)])]);
    expect(await log.read()).toEqual([logged(1), logged(2), logged(3)]);
    expect((await stat(log.location)).mode & 0o777).toBe(0o600);
  });

  it('selects by time, run, type and number', async () => {
    const log = eventLog(await tempDir());
    await log.append([logged(1), logged(2, 'warning'), logged(3, 'step', 'r2'), logged(4)]);
    expect(await log.read({ since: logged(3).at })).toHaveLength(2);
    expect(await log.read({ run: 'r2' })).toEqual([logged(3, 'step', 'r2')]);
    expect(await log.read({ types: ['warning'] })).toEqual([logged(2, 'warning')]);
    expect(await log.read({ limit: 1 })).toEqual([logged(4)]);
    expect(await log.read({ limit: 0 })).toEqual([]);
  });

  it('loses no event after a line that was torn', async () => {
    const log = eventLog(await tempDir());
    await log.append([logged(1)]);
    await appendFile(log.location, '{"version":1,"at":"2026');
    expect(await log.read()).toEqual([logged(1)]);
    await log.append([logged(2)]);
    await appendFile(log.location, 'null\n{"version":2}\n');
    expect(await log.read()).toEqual([logged(1), logged(2)]);
  });

  it('keeps at most two files of the given size', async () => {
    const directory = await tempDir();
    const log = eventLog(directory, { maxSize: 1000 });
    for (let n = 1; n <= 50; n += 1) await log.append([logged(n)]);
    const events = await log.read();
    expect(events.at(-1)).toEqual(logged(50));
    expect(events.length).toBeLessThan(30);
    expect(events.length).toBeGreaterThan(7);
    for (const file of ['events.jsonl', 'events.1.jsonl'])
      expect((await readFile(`${directory}/.stratos/${file}`)).length).toBeLessThanOrEqual(1000);
  });
});
