/** The contract, on `local` and on `static`; the hosts of the static pool are two local VMs. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BASE_CACHE, rootLayout, vmLayout } from '../../src/iaas/local/layout.ts';
import { readRecord } from '../../src/iaas/local/machine-record.ts';
import { loadProvider } from '../../src/iaas/load-provider.ts';
import type { StaticHost } from '../../src/model/iaas/static.ts';
import { guestArchive, guestImage } from '../support/guest-image.ts';
import { powerCut } from '../support/power-cut.ts';
import { sshTo, testSite, testVm } from '../support/vm.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('local', async () => {
  const site = await testSite();
  const { directory } = site;
  const image = await guestImage(path.join(directory, 'guest'), 'hello');
  return {
    guestImage: await guestArchive(path.join(directory, 'guest.tar.gz'), image),
    provider: site.provider,
    other: site.providerOf('another-project'),
    request: site.request,
    ssh: (endpoint, line) => sshTo(site, endpoint, line),
    restart: () => powerCut(site),
    [Symbol.asyncDispose]: site.dispose,
  };
});

describe('local', () => {
  it('makes VMs of the image that it baked: what was installed is there, and they have keys of their own', async () => {
    await using site = await testSite();
    const first = await site.provider.create(await site.request('first'));
    if (!first.endpoint) throw new Error('it has an endpoint');
    await sshTo(site, first.endpoint, 'echo baked >/opt/marker; echo ours >/var/lib/stratos/marker');
    await expect(site.provider.bake?.(first.id, '../escape')).rejects.toMatchObject({ failure: 'invalid' });
    const image = (await site.provider.bake?.(first.id, 'web')) ?? '';
    expect(image).toBe(path.join(site.spec.root, 'images', 'web.tar'));
    await site.provider.stop(first.id);
    await expect(site.provider.bake?.(first.id, 'web')).rejects.toMatchObject({ failure: 'unavailable' });
    await site.provider.delete(first.id);
    const context = { lineage: site.lineage, env: {}, onStep: () => undefined };
    const next = await loadProvider({ ...site.spec, image }, context);
    // Its first connection is verified against a key that is none of the image's.
    const { id, endpoint } = await next.create(await site.request('second'));
    if (!endpoint) throw new Error('it has an endpoint');
    const look = 'cat /opt/marker; hostname; ls -A /var/lib/stratos; command -v lxc-start >/dev/null && echo lxc';
    expect(await sshTo(site, endpoint, look)).toBe('baked\nsecond\nlxc\n');
    const record = await readRecord(vmLayout(rootLayout(site.spec.root), id).record);
    await next.delete(id);
    // It is unpacked beside the bases of this machine, which outlast the test.
    if (record?.base.startsWith(`${BASE_CACHE}/image-`) !== true) throw new Error('it stands on what was unpacked');
    await rm(path.dirname(record.base), { recursive: true });
  });
});

iaasContract('static', async () => {
  const vms = await testVm({ name: 'host', count: 2 });
  const hosts = vms.vms.map(({ name, endpoint }): StaticHost => {
    const { address, port, user, hostKeys } = endpoint;
    return { name, address, port, user, hostKeys, key: vms.identityFile };
  });
  const context = { lineage: vms.site.lineage, env: {}, onStep: () => undefined };
  return {
    provider: await loadProvider({ kind: 'static', name: 'pool', hosts }, context),
    request: vms.site.request,
    ssh: (endpoint, line) => sshTo(vms.site, endpoint, line),
    [Symbol.asyncDispose]: vms.dispose,
  };
});
