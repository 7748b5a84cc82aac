/** VMs on the operator's own machine: nested LXC containers with systemd and sshd, each an overlay on a shared base. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { withKernelLock } from '../../host/kernel-lock.ts';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import type { LocalIaasSpec } from '../../model/iaas/local.ts';
import type { IaasContext, IaasProvider, MachineRequest } from '../provider.ts';
import { told } from '../cloud/labels.ts';
import { checkHost, checkSettings } from './host-check.ts';
import { BASE_CACHE, rootLayout, vmLayout } from './layout.ts';
import { runningContainers, stopContainer } from './lxc.ts';
import { bakeImage } from './bake.ts';
import { bringUp } from './bring-up.ts';
import { buildVm, deleteVm } from './build-vm.ts';
import { readRecord, readRecords, type MachineRecord } from './machine-record.ts';
import { containerName, isContainerOf, isVmName } from './names.ts';
import type { LocalSite } from './site.ts';

/**
 * The adapter of kind `local`. Needs root on Debian or Ubuntu; `check()` says what is missing.
 * @param cache directory of the base root file systems
 */
export function localProvider(spec: LocalIaasSpec, context: IaasContext, cache: string = BASE_CACHE): IaasProvider {
  const site: LocalSite = { spec, context, cache, layout: rootLayout(spec.root) };
  /** One operation at a time on a VM, whoever asks. */
  const locked = <T>(container: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    withKernelLock(path.join(site.layout.locks, container), work, { signal });

  /** The label of one of ours. */
  const recordOf = async (id: string): Promise<MachineRecord | undefined> => {
    if (!isContainerOf(context.lineage, id)) return undefined;
    const record = await readRecord(vmLayout(site.layout, id).record);
    return record?.lineage === context.lineage ? record : undefined;
  };
  const existing = async (id: string): Promise<MachineRecord> => {
    const record = await recordOf(id);
    if (record?.phase === 'ready') return record;
    throw new IaasError(
      spec.name,
      'not-found',
      `Cannot find VM ${JSON.stringify(id)} as ${spec.name} has no such VM of this project`,
      {
        hint: 'stratos vm ls',
      },
    );
  };

  return {
    name: spec.name,
    kind: spec.kind,
    capabilities: { ephemeral: true, injectsHostKey: true, stop: true, guests: true },

    async list() {
      const [records, running] = await Promise.all([
        readRecords(site.layout, context.lineage),
        runningContainers(site.layout),
      ]);
      return [...records].map(([id, record]) => machineOf(id, record, running(id)));
    },

    async create(request: MachineRequest) {
      checkSettings(spec);
      if (!isVmName(request.vm)) {
        throw new IaasError(
          spec.name,
          'invalid',
          `Cannot make VM ${JSON.stringify(request.vm)} as a name is of lower-case letters, digits and hyphens, at most 63`,
        );
      }
      const id = containerName(context.lineage, request.vm);
      const work = async (): Promise<Machine> => {
        const record = (await buildVm(site, id, request)) satisfies MachineRecord;
        await bringUp(site, id, record, request.signal);
        return machineOf(id, record, true);
      };
      return locked(id, work, request.signal);
    },

    async start(id) {
      await existing(id);
      return locked(id, async () => {
        const record = await existing(id);
        await bringUp(site, id, record);
        return machineOf(id, record, true);
      });
    },

    async stop(id) {
      await existing(id);
      await locked(id, () => stopContainer(spec.name, site.layout, id, 'halt'));
    },

    async delete(id) {
      if (!(await recordOf(id))) return;
      await locked(id, async () => {
        const record = await recordOf(id);
        if (record) await deleteVm(site, id, record);
        // The last thing done under it: from here on another may hold a lock of the same name.
        await rm(path.join(site.layout.locks, id), { force: true });
      });
    },

    check: () => checkHost(spec),

    async bake(id, name, signal) {
      await existing(id);
      return locked(id, () => bakeImage(site, id, name, signal), signal);
    },
  };
}

function machineOf(id: string, record: MachineRecord, running: boolean): Machine {
  const labels = { id, vm: record.vm, partition: record.partition, size: record.size };
  if (record.phase === 'building') return { ...labels, state: 'pending' };
  if (record.phase === 'deleting') return { ...labels, state: 'deleting' };
  const at = { address: record.address, port: 22, user: 'root' };
  return { ...labels, state: running ? 'running' : 'stopped', ...told(record, at) };
}
