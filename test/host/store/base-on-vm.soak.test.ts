import { join } from 'node:path';
import { expect, it } from 'vitest';
import { vmBuilder } from '../../../src/store/build/vm-builder.ts';
import { FIXTURES, storeLab } from './lab.ts';
import { preparedVm } from './site.ts';

it(
  'a VM with nothing but what preparation installs builds a cartridge from packages',
  { timeout: 900_000 },
  async () => {
    await using lab = await storeLab();
    await using site = await preparedVm();
    const builder = vmBuilder({ transport: site.transport, vm: 'store-1', endpoint: site.vm.endpoint });
    const { image } = await lab.build(join(FIXTURES, 'php'), { builder });
    expect(image.layers.length).toBe(7);
    await lab.store.verify(image);
    await site.distribute(lab.store, image);
    expect((await site.serve(image, 80)).body).toMatch(/^Hello from served-1, PHP 8\.2/);
  },
);
