/** Azure as a contract subject. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { azureProvider } from '../../../src/iaas/azure/azure-provider.ts';
import type { IaasProvider } from '../../../src/iaas/provider.ts';
import { bytes, cores, millis } from '../../../src/model/quantity.ts';
import type { AzureIaasSpec } from '../../../src/model/iaas/azure.ts';
import type { IaasSubject } from '../../contract/iaas.contract.ts';
import { machineRequest } from '../machine-request.ts';
import { makeCertificate } from './certificate.ts';
import {
  azurePeer,
  CLIENT,
  GROUP,
  GUEST,
  LOCATION,
  PAGE,
  SECRET,
  SUBSCRIPTION,
  TENANT,
  ZONES,
  type AzurePeer,
} from './peer.ts';

export interface AzureSubject extends IaasSubject {
  readonly peer: AzurePeer;
  readonly spec: AzureIaasSpec;
  /** The adapter, with another spec or environment. */
  open(change?: Partial<AzureIaasSpec>, lineage?: string, env?: Readonly<Record<string, string>>): IaasProvider;
}

/** Opens it; closing fails when something broke the description of the API, or was left behind. */
export async function azureSubject(): Promise<AzureSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'stratos-azure-'));
  const certificate = makeCertificate(directory);
  const peer = await azurePeer(certificate);
  const spec: AzureIaasSpec = {
    kind: 'azure',
    name: 'microsoft',
    user: 'stratos',
    timeout: millis(2000),
    concurrency: 8,
    subscription: SUBSCRIPTION,
    resourceGroup: GROUP,
    location: LOCATION,
    zones: ZONES,
    image: 'Canonical:ubuntu-24_04-lts:server:latest',
    family: 'D',
    spot: false,
    network: 'net',
    subnet: 'default',
    publicAddress: true,
    disk: { type: 'StandardSSD_LRS' },
    tags: { team: 'shop' },
    credentials: { tenant: TENANT, client: CLIENT, secret: { kind: 'env', variable: 'AZURE_SECRET' } },
    endpoint: peer.endpoint,
    authority: peer.endpoint,
    ca: certificate.file,
  };
  const open: AzureSubject['open'] = (change = {}, lineage = 'one', env = { AZURE_SECRET: SECRET }) =>
    azureProvider({ ...spec, ...change }, { lineage, env, onStep: () => undefined });
  return {
    peer,
    spec,
    open,
    provider: open(),
    other: open({}, 'two'),
    sibling: open({ name: 'dublin' }),
    request: machineRequest({ cpu: cores(2), memory: bytes(8 * 2 ** 30), name: 'Standard_D2s_v5' }),
    zones: ZONES,
    beyondOnePage: PAGE + 2,
    guestImage: GUEST,
    held: async (id) => {
      const vm = peer.vms.get(id);
      if (!vm) throw new Error(`No machine ${id}`);
      const { publisher, offer, sku, version } = vm.properties.storageProfile.imageReference as Record<string, string>;
      return Promise.resolve({
        vm: vm.tags['stratos-vm'] ?? '',
        lineage: vm.tags['stratos-lineage'] ?? '',
        userData: Buffer.from(peer.userData.get(id) ?? '', 'base64').toString(),
        size: vm.properties.hardwareProfile.vmSize,
        zone: vm.zones?.[0] ?? '',
        image: [publisher, offer, sku, version].join(':'),
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
      await rm(directory, { recursive: true, force: true });
      const { violations, vms, interfaces, addresses, disks, snapshots } = peer;
      if (violations.length > 0) throw new Error(`Breaks the description of the API:\n${violations.join('\n')}`);
      const left = [interfaces, addresses, disks].map(({ size }) => size - vms.size);
      // A machine that is a process of an image of one's own has all of them too.
      if (left.some((count) => count !== 0) || snapshots.size > 0)
        throw new Error(`Left behind: ${JSON.stringify({ left, snapshots: snapshots.size })}`);
    },
  };
}
