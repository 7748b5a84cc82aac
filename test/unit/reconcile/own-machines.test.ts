import { describe, expect, it } from 'vitest';
import type { VmRecord } from '../../../src/model/inventory.ts';
import type { Machine } from '../../../src/model/observation.ts';
import { ownMachines } from '../../../src/reconcile/own-machines.ts';
import { orphansOf } from '../../../src/reconcile/orphans.ts';
import { anInventory, aSpec, converge, LAB } from '../../support/builders.ts';

const spec = aSpec({ iaas: [LAB, { ...LAB, name: 'edge' }] });
const machine = (id: string, vm: string, iaas?: string): Machine => ({
  id,
  vm,
  partition: 'web',
  state: 'running',
  ...(iaas !== undefined && { iaas }),
});
const [base] = converge(spec).inventory.vms;
const record = (name: string, iaas: string, id?: string): VmRecord => {
  if (!base) throw new Error('there is a VM');
  const { machine: _machine, ...rest } = base;
  return { ...rest, name, iaas, ...(id !== undefined && { machine: id }) };
};
const ids = (iaas: string, vms: readonly VmRecord[], machines: readonly Machine[]): readonly string[] =>
  ownMachines(spec, { vms }, iaas, machines).map(({ id }) => id);

describe('ownMachines', () => {
  it('gives each entry what its label says, recorded or not', () => {
    const all = [machine('a', 'web-1', 'lab'), machine('b', 'web-2', 'edge')];
    expect([ids('lab', [], all), ids('edge', [], all)]).toEqual([['a'], ['b']]);
  });

  it('asks the inventory where nothing says who made it, and where it knows nothing all that see it count it', () => {
    const all = [machine('a', 'web-1'), machine('b', 'web-2'), machine('c', 'web-3')];
    const vms = [record('web-1', 'lab', 'a'), record('web-2', 'edge')];
    expect(ids('lab', vms, all)).toEqual(['a', 'c']);
    expect(ids('edge', vms, all)).toEqual(['b', 'c']);
  });

  it('leaves machines of a renamed entry where they are recorded, and gives them back with the name', () => {
    const all = [machine('a', 'web-1', 'old'), machine('b', 'web-2', 'old')];
    expect(ids('lab', [record('web-1', 'old', 'a')], all)).toEqual(['b']);
    expect(ids('lab', [record('web-1', 'lab', 'a'), record('web-2', 'edge', 'b')], all)).toEqual(['a']);
  });

  it('keeps a machine where it is recorded, whatever its label says', () => {
    expect(ids('lab', [record('web-1', 'lab', 'a')], [machine('a', 'web-1', 'edge')])).toEqual(['a']);
  });

  it('takes a machine of the same id in another account for another', () => {
    expect(ids('edge', [record('web-1', 'lab', 'zone/x')], [machine('zone/x', 'web-9')])).toEqual(['zone/x']);
  });

  it('leaves hosts of a pool alone', () => {
    const host: Machine = { id: 'h1', state: 'running' };
    expect(ownMachines(spec, { vms: [record('web-1', 'edge', 'h1')] }, 'lab', [host])).toEqual([host]);
  });
});

describe('orphansOf', () => {
  it('calls no machine of the other entry an orphan, also one that is just being made or of an earlier version', () => {
    const inventory = anInventory({ vms: [record('web-1', 'edge', 'a'), record('web-2', 'edge')] });
    const all = [
      machine('a', 'web-1'),
      machine('b', 'web-2', 'edge'),
      machine('c', 'web-2'),
      machine('d', 'web-4', 'lab'),
    ];
    expect(orphansOf(spec, inventory, 'lab', all).map((orphan) => orphan.machine.id)).toEqual(['d']);
  });
});
