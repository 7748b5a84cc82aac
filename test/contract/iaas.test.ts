/** The contract, on `local` and on `static`; the hosts of the static pool are two local VMs. */
import path from 'node:path';
import { loadProvider } from '../../src/iaas/load-provider.ts';
import type { StaticHost } from '../../src/model/iaas-spec.ts';
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
