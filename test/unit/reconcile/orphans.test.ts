import { describe, expect, it } from 'vitest';
import type { IaasProvider } from '../../../src/iaas/provider.ts';
import { IaasError } from '../../../src/model/errors.ts';
import type { Machine } from '../../../src/model/observation.ts';
import { iaasCheck, iaasList, wantedSizes } from '../../../src/reconcile/iaas-operations.ts';
import { deleteOrphans, findOrphans, orphansOf } from '../../../src/reconcile/orphans.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import { someDeps } from '../../cli/support.ts';
import { anInventory, aSpec, converge, LAB } from '../../support/builders.ts';

const spec = aSpec({ iaas: [LAB, { ...LAB, name: 'edge' }] });
const { inventory } = converge(spec);
const machine = (id: string, vm: string, change: Partial<Machine> = {}): Machine => ({
  id,
  vm,
  partition: vm.replace(/-\d+$/, ''),
  state: 'running',
  ...change,
});

/** Dependencies with these machines on each IaaS; `gone` collects what is ended. */
function depsWith(machines: Readonly<Record<string, readonly Machine[] | Error>>, gone: string[] = []) {
  const providerOf = (entry: { readonly name: string; readonly kind: string }) => {
    const listed = machines[entry.name] ?? [];
    const provider: Partial<IaasProvider> = {
      name: entry.name,
      kind: entry.kind,
      list: () => (listed instanceof Error ? Promise.reject(listed) : Promise.resolve(listed)),
      check: () => (listed instanceof Error ? Promise.reject(listed) : Promise.resolve()),
      delete: (id) => {
        gone.push(id);
        return Promise.resolve();
      },
    };
    return Promise.resolve(provider as IaasProvider);
  };
  return someDeps({
    loadSpec: () => Promise.resolve(spec),
    inventory: {
      ...someDeps().inventory,
      read: () => Promise.resolve(inventory),
      lock: () => Promise.resolve({ release: () => Promise.resolve() } as never),
    },
    beginRun: () => 'run',
    emit: () => undefined,
    providerOf,
  });
}
const away = new IaasError('edge', 'unavailable', 'Cannot list');
const limits = { lockTimeout: millis(0), signal: new AbortController().signal, parallel: 4 };

describe('orphansOf', () => {
  it('knows the machines of records, by id, and where there is none yet, by the name that was asked for', () => {
    const [first] = inventory.vms;
    if (!first) throw new Error('there is a VM');
    expect(orphansOf(spec, inventory, 'lab', [machine(first.machine ?? '', first.name)])).toEqual([]);
    const { machine: _machine, ...rest } = first;
    const half = anInventory({ vms: [{ ...rest, state: 'creating' }] });
    const two = [machine('a', first.name), machine('b', first.name)];
    expect(orphansOf(spec, half, 'lab', two).map((orphan) => orphan.machine.id)).toEqual(['b']);
    const there = two.map((each) => ({ ...each, iaas: 'edge' }));
    expect(orphansOf(spec, half, 'edge', there)).toHaveLength(2);
  });

  it('says how each comes to be one, and what keeps it from being taken up', () => {
    const [first] = inventory.vms;
    const found = orphansOf(spec, inventory, 'lab', [
      machine('new', 'web-9'),
      machine('off', 'web-8', { state: 'stopped' }),
      machine('old', 'gone-1'),
      machine('twin', first?.name ?? ''),
    ]);
    expect(found.map(({ machine: { id }, why, obstacle }) => [id, why, obstacle])).toEqual([
      ['new', 'the inventory does not have it', undefined],
      ['off', 'the inventory does not have it', 'it is stopped'],
      ['old', 'the inventory does not have it', 'no partition is named gone'],
      ['twin', 'web-1 is m-web-1 on lab', 'the inventory has another machine for web-1'],
    ]);
  });

  it('leaves hosts of a pool alone', () => {
    expect(orphansOf(spec, inventory, 'lab', [{ id: 'h1', state: 'running' }])).toEqual([]);
  });
});

