/** Proxmox VE on this machine: a cluster of two nodes with one template, storages, tasks and a memory. Its VMs run nothing. */
import { execFileSync } from 'node:child_process';
import type { HeldMachine, IaasFaults } from '../contract/iaas.contract.ts';
import { openApiCheck } from './openapi-check.ts';
import { restPeer, type PeerAnswer, type PeerCall, type RestPeer } from './rest-peer.ts';

interface PeerVm {
  readonly vmid: number;
  readonly node: string;
  config: Record<string, string | number>;
  status: 'running' | 'stopped';
  /** Of what it is made. */
  readonly from: string;
}
interface PeerTask {
  readonly upid: string;
  readonly type: string;
  readonly until: number;
  readonly effect: () => void;
  readonly failure: string | undefined;
  done: boolean;
}

export interface ProxmoxPeer extends RestPeer {
  readonly all: IaasFaults;
  readonly held: (id: string) => Promise<HeldMachine>;
  /** A VM's configuration as it is. */
  config(id: string): Readonly<Record<string, string | number>>;
  /** Volumes of the storage `local`. */
  readonly volumes: () => readonly string[];
  /** The next task of this kind fails with these words. */
  failTask(type: string, words: string): void;
  /** Somebody else's VM has this id. @param isHidden the token must not see it */
  take(vmid: number, isHidden?: boolean): void;
  /** Whether guest agents answer. */
  agents: boolean;
  /** Moves a VM to the other node, as an operator may. */
  migrate(id: string): void;
}

const TEMPLATE = 9000;
const GiB = 2 ** 30;

