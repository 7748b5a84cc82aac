/** Baking on a real VM: what is on its disk while the image is taken, and that it is afterwards what it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IaasProvider } from '../../src/iaas/provider.ts';
import { prepareStep } from '../../src/lxc/prepare.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import { millis } from '../../src/model/quantity.ts';
import { vmBake } from '../../src/reconcile/bake.ts';
import type { Transport } from '../../src/ssh/transport.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import { someDeps } from '../cli/support.ts';
import { anInventory, aSpec, LAB } from '../support/builders.ts';
import { testVm, type TestVms } from '../support/vm.ts';

let vms: TestVms;
let transport: Transport;
let inventory: Inventory;
const LINES = 'cat /etc/machine-id /var/lib/stratos/label.json 2>&1';
const limits = { lockTimeout: millis(0), signal: new AbortController().signal };

beforeAll(async () => {
  vms = await testVm({ name: 'web' });
  transport = sshTransport({ directory: vms.site.directory, env: {} });
  const input = { lineage: 'ours', vm: 'web-1', network: '10.66.0.0/29', units: {} };
  await transport.run('web-1', vms.endpoint, { steps: [prepareStep(input)] }, {});
  const [vm] = vms.vms;
  if (!vm?.machine.size) throw new Error('there is a VM');
  const { size, id: machine } = vm.machine;
  const record = { name: 'web-1', partition: 'web', iaas: 'lab', state: 'ready', machine, size } as const;
  const marks = { endpoint: vms.endpoint, cordoned: false, draining: false, createdAt: '2026-01-01T00:00:00.000Z' };
  inventory = anInventory({ vms: [{ ...record, ...marks }] });
}, 300_000);
afterAll(async () => {
  await transport.close();
  await vms.dispose();
});

/** Dependencies whose IaaS makes images by `bake`; undefined: it makes none. */
const depsWith = (bake: IaasProvider['bake']) => {
  const { bake: _own, ...provider } = vms.provider;
  return someDeps({
    loadSpec: () => Promise.resolve(aSpec({ iaas: [LAB] })),
    inventory: {
      ...someDeps().inventory,
      read: () => Promise.resolve(inventory),
      lock: () => Promise.resolve({ release: () => Promise.resolve() } as never),
    },
    transport,
    beginRun: () => 'run',
    emit: () => undefined,
    providerOf: () => Promise.resolve(bake ? { ...provider, bake } : provider),
  });
};

describe('vmBake', () => {
  test('takes the image of a disk that is no machine’s yet, and leaves the VM as it was', async () => {
    const before = await vms.ssh(LINES);
    let sealed = '';
    let called = '';
    const baked = await vmBake(
      depsWith(async (_id, name) => {
        called = name;
        sealed = await vms.ssh(`${LINES} || :`);
        return 'image-1';
      }),
      'web-1',
      undefined,
      limits,
    );
    expect(baked).toEqual({ vm: 'web-1', iaas: 'lab', image: 'image-1' });
    expect(called).toMatch(/^stratos-lab-web-\d{14}$/);
    expect(sealed).toBe('cat: /var/lib/stratos/label.json: No such file or directory\n');
    expect(await vms.ssh(LINES)).toBe(before);
  });

  test('leaves the VM as it was where the IaaS fails', async () => {
    const before = await vms.ssh(LINES);
    const bake = vmBake(
      depsWith(() => Promise.reject(new Error('no room'))),
      'web-1',
      'mine',
      limits,
    );
    await expect(bake).rejects.toThrow('no room');
    expect(await vms.ssh(LINES)).toBe(before);
  });

  test('is refused where something is on the VM, and where an IaaS has no images', async () => {
    await expect(vmBake(depsWith(undefined), 'web-1', undefined, limits)).rejects.toThrow(
      'lab (local) has no images of VMs',
    );
    await vms.ssh('mkdir /var/lib/stratos/volumes/shop');
    const bake = vmBake(
      depsWith(() => Promise.resolve('x')),
      'web-1',
      undefined,
      limits,
    );
    await expect(bake).rejects.toThrow('it is not empty: shop');
    await vms.ssh('rmdir /var/lib/stratos/volumes/shop');
  });
});
