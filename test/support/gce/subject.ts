/** Google Compute Engine as a contract subject. */
import { gceProvider } from '../../../src/iaas/gce/gce-provider.ts';
import type { IaasProvider, MachineRequest } from '../../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import type { GceIaasSpec } from '../../../src/model/iaas/gce.ts';
import type { IaasSubject } from '../../contract/iaas.contract.ts';
import { machineRequest } from '../machine-request.ts';
import { gcePeer, GUEST, PAGE, PROJECT, ZONES, type GcePeer } from './peer.ts';

export interface GceSubject extends IaasSubject {
  readonly peer: GcePeer;
  readonly spec: GceIaasSpec;
  readonly request: (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest>;
  /** The adapter, with another spec or environment. */
  open(change?: Partial<GceIaasSpec>, lineage?: string, env?: Readonly<Record<string, string>>): IaasProvider;
}

/** Opens it; closing fails when something broke the description of the API. */
export async function gceSubject(): Promise<GceSubject> {
  const peer = await gcePeer();
  const spec: GceIaasSpec = {
    kind: 'gce',
    name: 'google',
    user: 'stratos',
    timeout: millis(1000),
    concurrency: 8,
    project: PROJECT,
    zones: ZONES,
    image: { kind: 'family', project: 'ubuntu-os-cloud', family: 'ubuntu-2404-lts-amd64' },
    family: 'e2',
    custom: false,
    spot: false,
    network: 'default',
    // An address of the internet is another one after each start.
    externalAddress: false,
    networkTags: [],
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    disk: { type: 'pd-balanced' },
    labels: { team: 'shop' },
    credentials: { kind: 'env', variable: 'GOOGLE_KEY' },
    endpoint: peer.endpoint,
  };
  const open: GceSubject['open'] = (change = {}, lineage = 'one', env = { GOOGLE_KEY: peer.key }) =>
    gceProvider({ ...spec, ...change }, { lineage, env, onStep: () => undefined });
  return {
    peer,
    spec,
    open,
    provider: open(),
    other: open({}, 'two'),
    sibling: open({ name: 'london' }),
    request: machineRequest({ cpu: cores(2), memory: bytes(8 * 2 ** 30), name: 'e2-standard-2' }),
    zones: ZONES,
    beyondOnePage: PAGE + 2,
    guestImage: GUEST,
    held: async (id) => {
      const machine = peer.instances.get(id);
      if (!machine) throw new Error(`No instance ${id}`);
      return Promise.resolve({
        vm: machine.labels['stratos-vm'] ?? '',
        lineage: machine.labels['stratos-lineage'] ?? '',
        userData: machine.metadata.items.find(({ key }) => key === 'user-data')?.value ?? '',
        size: machine.machineType.split('/').at(-1) ?? '',
        zone: machine.zone.split('/').at(-1) ?? '',
        image: peer.sources.get(id) ?? '',
      });
    },
    faults: {
      refuseCreate: (failure) => {
        peer.faults.refuse = { failure, zones: ZONES.length };
      },
      loseAnswer: () => {
        peer.faults.loseAnswer = true;
      },
      lockOut: () => {
        peer.faults.lockedOut = true;
        return () => {
          peer.faults.lockedOut = false;
        };
      },
      throttle: (calls, retryAfter) => {
        peer.faults.throttle = { calls, retryAfter };
      },
      stall: () => {
        peer.faults.stall = true;
        return () => {
          peer.faults.stall = false;
        };
      },
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      if (peer.violations.length > 0)
        throw new Error(`Breaks the description of the API:\n${peer.violations.join('\n')}`);
    },
  };
}
