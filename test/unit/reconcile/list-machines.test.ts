import { describe, expect, it } from 'vitest';
import { IaasError } from '../../../src/model/errors.ts';
import type { VmRecord } from '../../../src/model/inventory.ts';
import type { Machine } from '../../../src/model/observation.ts';
import { observe } from '../../../src/reconcile/observe.ts';
import { someDeps } from '../../cli/support.ts';
import { aSpec, converge, planFor } from '../../support/builders.ts';

const spec = aSpec({
  partitions: { web: { min: 0 }, own: { guestsOf: 'web' } },
  cartridges: { php: {}, guest: { partition: 'own', runtime: 'vm' } },
  subscriptions: { app: { cartridge: 'guest', min: 2 } },
});
const world = converge(spec);
const { lab } = world.observation.iaas;
const all = lab?.status === 'listed' ? lab.machines : [];
/** The machine of one guest sleeps: nobody can ask whether it is there. */
const sleeping = (machines: readonly Machine[]) =>
  machines.map((machine) => (machine.vm === 'own-1' ? { ...machine, state: 'stopped' as const } : machine));
const inventory = {
  ...world.inventory,
  vms: world.inventory.vms.map(({ endpoint: _endpoint, ...vm }): VmRecord => vm),
  processes: world.inventory.processes.map((process) =>
    process.vm === 'own-1' ? { ...process, asleep: 'stopped' as const } : process,
  ),
};
const without = (...names: readonly string[]) => sleeping(all).filter(({ vm }) => !names.includes(vm ?? ''));

/** What is seen of an IaaS that gives these answers, one after the other, and how many of them were asked for. */
async function seen(...answers: readonly (readonly Machine[] | Error)[]) {
  let asked = 0;
  const list = () => {
    const answer = answers[asked++] ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const deps = someDeps({ providerOf: () => Promise.resolve({ list } as never), now: () => world.observation.at });
  const { signal } = new AbortController();
  const observation = await observe(deps, spec, inventory, { parallel: 4, signal });
  const { stages } = planFor(spec, { ...world, inventory, observation });
  return { asked, observation, kinds: stages.flatMap(({ actions }) => actions.map(({ kind }) => kind)) };
}

describe('listMachines', () => {
  it('asks again where a machine is missing, and takes what either answer has', async () => {
    expect((await seen(without('own-1'), without('own-1'))).kinds).toContain('vm.forget');
    const { kinds, asked, observation } = await seen(without('own-1'), without('own-2'));
    expect(asked).toBe(2);
    expect(kinds).not.toContain('vm.forget');
    expect(kinds).not.toContain('vm.create');
    expect(observation.iaas.lab).toMatchObject({ status: 'listed', machines: { length: all.length } });
  });

  it('asks once where all are there', async () => {
    expect((await seen(sleeping(all))).asked).toBe(1);
  });

  it('takes nothing for gone where the second answer fails', async () => {
    const { observation } = await seen(without('own-1'), new IaasError('lab', 'unavailable', 'Cannot reach lab'));
    expect(observation.iaas.lab).toEqual({ status: 'failed', message: 'Cannot reach lab' });
  });
});
