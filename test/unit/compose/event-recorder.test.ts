import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../../../src/compose/event-recorder.ts';
import { lazyTransport } from '../../../src/compose/lazy-transport.ts';
import type { LoggedEvent } from '../../../src/model/event.ts';
import type { Action } from '../../../src/model/plan.ts';

const action = { id: 'vm.start:a', kind: 'vm.start', vm: 'a', dependsOn: [], reason: 'r' } as const satisfies Action;

describe('eventRecorder', () => {
  it('writes events in order, stamped, in groups, without progress', async () => {
    const written: (readonly LoggedEvent[])[] = [];
    const recorder = eventRecorder({
      append: (events) => Promise.resolve(void written.push(events)),
      run: () => 'run-1',
      now: () => 0,
      onFailure: () => undefined,
    });
    recorder.sink({ type: 'action.started', action });
    recorder.sink({ type: 'action.progress', action, message: 'half' });
    recorder.sink({ type: 'action.finished', action, ms: 3 });
    await recorder.close();
    await recorder.close();
    expect(written.map((group) => group.map(({ event }) => event.type))).toEqual([
      ['action.started', 'action.finished'],
    ]);
    expect(written[0]?.[0]).toMatchObject({ version: 1, at: '1970-01-01T00:00:00.000Z', run: 'run-1' });
  });

  it('writes by itself after its delay', async () => {
    const appended = new Promise<readonly LoggedEvent[]>((resolve) => {
      const recorder = eventRecorder({
        append: (events) => {
          resolve(events);
          return Promise.resolve();
        },
        run: () => 'run-1',
        now: () => 0,
        onFailure: () => undefined,
        delay: 1,
      });
      recorder.sink({ type: 'step', message: 'x' });
    });
    // The recorder's timer does not hold the process, so the test must.
    const hold = setTimeout(() => undefined, 5000);
    expect(await appended).toHaveLength(1);
    clearTimeout(hold);
  });

  it('tells once that the log cannot be written, and goes on', async () => {
    const told: unknown[] = [];
    const refused = new Error('read-only');
    const recorder = eventRecorder({
      append: () => Promise.reject(refused),
      run: () => 'run-1',
      now: () => 0,
      onFailure: (error) => told.push(error),
    });
    for (let i = 0; i < 3; i += 1) {
      recorder.sink({ type: 'step', message: 'x' });
      await recorder.close();
    }
    expect(told).toEqual([refused]);
  });
});

describe('lazyTransport', () => {
  it('makes its transport once, when it is first used, and closes only what was made', async () => {
    const calls: string[] = [];
    const made = {
      open: (name: string) => void calls.push(`open ${name}`),
      run: () => Promise.resolve((calls.push('run'), [])),
      copy: () => Promise.reject(new Error('copied')),
      feed: () => Promise.reject(new Error('fed')),
      interactive: () => Promise.resolve(3),
      close: () => Promise.resolve(void calls.push('close')),
    };
    const transport = lazyTransport(() => Promise.resolve((calls.push('make'), made)));
    await transport.close();
    expect(calls).toEqual([]);
    const endpoint = { address: '192.0.2.1', port: 22, user: 'root', hostKeys: [] };
    transport.open('a', endpoint);
    await Promise.all([transport.run('a', endpoint, { steps: [] }), transport.run('b', endpoint, { steps: [] })]);
    expect(await transport.interactive('a', endpoint, { argv: ['sh'], tty: true })).toBe(3);
    await transport.close();
    expect(calls).toEqual(['make', 'open a', 'run', 'run', 'close']);
  });
});
