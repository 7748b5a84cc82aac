/** VMs of one host, by libvirt: driven by virsh, here or over libvirt's own SSH client; nothing of ours is on the host. */
import path from 'node:path';
import { IaasError } from '../../model/errors.ts';
import type { Machine } from '../../model/observation.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import { lineageMark, machineName } from '../cloud/machine-name.ts';
import { stopGently } from '../cloud/stop-gently.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { bakeImage } from './bake.ts';
import { makeMachine } from './make-machine.ts';
import { machineOf, readDomain, type Domain } from './read-domain.ts';
import { checkMaker } from './seed.ts';
import { surveyHost } from './survey.ts';
import { openVirsh } from './virsh.ts';
import { endVolume, volumesOf } from './volumes.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Seen {
  readonly domain: Domain;
  /** Undefined: none of this project's. */
  readonly machine: Machine | undefined;
  /** What libvirt says: `paused (I/O error)`. */
  readonly state: string;
}

/**
 * The adapter of kind `libvirt`. @param interval first pause between two looks at what is waited for
 * @param patience twice as long as a machine may take to stop by itself, up to a minute
 */
export function libvirtProvider(
  spec: LibvirtIaasSpec,
  context: IaasContext,
  interval: Millis = millis(500),
  patience: Millis = spec.timeout,
): IaasProvider {
  const { name } = spec;
  const { lineage } = context;
  const virsh = openVirsh(spec, context);

  /** @param names of domains, or ids; one that is not there is left out @throws IaasError where one cannot be seen */
  async function look(what: string, names: readonly string[], signal?: AbortSignal): Promise<readonly Seen[]> {
    const questions = names.flatMap((domain) => [
      ['dumpxml', `--domain=${domain}`] as const,
      ['domstate', `--domain=${domain}`, '--reason'] as const,
      ['domifaddr', `--domain=${domain}`, `--source=${spec.address}`] as const,
    ]);
    const { printed, said } = await virsh.ask(what, questions, signal);
    return names.flatMap((wanted, at): Seen | readonly [] => {
      const [xml = '', state = '', addresses = ''] = printed.slice(at * 3, at * 3 + 3);
      if (xml !== '' && state !== '') {
        const domain = readDomain(xml);
        return { domain, machine: machineOf(spec, lineage, domain, { state, addresses }), state };
      }
      if (said.includes(`failed to get domain '${wanted}'`)) return [];
      throw new IaasError(name, 'unavailable', `Cannot ${what} as libvirt of ${name} does not show domain ${wanted}`);
    });
  }

  async function list(vm?: string, signal?: AbortSignal): Promise<readonly Machine[]> {
    const what = `list the machines of ${name}`;
    if (vm !== undefined) return ofVm(vm, signal);
    const all = (await virsh.run(what, ['list', '--all', '--name'], signal)).split('\n');
    const ours = all.filter((domain) => domain.startsWith(`${lineageMark(lineage, name)}-`));
    return (await look(what, ours, signal)).flatMap(({ machine }) => machine ?? []);
  }

  async function ofVm(vm: string, signal?: AbortSignal): Promise<readonly Machine[]> {
    const wanted = machineName(lineage, vm, name);
    return (await look(`find the machine of VM ${vm}`, [wanted], signal)).map(({ machine }) => {
      if (machine) return machine;
      const message = `Cannot use VM ${vm} as the domain of its name has no labels of this project: ${wanted}`;
      throw new IaasError(name, 'invalid', message, { hint: `virsh dumpxml ${wanted}` });
    });
  }

  async function seen(id: string, signal?: AbortSignal): Promise<(Seen & { readonly machine: Machine }) | undefined> {
    if (!UUID.test(id)) return undefined;
    const [found] = await look(`find machine ${id}`, [id], signal);
    return found?.machine && { ...found, machine: found.machine };
  }

  /** Runs a command on a machine. @param but what libvirt may say as well: it is so already */
  async function act(verb: string, id: string, but: RegExp, more: readonly string[] = [], signal?: AbortSignal) {
    await virsh.run(`${verb} machine ${id}`, [verb, `--domain=${id}`, ...more], signal).catch((error: unknown) => {
      if (!(error instanceof IaasError) || !but.test(error.message)) throw error;
    });
  }

  /** The domain goes last: until then it tells of its volumes. */
  async function end(id: string): Promise<void> {
    const [found] = await look(`delete machine ${id}`, [id]);
    if (!found) return;
    await act('destroy', id, /not running|not found|failed to get domain/i);
    const { disk, seed } = volumesOf(found.domain.name);
    for (const file of found.domain.disks)
      if ([disk, seed].includes(path.posix.basename(file))) await endVolume(virsh, file);
    const all = ['--nvram', '--managed-save', '--snapshots-metadata', '--checkpoints-metadata'];
    await act('undefine', id, /not found|failed to get domain/i, all);
  }

  const calls: CloudCalls = {
    list,
    find: async (id, signal) => (await seen(id, signal))?.machine,
    make: (request, first) => makeMachine({ spec, lineage, virsh, end }, request, first),
    async start(id, signal) {
      const state = (await seen(id, signal))?.state ?? '';
      if (state.startsWith('paused')) await act('resume', id, /not paused/i, [], signal);
      else if (state.startsWith('pmsuspended')) await act('dompmwakeup', id, /not suspended/i, [], signal);
      else await act('start', id, /already active/i, [], signal);
    },
    stop: (id) =>
      stopGently(
        {
          ask: () => act('shutdown', id, /not running/i),
          isRunning: async () => (await seen(id))?.machine.state === 'running',
          cut: () => act('destroy', id, /not running/i),
        },
        patience,
        interval,
      ),
    remove: end,
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval,
    async check() {
      await checkMaker(name, virsh);
      await virsh.run(`use ${name}`, ['nodeinfo']);
    },
    survey: (sizes) => surveyHost(spec, virsh, sizes),
    async bake({ id }, image, signal) {
      const found = await seen(id, signal);
      if (found) return bakeImage(spec, virsh, found.domain, found.machine, image, signal);
      throw new IaasError(name, 'unavailable', `Cannot make image ${image} as machine ${id} went away meanwhile`);
    },
  });
}