/** @param taskTime how long a task takes, in ms */
export async function proxmoxPeer(taskTime = 60): Promise<ProxmoxPeer> {
  const vms = new Map<number, PeerVm>();
  const tasks = new Map<string, PeerTask>();
  const isos = new Map<string, Buffer>();
  const images = ['local:import/debian-12.qcow2', 'local:import/appliance.qcow2'];
  const nodes = new Map([
    ['pve1', 64 * GiB],
    ['pve2', 32 * GiB],
  ]);
  const faults = { clone: [] as string[], stalled: false, tasks: new Map<string, string>() };
  /** Ids of VMs that the token must not see. */
  const hidden = new Set<number>();
  const peer = { agents: true };
  let next = 0x1000;
  vms.set(TEMPLATE, {
    vmid: TEMPLATE,
    node: 'pve1',
    status: 'stopped',
    from: '',
    config: {
      name: 'debian-12',
      template: 1,
      boot: 'order=scsi0;net0',
      scsi0: 'local-lvm:base-9000-disk-0,size=2G',
      ide0: 'local-lvm:vm-9000-cloudinit,media=cdrom',
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
      memory: '1024',
      tags: 'golden',
    },
  });

  const settle = (): void => {
    for (const task of tasks.values()) {
      if (task.done || performance.now() < task.until) continue;
      task.done = true;
      if (task.failure === undefined) task.effect();
    }
  };
  /** @param failed what a failure leaves behind */
  const begin = (node: string, type: string, id: string, effect: () => void, failed?: () => void): PeerAnswer => {
    const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
    const upid = `UPID:${node}:${hex((next += 1))}:${hex(next * 7)}:${hex(0x6a000000)}:${type}:${id}:stratos@pve!test:`;
    const failure = faults.tasks.get(type);
    faults.tasks.delete(type);
    if (failure !== undefined) failed?.();
    tasks.set(upid, { upid, type, until: performance.now() + taskTime, effect, failure, done: false });
    return data(upid);
  };
  const onVm =
    (work: (vm: PeerVm, call: PeerCall) => PeerAnswer) =>
    (call: PeerCall): PeerAnswer => {
      settle();
      const { node = '', vmid } = call.params;
      const vm = vms.get(Number(vmid));
      if (vm?.node === node) return work(vm, call);
      return refusal(500, `Configuration file 'nodes/${node}/qemu-server/${vmid ?? ''}.conf' does not exist`);
    };
  const isLocked = ({ vmid, config }: PeerVm): PeerAnswer | undefined =>
    config.lock === undefined ? undefined : refusal(500, `VM ${String(vmid)} is locked (${String(config.lock)})`);

  function clone(source: PeerVm, { body }: PeerCall): PeerAnswer {
    const newid = Number(body.newid);
    if (vms.has(newid)) return refusal(500, `unable to create VM ${String(newid)}: config file already exists`);
    const target = (body.target ?? source.node) as string;
    if (!nodes.has(target)) return refusal(500, `no such cluster node '${target}'`);
    const failure = faults.clone.shift();
    if (failure !== undefined) faults.tasks.set('qmclone', failure);
    const vm: PeerVm = {
      vmid: newid,
      node: target,
      status: 'stopped',
      config: { lock: 'clone' },
      from: String(source.vmid),
    };
    vms.set(newid, vm);
    const copied = (): void => {
      const { template: _, lock: __, ...config } = source.config;
      vm.config = { ...config, name: String(body.name), description: String(body.description) };
      if (source.config.scsi0 !== undefined)
        vm.config.scsi0 = String(source.config.scsi0).replace(/base-\d+|vm-\d+/, `vm-${String(newid)}`);
      vm.config.net0 = `virtio=${macOf(newid)},bridge=vmbr0`;
    };
    // What could not be copied is taken away by Proxmox VE itself.
    return begin(source.node, 'qmclone', String(source.vmid), copied, () => vms.delete(newid));
  }

  function create({ body, params }: PeerCall): PeerAnswer {
    const vmid = Number(body.vmid);
    if (vms.has(vmid)) return refusal(500, `unable to create VM ${String(vmid)} - VM ${String(vmid)} already exists`);
    const source = /^local-lvm:0,import-from=(\S+)$/.exec(String(body.scsi0))?.[1] ?? '';
    if (!images.includes(source)) return refusal(500, `volume ${source} does not exist`);
    const vm: PeerVm = { vmid, node: params.node ?? '', status: 'stopped', config: { lock: 'create' }, from: source };
    vms.set(vmid, vm);
    const { vmid: _, pool: __, ...config } = body as Record<string, string | number>;
    return begin(vm.node, 'qmcreate', String(vmid), () => {
      vm.config = {
        ...config,
        scsi0: `local-lvm:vm-${String(vmid)}-disk-0,size=2252M`,
        net0: String(config.net0).replace('virtio', `virtio=${macOf(vmid)}`),
      };
    });
  }

  const power = (type: string, status: PeerVm['status']) =>
    onVm((vm) => {
      const locked = isLocked(vm);
      if (locked) return locked;
      if (vm.status === status && status === 'running') return refusal(500, `VM ${String(vm.vmid)} already running`);
      return begin(vm.node, type, String(vm.vmid), () => (vm.status = status));
    });

  const base = await restPeer({
    base: '/api2/json',
    check: openApiCheck('proxmox'),
    authorization: 'PVEAPIToken=stratos@pve!test=0b6e1d70-1111-2222-3333-444455556666',
    create: `post /nodes/pve1/qemu/${String(TEMPLATE)}/clone`,
    refuse: {
      unauthorized: () => ({ status: 401 }),
      // Of a proxy before it: Proxmox VE itself has no such limit.
      throttled: (wait) => ({ status: 429, headers: wait === undefined ? {} : { 'retry-after': String(wait) } }),
    },
    operations: {
      'get /version': () => data({ version: '9.0.3', release: '9.0', repoid: '0123456789abcdef' }),
      'get /cluster/resources': ({ query }) => {
        settle();
        if (query.get('type') === 'node')
          return data(
            [...nodes].map(([node, free]) => ({
              ...{ id: `node/${node}`, type: 'node', node, status: 'online' },
              ...{ mem: 64 * GiB - free, maxmem: 64 * GiB },
            })),
          );
        return data([...vms.values()].filter(({ vmid }) => !hidden.has(vmid)).map(resourceOf));
      },
      'get /cluster/nextid': ({ query }) => {
        const vmid = Number(query.get('vmid'));
        const words = { vmid: `VM ${String(vmid)} already exists` };
        return vms.has(vmid) ? refusal(400, 'Parameter verification failed.', words) : data(String(vmid));
      },
      'post /nodes/{node}/qemu': create,
      'delete /nodes/{node}/qemu/{vmid}': onVm((vm) => {
        if (vm.status === 'running') return refusal(500, `VM ${String(vm.vmid)} is running - destroy failed`);
        return begin(vm.node, 'qmdestroy', String(vm.vmid), () => vms.delete(vm.vmid));
      }),
      'get /nodes/{node}/qemu/{vmid}/config': onVm((vm) => data({ ...vm.config, digest: 'a'.repeat(40) })),
      'put /nodes/{node}/qemu/{vmid}/config': onVm((vm, { body }) => {
        const locked = isLocked(vm);
        if (locked) return locked;
        const { delete: gone, ...set } = body as Record<string, string | number>;
        const without = String(gone ?? '').split(',');
        vm.config = Object.fromEntries(Object.entries(vm.config).filter(([key]) => !without.includes(key)));
        const { ide2 } = set;
        if (ide2 !== undefined && !isos.has(String(ide2).split(',')[0] ?? ''))
          return refusal(500, `volume '${String(ide2)}' does not exist`);
        Object.assign(vm.config, set);
        if (String(set.net0).startsWith('virtio,'))
          vm.config.net0 = String(set.net0).replace('virtio', `virtio=${macOf(vm.vmid)}`);
        return data(null);
      }),
      'get /nodes/{node}/qemu/{vmid}/status/current': onVm(({ vmid, status, config: { lock } }) =>
        data({ vmid, status, ha: { managed: 0 }, ...(lock !== undefined && { lock }) }),
      ),
      'post /nodes/{node}/qemu/{vmid}/status/start': power('qmstart', 'running'),
      'post /nodes/{node}/qemu/{vmid}/status/stop': power('qmstop', 'stopped'),
      'post /nodes/{node}/qemu/{vmid}/status/shutdown': power('qmshutdown', 'stopped'),
      'post /nodes/{node}/qemu/{vmid}/clone': onVm(clone),
      'post /nodes/{node}/qemu/{vmid}/template': onVm((vm) => {
        if (vm.status === 'running') return refusal(500, `you can't convert a VM to template if VM is running`);
        return begin(vm.node, 'qmtemplate', String(vm.vmid), () => (vm.config.template = 1));
      }),
      'put /nodes/{node}/qemu/{vmid}/resize': onVm((vm, { body }) =>
        begin(vm.node, 'resize', String(vm.vmid), () => {
          const disk = String(body.disk);
          vm.config[disk] = String(vm.config[disk]).replace(/size=\w+/, `size=${String(body.size)}`);
        }),
      ),
      'get /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces': onVm((vm) => {
        if (vm.status !== 'running') return refusal(500, `VM ${String(vm.vmid)} is not running`);
        if (faults.stalled || !peer.agents) return refusal(500, 'QEMU guest agent is not running');
        return data({ result: interfacesOf(vm.vmid) });
      }),
      'get /nodes/{node}/tasks/{upid}/status': ({ params }) => {
        settle();
        const upid = decodeURIComponent(params.upid ?? '');
        const task = tasks.get(upid);
        if (!task) return refusal(500, `no such task '${upid}'`);
        const { type, done, failure } = task;
        const common = { upid, type, node: upid.split(':')[1] };
        return data(
          done ? { ...common, status: 'stopped', exitstatus: failure ?? 'OK' } : { ...common, status: 'running' },
        );
      },
      'post /nodes/{node}/storage/{storage}/upload': ({ params: { node = '', storage = '' }, body, files }) => {
        if (storage !== 'local') return refusal(500, `storage '${storage}' does not support 'iso' content`);
        const { filename } = files;
        if (!filename) return refusal(400, 'Parameter verification failed.', { tmpfilename: 'missing' });
        return begin(node, 'imgcopy', '', () => isos.set(`local:iso/${String(body.filename)}`, filename));
      },
      'get /nodes/{node}/storage/{storage}/content': ({ query }) => {
        settle();
        const volumes = query.get('content') === 'import' ? images : [...isos.keys()];
        return data(volumes.map((volid) => ({ volid, format: volid.split('.').at(-1), size: 59392, content: 'iso' })));
      },
      'delete /nodes/{node}/storage/{storage}/content/{volume}': ({ params: { node = '', volume = '' } }) =>
        begin(node, 'imgdel', '', () => isos.delete(decodeURIComponent(volume))),
      'get /nodes/{node}/storage/{storage}/status': ({ params: { storage } }) => {
        if (storage === 'local') return data({ type: 'dir', content: 'iso,import,vztmpl', active: 1, enabled: 1 });
        if (storage === 'local-lvm') return data({ type: 'lvmthin', content: 'images,rootdir', active: 1, enabled: 1 });
        return refusal(500, `storage '${storage ?? ''}' does not exist`);
      },
    },
  });
  const vmOf = (id: string): PeerVm => {
    const vm = vms.get(Number(id));
    if (vm) return vm;
    throw new Error(`there is no VM ${id}`);
  };
  return Object.assign(peer, base, {
    all: {
      ...base.faults,
      refuseCreate: (failure: 'no-capacity' | 'quota') => {
        // On every node that may be tried.
        const words =
          failure === 'quota' ? 'out of quota' : `lvcreate 'pve/vm-1-disk-0' error: insufficient free space`;
        faults.clone = failure === 'quota' ? [words] : [words, words];
      },
      stall: () => {
        faults.stalled = true;
        return () => {
          faults.stalled = false;
        };
      },
    },
    held: async (id: string) => {
      const vm = vmOf(id);
      const [volume = ''] = String(vm.config.ide2 ?? '').split(',');
      const iso = isos.get(volume);
      const description = JSON.parse(String(vm.config.description).replace('stratos: ', '')) as {
        readonly labels: Readonly<Record<string, string>>;
      };
      const { 'stratos-vm': name = '', 'stratos-lineage': lineage = '' } = description.labels;
      // As a kernel would: by libarchive's reader of ISO 9660.
      const userData = iso ? execFileSync('bsdtar', ['-xOf', '-', 'user-data'], { input: iso }).toString() : '';
      const size = `${String(vm.config.cores)}x${String(vm.config.memory)}`;
      return Promise.resolve({ vm: name, lineage, userData, size, zone: vm.node, image: vm.from });
    },
    config: (id: string) => vmOf(id).config,
    volumes: () => [...isos.keys()],
    failTask: (type: string, words: string) => {
      faults.tasks.set(type, words);
    },
    take: (vmid: number, isHidden = false) => {
      if (isHidden) hidden.add(vmid);
      vms.set(vmid, { vmid, node: 'pve2', status: 'stopped', config: { name: 'theirs' }, from: '' });
    },
    migrate: (id: string) => {
      const vm = vmOf(id);
      vms.set(vm.vmid, { ...vm, node: vm.node === 'pve1' ? 'pve2' : 'pve1' });
    },
    [Symbol.asyncDispose]: base[Symbol.asyncDispose],
  });
}

