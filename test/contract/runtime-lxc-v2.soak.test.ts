/** The runtime on a machine with a kernel of its own, cgroup v2 alone, and AppArmor. */
import { bootDebian, debianHost } from '../support/debian-machine.ts';
import type { LabVm } from '../support/runtime-lab.ts';
import { runtimeContract } from './runtime.contract.ts';

runtimeContract('lxc', async (): Promise<LabVm> => {
  const host = await debianHost();
  const dispose = async (): Promise<void> => {
    await host[Symbol.asyncDispose]();
  };
  try {
    return { site: { directory: host.directory }, ...(await bootDebian(host)), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
});
