/** Four ready VMs with the image of a web server of a megabyte on each, and plain OpenSSH to reach them. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from '../test/support/project.ts';
import { timed } from './measure.ts';

const { testProject } = await import('../test/support/project.ts');

export const PER_VM = 10;
/** The floor's and Ansible's containers on a VM. */
export const FOLDER = '/var/lib/stratos/bench-lxc';
/** The only folder that Ansible's module finds containers in; a link to the other, which can hold overlays. */
const ANSIBLE_FOLDER = '/var/lib/lxc';
/** Makes a VM ready for Ansible's module. */
export const ANSIBLE_SETUP = `apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-lxc >/dev/null && rmdir ${ANSIBLE_FOLDER} && ln -s ${FOLDER} ${ANSIBLE_FOLDER}`;
const VMS = 4;

export interface Fleet extends AsyncDisposable {
  readonly project: TestProject;
  /** Runs a script of `floor/` on all VMs side by side, each over a fresh connection; milliseconds until the last is done. */
  readonly floor: (script: string) => Promise<number>;
  /** Runs a play of `ansible/`; milliseconds. */
  readonly ansible: (play: string, step: string) => Promise<number>;
  /** The image's root file system as a local tar file, owners as inside a container. */
  readonly rootfs: () => Promise<string>;
  /** Sets the number of processes; no reconcile. */
  readonly scale: (count: number) => Promise<void>;
}

export async function fleetOfFour(): Promise<Fleet> {
  const project = await testProject(`partitions:
  web: { policy: four, placement: [{ iaas: lab, max: ${VMS} }] }
cartridges:
  static:
    image: static:1
    partition: web
    ports: { http: 80 }
    health: { path: /, port: http }
    resources: { memory: 32Mi, cpu: 0.5 }
policies:
  partition:
    four: { vms: { min: ${VMS}, max: ${VMS} }, vm: { cpu: 8, memory: 1Gi }, processesPerVm: ${PER_VM} }
  scaling:
    load: { processes: { min: 0, max: 0 } }
subscriptions:
  load: { cartridge: static, scaling: load, port: 8080 }
`);
  const scale = async (count: number): Promise<void> => {
    await project.must('scale', 'load', '--min', String(count), '--max', String(count));
  };
  const here = (...parts: string[]): string => fileURLToPath(new URL(path.join(...parts), import.meta.url));
  try {
    await project.must('cartridge', 'build', here('../fixtures/cartridges/static'), '--tag', 'static:1');
    // Up and down once: the image is there then.
    for (const count of [VMS * PER_VM, 0]) {
      await scale(count);
      await project.must('reconcile');
    }
    const addresses = await addressesOf(project);
    const ssh = await sshOptions(project, addresses);
    const onAll = async (script: string, ...args: string[]): Promise<number> => {
      const text = await readFile(here('floor', `${script}.sh`), 'utf8');
      const runs = addresses.map(({ address }) =>
        timed(['ssh', ...ssh, `root@${address}`, `sh -s -- ${[FOLDER, ...args].join(' ')}`], { input: text }),
      );
      return Math.max(...(await Promise.all(runs)).map(({ ms }) => ms));
    };
    await onAll('setup');
    const hosts = path.join(project.site.directory, 'ansible-hosts');
    await writeFile(hosts, addresses.map(({ name, address }) => `${name} ansible_host=${address}\n`).join(''));
    const settings = {
      ANSIBLE_PIPELINING: 'True',
      ANSIBLE_FORKS: '10',
      ANSIBLE_REMOTE_USER: 'root',
      // Fresh connections, as for the others; within a play it keeps them, as it does by default.
      ANSIBLE_SSH_ARGS: `${ssh.join(' ')} -o ControlMaster=auto -o ControlPersist=60s`,
      ANSIBLE_LOCALHOST_WARNING: 'False',
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
      ANSIBLE_SSH_CONTROL_PATH_DIR: path.join(project.site.directory, 'ansible-control'),
    };
    return {
      project,
      scale,
      rootfs: async () => {
        const file = path.join(project.site.directory, 'rootfs.tar');
        const there = `tar -C ${FOLDER}/base/rootfs --owner=0 --group=0 -c .`;
        const [first] = addresses;
        if (!first) throw new Error('The project has no VM');
        await timed(['sh', '-c', 'exec "$@" >"$0"', file, 'ssh', ...ssh, `root@${first.address}`, there]);
        return file;
      },
      floor: (script) => onAll(script, String(PER_VM)),
      ansible: async (play, step) => {
        const values = `step=${step} folder=${ANSIBLE_FOLDER} count=${PER_VM}`;
        const argv = ['ansible-playbook', '-i', hosts, here('ansible', `${play}.yml`), '-e', values] as const;
        const { ms } = await timed(argv, { env: settings });
        for (const { address } of addresses)
          await timed(['ssh', ...ssh, '-O', 'exit', `root@${address}`]).catch(() => undefined);
        return ms;
      },
      [Symbol.asyncDispose]: project.dispose,
    };
  } catch (error) {
    await project.dispose();
    throw error;
  }
}

interface Host {
  readonly name: string;
  readonly address: string;
  readonly hostKeys: readonly string[];
}

/** Records are JSON, each on a line of its own. */
async function addressesOf(project: TestProject): Promise<readonly Host[]> {
  const text = await readFile(path.join(project.directory, 'inventory.yaml'), 'utf8');
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('  - {')) return [];
    const { name, endpoint } = JSON.parse(line.slice(4)) as { name: string; endpoint?: Omit<Host, 'name'> };
    return endpoint ? [{ name, ...endpoint }] : [];
  });
}

async function sshOptions(project: TestProject, hosts: readonly Host[]): Promise<readonly string[]> {
  const known = path.join(project.site.directory, 'known_hosts');
  const lines = hosts.flatMap(({ address, hostKeys }) => hostKeys.map((key) => `${address} ${key}\n`));
  await writeFile(known, lines.join(''));
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${known}`];
  const identity = path.join(project.directory, '.stratos', 'ssh', 'id_ed25519');
  return ['-F', '/dev/null', '-i', identity, ...options.flatMap((option) => ['-o', option])];
}