/** What nodes have not told yet of a VM is missing: its name comes with its first report. */
function resourceOf({ vmid, node, status, config }: PeerVm) {
  const { name, template = 0, tags, lock } = config;
  return {
    ...{ id: `qemu/${String(vmid)}`, type: 'qemu', vmid, node, status },
    ...(name !== undefined && { name, template }),
    ...(tags !== undefined && { tags }),
    ...(lock !== undefined && { lock }),
  };
}

function interfacesOf(vmid: number) {
  const ip = (address: string, type: string, prefix: number) => ({
    ...{ 'ip-address': address, 'ip-address-type': type, prefix },
  });
  return [
    { name: 'lo', 'hardware-address': '00:00:00:00:00:00', 'ip-addresses': [ip('127.0.0.1', 'ipv4', 8)] },
    { name: 'stratos0', 'hardware-address': '00:16:3e:00:00:01', 'ip-addresses': [ip('10.209.0.1', 'ipv4', 16)] },
    {
      name: 'ens18',
      'hardware-address': macOf(vmid).toLowerCase(),
      'ip-addresses': [
        ip('fe80::be24:11ff:fe00:1', 'ipv6', 64),
        ip(`10.1.${octets(vmid)}`, 'ipv4', 16),
        ip(`2001:db8::${vmid.toString(16)}`, 'ipv6', 64),
      ],
    },
  ];
}

function macOf(vmid: number): string {
  const digits = vmid.toString(16).toUpperCase().padStart(6, '0');
  return `BC:24:11:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`;
}

function octets(id: number): string {
  return `${String(Math.floor(id / 250) % 250)}.${String((id % 250) + 1)}`;
}

function data(value: unknown): PeerAnswer {
  return { status: 200, body: { data: value } };
}

function refusal(status: number, message: string, errors?: Readonly<Record<string, string>>): PeerAnswer {
  return { status, body: { data: null, message: `${message}\n`, ...(errors && { errors }) } };
}
