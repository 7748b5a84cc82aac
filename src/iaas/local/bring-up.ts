/** Brings a VM that is complete on the disk to where it answers, whatever happened to the machine in between. */
import { rm, writeFile } from 'node:fs/promises';
import { IaasError } from '../../model/errors.ts';
import { bridgeAddress, overlaps } from './addresses.ts';
import { ensureSiteBase, withNetworkLock } from './build-vm.ts';
import { renderContainer } from './container.ts';
import { vmLayout } from './layout.ts';
import { runningContainers, startContainer } from './lxc.ts';
import type { MachineRecord } from './machine-record.ts';
import { vethName } from './names.ts';
import { ensureNetwork, pinNeighbour, removeInterface } from './network.ts';
import type { LocalSite } from './site.ts';
import { lastLines, tryRun } from './run.ts';
import { writeResolver } from './vm-files.ts';
import { waitForSsh } from './wait-ssh.ts';
import { isThere } from './is-there.ts';

/** How long a VM may take from start to an answering SSH server. */
const BOOT_TIMEOUT = 60_000;

/**
 * Starts a VM that does not run, with network and configuration as they have to be now, and waits for its SSH server.
 * To be called under the VM's lock.
 * @throws IaasError unavailable when LXC refuses or the VM does not answer in a minute
 * @throws InterruptedError when `signal` aborts the wait
 */
export async function bringUp(site: LocalSite, id: string, record: MachineRecord, signal?: AbortSignal): Promise<void> {
  const { spec, layout } = site;
  if (!(await runningContainers(layout))(id)) await start(site, id, record, signal);
  // Nobody logs in to one that is a process: whether it answers is the cartridge's health check to say.
  if (record.process || (await waitForSsh(record.address, 22, BOOT_TIMEOUT, signal))) return;
  const inspect = ['-P', layout.vms, '-n', id, '--', 'systemctl', 'list-units', '--failed', '--no-legend', '--plain'];
  const failed = await tryRun(spec.name, 'lxc-attach', inspect);
  throw new IaasError(
    spec.name,
    'unavailable',
    `Cannot reach VM ${record.vm} at ${record.address} as no SSH server answers after ${BOOT_TIMEOUT / 1000} s; failed units: ${lastLines(failed.all, 4)}`,
    { hint: `lxc-attach -P ${layout.vms} -n ${id} -- journalctl --boot` },
  );
}

async function start(site: LocalSite, id: string, record: MachineRecord, signal?: AbortSignal): Promise<void> {
  const { spec, layout } = site;
  const files = vmLayout(layout, id);
  if (!(await isThere(record.base)) && !record.process) {
    // Somebody emptied the cache; the same recipe gives the same place.
    await ensureSiteBase(site, signal);
    if (!(await isThere(record.base))) {
      throw new IaasError(
        spec.name,
        'unavailable',
        `Cannot start VM ${record.vm} as its base root file system is gone: ${record.base}`,
        {
          hint: `stratos vm replace ${record.vm}`,
        },
      );
    }
  }
  if (!overlaps(spec.subnet, `${record.address}/32`)) {
    throw new IaasError(
      spec.name,
      'invalid',
      `Cannot start VM ${record.vm} as its address is outside the subnet ${spec.subnet}: ${record.address}`,
      { hint: `set iaas.${spec.name}.subnet back, or: stratos vm replace ${record.vm}` },
    );
  }
  await withNetworkLock(async () => {
    await ensureNetwork(spec);
    await pinNeighbour(spec, record.address, record.mac);
  });
  const veth = vethName(id, spec.root);
  await removeInterface(spec.name, veth);
  await writeResolver(files.delta);
  const network = bridgeAddress(spec.subnet);
  const config = renderContainer({
    hostname: record.vm,
    base: record.base,
    delta: files.delta,
    data: files.data,
    bridge: spec.bridge,
    veth,
    mac: record.mac,
    address: record.address,
    prefix: network.prefix,
    gateway: network.address,
    memory: record.size.memory,
    cpu: record.size.cpu,
    cgroup: (await isThere('/sys/fs/cgroup/cgroup.controllers')) ? 'v2' : 'v1',
  });
  await writeFile(files.config, config);
  await rm(files.log, { force: true });
  await startContainer(spec.name, layout, id);
}
