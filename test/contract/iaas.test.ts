/** The contract, on `local` and on `static`; the hosts of the static pool are two local VMs. */
import { loadProvider } from '../../src/iaas/load-provider.ts';
import type { StaticHost } from '../../src/model/spec.ts';
import { powerCut } from '../support/power-cut.ts';
import { sshTo, testSite, testVm } from '../support/vm.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('local', async () => {
  const site = await testSite();
  return {
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
