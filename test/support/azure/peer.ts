/**
 * An Azure for tests: it has a state, it refuses what Azure refuses, and every request and answer is held against what Microsoft's
 * libraries know of the API. What breaks that is kept in `violations`, which must stay empty.
 */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificate.ts';
import { readDescription, type Known } from './description.ts';

export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
export const TENANT = '99999999-8888-7777-6666-555555555555';
export const CLIENT = '12121212-3434-5656-7878-909090909090';
export const SECRET = 'pass~word';
export const GROUP = 'stratos';
export const LOCATION = 'westeurope';
export const ZONES = ['1', '2'] as const;
export const PAGE = 5;
export const GUEST = 'MicrosoftWindowsServer:WindowsServer:2022-datacenter-core-g2:latest';
const UBUNTU = 'Canonical:ubuntu-24_04-lts:server';
const ROOT = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers`;
const SUBNET = `${ROOT}/Microsoft.Network/virtualNetworks/net/subnets/default`;
const GROUPED = `${ROOT}/Microsoft.Network/networkSecurityGroups/web`;

type Json = Record<string, unknown>;
interface Reference {
  id: string;
}
/** A machine as Azure shows it, as much as is read here. */
export interface PeerVm extends Json {
  id: string;
  name: string;
  tags: Record<string, string>;
  zones?: string[];
  properties: Json & {
    provisioningState: string;
    hardwareProfile: { vmSize: string };
    storageProfile: {
      imageReference: Json;
      osDisk: Json & { name: string; deleteOption: string; managedDisk: Json };
    };
    osProfile: Json & { computerName: string; customData?: string; adminPassword?: string };
    networkProfile: Json & { networkInterfaces: (Reference & Json)[] };
    instanceView: { statuses: { code: string; level: string; displayStatus: string; message?: string }[] };
  };
}
interface Addressed extends Json {
  id: string;
  properties: Json & { ipAddress?: string };
}
interface Interface extends Json {
  id: string;
  properties: Json & {
    ipConfigurations: { properties: Json & { privateIPAddress: string; publicIPAddress?: Reference } }[];
  };
}
interface PeerOperation {
  readonly of: string;
  readonly kind: string;
  readonly finish: () => void;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  done: boolean;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
const gone = (id: string): Refusal => new Refusal(404, 'ResourceNotFound', `The Resource '${id}' was not found.`);

export interface AzurePeer extends AsyncDisposable {
  readonly endpoint: string;
  readonly violations: string[];
  readonly vms: ReadonlyMap<string, PeerVm>;
  /** User data of each machine: Azure does not show it again. */
  readonly userData: ReadonlyMap<string, string>;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly addresses: ReadonlyMap<string, Addressed>;
  readonly disks: ReadonlySet<string>;
  readonly images: ReadonlyMap<string, Json>;
  readonly snapshots: ReadonlyMap<string, Json>;
  /** Names of the operations that were asked for. */
  readonly asked: string[];
  /** Where a machine really is, for tests that make one there. Undefined: each has an address that leads nowhere. */
  readonly network: { address?: string };
  readonly faults: {
    refuse?: { failure: 'no-capacity' | 'quota'; zones: number } | undefined;
    loseAnswer?: boolean;
    lockedOut?: boolean;
    throttle?: { calls: number; retryAfter?: number | undefined };
    stall?: boolean;
    /** Only the resource group may be seen. */
    narrow?: boolean;
  };
}

/** Starts it on a free port. */
export async function azurePeer({ cert, key }: Certificate): Promise<AzurePeer> {
  const description = await readDescription();
  const violations: string[] = [];
  const vms = new Map<string, PeerVm>();
  const userData = new Map<string, string>();
  const interfaces = new Map<string, Interface>();
  const addresses = new Map<string, Addressed>();
  const disks = new Set<string>();
  const images = new Map<string, Json>();
  const snapshots = new Map<string, Json>();
  const operations = new Map<string, PeerOperation>();
  const asked: string[] = [];
  const faults: AzurePeer['faults'] = {};
  const network: { address?: string } = {};
  let serial = 0;
  let base = '';

  function begin(kind: string, of: string, finish: () => void, error?: PeerOperation['error']): Record<string, string> {
    serial += 1;
    const id = `operation-${String(serial)}`;
    operations.set(id, { of, kind, finish, error, done: false });
    const path = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/locations/${LOCATION}/operations/${id}`;
    return { 'azure-asyncoperation': `${base}${path}?api-version=2026-04-01` };
  }
  function end(operation: PeerOperation): void {
    if (operation.done || (operation.kind === 'create' && faults.stall)) return;
    operation.done = true;
    operation.finish();
  }
  /** Time goes on for a machine that is looked at. */
  function ripen(of: string): void {
    for (const operation of operations.values()) if (operation.of === of) end(operation);
  }

  const status = (vm: PeerVm, provisioning: string, power?: string, error?: PeerOperation['error']): void => {
    vm.properties.provisioningState = provisioning;
    const level = provisioning === 'Failed' ? 'Error' : 'Info';
    vm.properties.instanceView.statuses = [
      {
        code: ['ProvisioningState', provisioning.toLowerCase(), error?.code].filter(Boolean).join('/'),
        level,
        displayStatus: provisioning,
        ...(error && { message: error.message }),
      },
      ...(power === undefined ? [] : [{ code: `PowerState/${power}`, level: 'Info', displayStatus: `VM ${power}` }]),
    ];
  };

  function check(name: string, body: PeerVm & Json): void {
    const invalid = (target: string, value: unknown): Refusal =>
      new Refusal(400, 'InvalidParameter', `The value ${JSON.stringify(value)} of parameter ${target} is invalid.`);
    const { hardwareProfile, storageProfile, osProfile, networkProfile, priority, evictionPolicy } = body.properties;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]$/.test(name)) throw invalid('vmName', name);
    if (body.location !== LOCATION) throw invalid('location', body.location);
    if (body.zones && !(ZONES as readonly string[]).includes(body.zones[0] ?? '')) throw invalid('zones', body.zones);
    const sku = SKUS.find((each) => each.name === hardwareProfile.vmSize);
    if (!sku) throw invalid('vmSize', hardwareProfile.vmSize);
    const { id, publisher, offer, sku: kind, version } = storageProfile.imageReference as Record<string, string>;
    const urn = [publisher, offer, kind, version].join(':');
    if (id === undefined ? urn !== `${UBUNTU}:latest` && urn !== GUEST : !images.has(id.split('/').at(-1) ?? ''))
      throw new Refusal(404, 'PlatformImageNotFound', `The platform image '${id ?? urn}' is not available.`);
    const { adminUsername, adminPassword, computerName, customData = '', linuxConfiguration } = osProfile;
    if (['root', 'admin', 'administrator'].includes(String(adminUsername)))
      throw invalid('adminUsername', adminUsername);
    const keys = (linuxConfiguration as { ssh?: { publicKeys?: { path: string; keyData: string }[] } } | undefined)
      ?.ssh;
    const [key] = keys?.publicKeys ?? [];
    if (!key && typeof adminPassword !== 'string') throw invalid('adminPassword', undefined);
    if (key && (key.path !== `/home/${String(adminUsername)}/.ssh/authorized_keys` || !key.keyData.startsWith('ssh-')))
      throw invalid('linuxConfiguration.ssh.publicKeys.path', key);
    if (urn === GUEST && computerName.length > 15) throw invalid('computerName', computerName);
    if (customData.length > 87_380 || !/^[A-Za-z0-9+/]*=*$/.test(customData)) throw invalid('customData', customData);
    if (evictionPolicy !== undefined && priority !== 'Spot') throw invalid('evictionPolicy', evictionPolicy);
    const [nic] = networkProfile.networkInterfaceConfigurations as NicConfiguration[];
    const [ip] = nic?.properties.ipConfigurations ?? [];
    if (ip?.properties.subnet.id !== SUBNET)
      throw new Refusal(404, 'NotFound', `Resource ${String(ip?.properties.subnet.id)} not found.`);
    const group = nic?.properties.networkSecurityGroup?.id;
    if (group !== undefined && group !== GROUPED) throw new Refusal(404, 'NotFound', `Resource ${group} not found.`);
  }

  function put(name: string, body: PeerVm): Answer {
    const before = vms.get(name);
    if (before) {
      if (userData.get(name) !== (body.properties.osProfile.customData ?? ''))
        throw new Refusal(409, 'PropertyChangeNotAllowed', "Changing property 'osProfile.customData' is not allowed.");
      return { status: 200, body: before };
    }
    check(name, body);
    const { refuse } = faults;
    if (refuse?.failure === 'quota') {
      delete faults.refuse;
      const why = 'Operation could not be completed as it results in exceeding approved Total Regional Cores quota.';
      throw new Refusal(409, 'OperationNotAllowed', why);
    }
    serial += 1;
    const { osDisk, imageReference } = body.properties.storageProfile;
    const { customData = '', adminPassword: _password, ...osProfile } = body.properties.osProfile;
    const [wanted] = body.properties.networkProfile.networkInterfaceConfigurations as [NicConfiguration];
    const vm: PeerVm = {
      ...body,
      // Azure changes the case of ids as it likes.
      id: `${ROOT.replace(GROUP, GROUP.toUpperCase())}/Microsoft.Compute/virtualMachines/${name}`,
      name,
      type: 'Microsoft.Compute/virtualMachines',
      properties: {
        ...body.properties,
        vmId: `${String(serial).padStart(8, '0')}-0000-0000-0000-000000000000`,
        storageProfile: {
          imageReference,
          osDisk: {
            ...osDisk,
            osType: imageReference.publisher === 'MicrosoftWindowsServer' ? 'Windows' : 'Linux',
            managedDisk: { ...osDisk.managedDisk, id: `${ROOT}/Microsoft.Compute/disks/${osDisk.name}` },
          },
        },
        osProfile,
        networkProfile: { networkInterfaces: [connect(name, wanted)] },
        provisioningState: 'Creating',
        instanceView: { statuses: [] },
      },
    };
    status(vm, 'Creating');
    vms.set(name, vm);
    userData.set(name, customData);
    disks.add(osDisk.name);
    const run = (): void => {
      if (vms.get(name) !== vm) return;
      status(vm, 'Succeeded', 'running');
      for (const each of addresses.values())
        if (each.properties.vm === name) each.properties.ipAddress ??= address('203.0.113');
    };
    if (!refuse) return { status: 201, body: vm, headers: begin('create', name, run) };
    refuse.zones -= 1;
    if (refuse.zones <= 0) delete faults.refuse;
    const error = { code: 'ZonalAllocationFailed', message: 'Allocation failed. We do not have sufficient capacity.' };
    // What could not be made stays, with interface and disk, until somebody removes it.
    const fail = (): void => {
      status(vm, 'Failed', undefined, error);
    };
    return { status: 201, body: vm, headers: begin('create', name, fail, error) };
  }

  const address = (net: string): string => `${net}.${String((serial % 250) + 2)}`;

  /** Interface and address that are made with a machine; their names are Azure's. */
  function connect(name: string, wanted: NicConfiguration): Reference & Json {
    const id = `${ROOT}/Microsoft.Network/networkInterfaces/${wanted.name}-${String(serial)}`;
    const [ip] = wanted.properties.ipConfigurations;
    const outer = ip?.properties.publicIPAddressConfiguration;
    const outerId = `${ROOT}/Microsoft.Network/publicIPAddresses/${String(outer?.name)}-${String(serial)}`;
    if (outer)
      addresses.set(outerId, {
        id: outerId,
        name: outerId.split('/').at(-1),
        location: LOCATION,
        sku: outer.sku,
        properties: {
          vm: name,
          publicIPAllocationMethod: outer.properties.publicIPAllocationMethod,
          deleteOption: outer.properties.deleteOption,
        },
      });
    interfaces.set(id, {
      id,
      name: id.split('/').at(-1),
      location: LOCATION,
      properties: {
        ipConfigurations: [
          {
            name: ip?.name,
            properties: {
              privateIPAddress: network.address ?? address('10.0.0'),
              subnet: { id: ip?.properties.subnet.id },
              ...(outer && { publicIPAddress: { id: outerId } }),
            },
          } as Interface['properties']['ipConfigurations'][number],
        ],
      },
    });
    return { id, properties: { primary: true, deleteOption: wanted.properties.deleteOption } };
  }

  /** A machine goes, and of what was made with it, what was told to. */
  function drop(vm: PeerVm): void {
    vms.delete(vm.name);
    const { osDisk } = vm.properties.storageProfile;
    if (osDisk.deleteOption === 'Delete') disks.delete(osDisk.name);
    for (const { id, properties } of vm.properties.networkProfile.networkInterfaces) {
      if ((properties as Json).deleteOption === 'Delete') interfaces.delete(id);
      for (const each of addresses.values())
        if (each.properties.vm === vm.name && each.properties.deleteOption === 'Delete') addresses.delete(each.id);
    }
  }

  const shown = ({ id, properties: { vm: _vm, ...properties }, ...rest }: Addressed): Json => ({
    id,
    ...rest,
    properties,
  });

  function paged(url: URL, all: readonly unknown[]): Answer {
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + PAGE));
    const nextLink = from + PAGE < all.length ? { nextLink: next.href } : {};
    return { status: 200, body: { value: all.slice(from, from + PAGE), ...nextLink } };
  }

  /** Without what only a look at one machine shows. */
  const plain = (vm: PeerVm): Json => {
    const { instanceView: _view, ...properties } = vm.properties;
    return { ...vm, properties };
  };

  function answer({ operation: { name }, path }: Known, url: URL, body: unknown): Answer {
    const { vmName = '', resourceGroupName } = path;
    if (resourceGroupName !== undefined && resourceGroupName !== GROUP)
      throw new Refusal(404, 'ResourceGroupNotFound', `Resource group '${resourceGroupName}' could not be found.`);
    const machine = (): PeerVm => {
      const found = vms.get(vmName);
      if (found) return found;
      throw gone(`Microsoft.Compute/virtualMachines/${vmName}`);
    };
    switch (name) {
      case 'virtualMachines.createOrUpdate':
        return put(vmName, body as PeerVm);
      case 'virtualMachines.get': {
        const vm = machine();
        const seen = structuredClone(url.searchParams.get('$expand') === 'instanceView' ? vm : plain(vm));
        ripen(vmName);
        return { status: 200, body: seen };
      }
      case 'virtualMachines.instanceView':
        return { status: 200, body: machine().properties.instanceView };
      case 'virtualMachines.list':
        return paged(url, [...vms.values()].map(plain));
      case 'virtualMachines.listAll':
        if (faults.narrow) throw new Refusal(403, 'AuthorizationFailed', 'The client does not have authorization.');
        if (url.searchParams.get('statusOnly') !== 'true') throw new Refusal(400, 'InvalidParameter', 'statusOnly');
        return paged(
          url,
          [...vms.values()].map(({ id, name: vm, location, properties: { instanceView, vmId } }) => ({
            id: id.toLowerCase(),
            name: vm,
            location,
            properties: { instanceView, vmId },
          })),
        );
      case 'virtualMachines.start': {
        const vm = machine();
        status(vm, 'Updating', 'starting');
        return {
          status: 202,
          headers: begin('start', vmName, () => {
            status(vm, 'Succeeded', 'running');
          }),
        };
      }
      case 'virtualMachines.deallocate': {
        const vm = machine();
        status(vm, 'Updating', 'deallocating');
        return {
          status: 202,
          headers: begin('stop', vmName, () => {
            status(vm, 'Succeeded', 'deallocated');
          }),
        };
      }
      case 'virtualMachines.delete': {
        const vm = vms.get(vmName);
        if (!vm) return { status: 204 };
        status(vm, 'Deleting');
        return {
          status: 202,
          headers: begin('delete', vmName, () => {
            drop(vm);
          }),
        };
      }
      case 'networkInterfaces.list':
        return paged(url, [...interfaces.values()]);
      case 'networkInterfaces.get': {
        const nic = structuredClone([...interfaces.values()].find((each) => each.name === path.networkInterfaceName));
        if (!nic) throw gone(`networkInterfaces/${String(path.networkInterfaceName)}`);
        const [ip] = nic.properties.ipConfigurations;
        const outer = addresses.get(ip?.properties.publicIPAddress?.id ?? '');
        if (ip && outer && url.searchParams.get('$expand') === 'ipConfigurations/publicIPAddress')
          Object.assign(ip.properties, { publicIPAddress: shown(outer) });
        return { status: 200, body: nic };
      }
      case 'publicIPAddresses.list':
        return paged(url, [...addresses.values()].map(shown));
      case 'subnets.get':
        if (path.virtualNetworkName !== 'net' || path.subnetName !== 'default') throw gone('subnets');
        return { status: 200, body: { id: SUBNET, name: 'default', properties: { addressPrefix: '10.0.0.0/24' } } };
      case 'virtualMachineImages.list':
        if ([path.publisherName, path.offer, path.skus].join(':') !== UBUNTU) return { status: 200, body: [] };
        return { status: 200, body: [{ name: '24.04.202611010', location: LOCATION, id: '/x' }] };
      case 'resourceSkus.list':
        return paged(url, SKUS);
      case 'usage.list':
        return paged(url, [
          {
            name: { value: 'cores', localizedValue: 'Total Regional vCPUs' },
            unit: 'Count',
            limit: 100,
            currentValue: vms.size * 2,
          },
          { name: { value: 'availabilitySets' }, unit: 'Count', limit: 2500, currentValue: 0 },
        ]);
      case 'snapshots.createOrUpdate': {
        const source = (body as { properties: { creationData: { sourceResourceId: string } } }).properties.creationData;
        if (!disks.has(source.sourceResourceId.split('/').at(-1) ?? '')) throw gone(source.sourceResourceId);
        const snapshot = {
          ...(body as Json),
          name: path.snapshotName,
          properties: { ...(body as PeerVm).properties, hyperVGeneration: 'V2', provisioningState: 'Succeeded' },
        };
        snapshots.set(path.snapshotName ?? '', snapshot);
        return { status: 200, body: snapshot };
      }
      case 'snapshots.delete':
        return { status: snapshots.delete(path.snapshotName ?? '') ? 200 : 204 };
      case 'images.createOrUpdate': {
        const disk = (body as { properties: { storageProfile: { osDisk: { snapshot: Reference } } } }).properties
          .storageProfile.osDisk;
        if (!snapshots.has(disk.snapshot.id.split('/').at(-1) ?? '')) throw gone(disk.snapshot.id);
        const image = { ...(body as Json), name: path.imageName };
        images.set(path.imageName ?? '', image);
        return { status: 201, body: image };
      }
      case 'images.get': {
        const image = images.get(path.imageName ?? '');
        if (!image) throw gone(`images/${String(path.imageName)}`);
        return { status: 200, body: image };
      }
      default:
        violations.push(`${name} is not made here`);
        throw new Refusal(501, 'NotImplemented', name);
    }
  }

  /** Where tokens come from, and what became of operations: no part of the libraries' operations. */
  function beside(url: URL, text: string): Answer | undefined {
    if (url.pathname === `/${TENANT}/v2.0/.well-known/openid-configuration`)
      return {
        status: 200,
        body: {
          issuer: `${base}/${TENANT}/v2.0`,
          authorization_endpoint: `${base}/${TENANT}/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/${TENANT}/oauth2/v2.0/token`,
          jwks_uri: `${base}/${TENANT}/discovery/v2.0/keys`,
        },
      };
    if (url.pathname === `/${TENANT}/oauth2/v2.0/token`) {
      const form = new URLSearchParams(text);
      const right = form.get('client_id') === CLIENT && form.get('client_secret') === SECRET;
      if (!right || form.get('scope')?.startsWith(`${base}/.default`) !== true)
        return {
          status: 401,
          body: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' },
        };
      return {
        status: 200,
        body: { token_type: 'Bearer', expires_in: 3600, ext_expires_in: 3600, access_token: 'right' },
      };
    }
    const [, id = ''] = /\/Microsoft\.Compute\/locations\/westeurope\/operations\/([\w-]+)$/.exec(url.pathname) ?? [];
    const operation = operations.get(id);
    if (!operation) return undefined;
    end(operation);
    if (!operation.done) return { status: 200, body: { status: 'InProgress' } };
    const { error } = operation;
    return { status: 200, body: error ? { status: 'Failed', error } : { status: 'Succeeded' } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', base);
    const other = beside(url, text);
    if (other) {
      send(response, other);
      return;
    }
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const verb = request.method ?? '';
    try {
      const known = description.match(verb, url, body);
      if (!known || known.problems.length > 0) {
        violations.push(...(known?.problems ?? [`${verb} ${url.pathname} is no path of the API`]));
        throw new Refusal(400, 'InvalidRequest', known?.problems.join('; ') ?? url.pathname);
      }
      const { throttle } = faults;
      if (throttle && throttle.calls > 0) {
        throttle.calls -= 1;
        throw new Refusal(429, 'TooManyRequests', 'The request was throttled.');
      }
      if (faults.lockedOut || request.headers.authorization !== 'Bearer right')
        throw new Refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
      asked.push(known.operation.name);
      const result = structuredClone(answer(known, url, body));
      if (result.body !== undefined)
        violations.push(...(await description.answerProblems(known, String(result.status), result.body)));
      if (known.operation.name === 'virtualMachines.createOrUpdate') {
        if (faults.loseAnswer) {
          faults.loseAnswer = false;
          response.destroy();
          return;
        }
        // A machine takes a while: long enough for a create to be interrupted in the middle.
        await sleep(80);
      }
      send(response, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status: code, message } = error;
      const after = code === 429 ? faults.throttle?.retryAfter : undefined;
      send(response, {
        status: code,
        body: { error: { code: error.code, message } },
        ...(after !== undefined && { headers: { 'retry-after': String(after) } }),
      });
    }
  }

  const server: Server = createServer({ cert, key }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    endpoint: base,
    violations,
    vms,
    userData,
    interfaces,
    addresses,
    disks,
    images,
    snapshots,
    asked,
    network,
    faults,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
interface NicConfiguration {
  readonly name: string;
  readonly properties: {
    readonly deleteOption?: string;
    readonly networkSecurityGroup?: Reference;
    readonly ipConfigurations: readonly {
      readonly name: string;
      readonly properties: {
        readonly subnet: Reference;
        readonly publicIPAddressConfiguration?: {
          readonly name: string;
          readonly sku: Json;
          readonly properties: Json;
        };
      };
    }[];
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

const sku = (
  name: string,
  cpus: number,
  gib: number,
  more: Json = {},
  capabilities: Record<string, string> = {},
): Json => ({
  resourceType: 'virtualMachines',
  name,
  locations: [LOCATION],
  locationInfo: [{ location: LOCATION, zones: [...ZONES] }],
  capabilities: Object.entries({
    vCPUs: String(cpus),
    MemoryGB: String(gib),
    CpuArchitectureType: 'x64',
    ...capabilities,
  }).map(([key, value]) => ({ name: key, value })),
  restrictions: [],
  ...more,
});
const SKUS = [
  { resourceType: 'disks', name: 'Premium_LRS', locations: [LOCATION], capabilities: [], restrictions: [] },
  sku('Standard_B2s', 2, 4),
  sku('Standard_D2_v3', 2, 8),
  sku('Standard_D2s_v5', 2, 8),
  sku('Standard_D2ps_v5', 2, 8, {}, { CpuArchitectureType: 'Arm64' }),
  sku('Standard_D2s_v6', 2, 8, {
    restrictions: [{ type: 'Location', values: [LOCATION], reasonCode: 'NotAvailableForSubscription' }],
  }),
  sku('Standard_D4s_v5', 4, 16, {
    restrictions: [
      {
        type: 'Zone',
        values: [LOCATION],
        restrictionInfo: { locations: [LOCATION], zones: ['2'] },
        reasonCode: 'NotAvailableForSubscription',
      },
    ],
  }),
  sku('Standard_E8-4s_v5', 8, 64, {}, { vCPUsAvailable: '4' }),
];