describe('findOrphans', () => {
  it('asks every IaaS, and says which did not answer', async () => {
    const { orphans, silent } = await findOrphans(depsWith({ lab: [machine('x', 'web-9')], edge: away }));
    expect(orphans).toMatchObject([{ iaas: 'lab', machine: { id: 'x' } }]);
    expect(silent).toEqual([{ iaas: 'edge', message: 'Cannot list' }]);
  });
});

describe('deleteOrphans', () => {
  it('ends what is no machine of the inventory, and refuses what has become one', async () => {
    const gone: string[] = [];
    const orphan = (id: string) => ({ iaas: 'lab', machine: machine(id, 'web-9'), why: '' });
    const known = inventory.vms[0]?.machine ?? '';
    const { done, failed } = await deleteOrphans(depsWith({}, gone), [orphan('x'), orphan(known)], limits);
    expect(done.map((each) => each.machine.id)).toEqual(['x']);
    expect(failed).toMatchObject([{ id: known, message: expect.stringContaining('no orphan any more') as string }]);
    expect(gone).toEqual(['x']);
  });
});

describe('iaasList', () => {
  it('counts what is recorded, and what each lists where they are asked', async () => {
    const deps = depsWith({ lab: [machine('m-web-1', 'web-1'), machine('x', 'web-9')], edge: away });
    expect(await iaasList(deps, { refresh: false })).toMatchObject([
      { name: 'lab', kind: 'local', vms: 1, partitions: [{ name: 'web', min: 0 }] },
      { name: 'edge', vms: 0, partitions: [] },
    ]);
    expect(await iaasList(deps, { refresh: true })).toMatchObject([{ machines: 2 }, { problem: 'Cannot list' }]);
  });
});

describe('iaasCheck', () => {
  it('looks at credentials and at the prices of what is wanted there', async () => {
    const { findings } = await iaasCheck(depsWith({}), 'lab');
    expect(findings.map(({ subject, status }) => `${subject} ${status}`)).toEqual(['credentials ok', 'price ok']);
    expect((await iaasCheck(depsWith({ edge: away }), 'edge')).findings).toMatchObject([
      { subject: 'credentials', status: 'failed', detail: 'Cannot list' },
    ]);
    await expect(iaasCheck(depsWith({}), 'nowhere')).rejects.toThrow('the spec does not name it');
  });

  it('shows one price for each size: the spec’s, else what the IaaS tells', async () => {
    const named = { name: 's', cpu: cores(1), memory: bytes(2 ** 30), price: 1 };
    const placement = [{ iaas: 'lab', max: 9 }];
    const deps = depsWith({});
    const priced = aSpec({
      iaas: [LAB],
      partitions: { web: { placement: [{ iaas: 'lab', max: 9, sizes: [named] }] }, api: { placement } },
    });
    const survey: NonNullable<IaasProvider['survey']> = (sizes) =>
      Promise.resolve(
        sizes.map((of) => ({ subject: 'price', status: 'ok', of, detail: `${of.name ?? 'cx23'} costs 0.5 there` })),
      );
    const told = { check: () => Promise.resolve(), survey } as unknown as IaasProvider;
    const { findings } = await iaasCheck(
      { ...deps, loadSpec: () => Promise.resolve(priced), providerOf: () => Promise.resolve(told) },
      'lab',
    );
    expect(findings.slice(1)).toEqual([
      { subject: 'price', status: 'ok', detail: 'cx23 costs 0.5 there' },
      { subject: 'price', status: 'ok', detail: 's costs 1 an hour' },
    ]);
  });

  it('wants each size of the partitions there once', () => {
    const sizes = [{ name: 's', cpu: cores(1), memory: bytes(2 ** 30), price: 1 }];
    const placement = [{ iaas: 'lab', max: 9, sizes }];
    const twice = aSpec({ partitions: { web: { placement }, api: { placement } } });
    expect(wantedSizes(twice, 'lab')).toEqual(sizes);
  });
});
