import { describe, expect, it } from 'vitest';
import type { SleepDepth } from '../../../src/model/inventory.ts';
import { changedSleepers } from '../../../src/reconcile/note-sleepers.ts';
import { aSpec, converge } from '../../support/builders.ts';

const world = converge(aSpec({}));

function changed(recorded: SleepDepth | undefined, seen: SleepDepth | undefined | 'silent') {
  const [record] = world.inventory.processes;
  const vm = world.observation.vms[record?.vm ?? ''];
  if (!record || vm?.status !== 'reached') throw new Error('The world has no process');
  const inventory = { ...world.inventory, processes: [{ ...record, ...(recorded ? { asleep: recorded } : {}) }] };
  const processes = vm.processes.map((process) =>
    process.name === record.name && seen && seen !== 'silent' ? { ...process, asleep: seen } : process,
  );
  const silent = { status: 'unreachable', reason: 'timeout', message: 'no answer' } as const;
  const vms = { [record.vm]: seen === 'silent' ? silent : { ...vm, processes } };
  return changedSleepers(inventory, { ...world.observation, vms }).map(({ asleep }) => asleep);
}

describe('changedSleepers', () => {
  it('finds who woke', () => {
    expect(changed('stopped', undefined)).toEqual([undefined]);
  });

  it('finds who was put to sleep by a run that was cut, and who sleeps deeper', () => {
    expect(changed(undefined, 'frozen')).toEqual(['frozen']);
    expect(changed('frozen', 'stopped')).toEqual(['stopped']);
  });

  it('leaves alone what is as recorded or was not seen', () => {
    expect(changed('stopped', 'stopped')).toEqual([]);
    expect(changed(undefined, undefined)).toEqual([]);
    expect(changed('stopped', 'silent')).toEqual([]);
  });
});
