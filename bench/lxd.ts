/** Debian's LXD on one further VM: the same root file system, the same number of containers, 4 at a time. */
import { timed } from './measure.ts';

const { sshTo, testVm } = await import('../test/support/vm.ts');

export interface Lxd extends AsyncDisposable {
  readonly up: () => Promise<number>;
  /** LXD does not reconcile: it lists. */
  readonly list: () => Promise<number>;
  readonly down: () => Promise<number>;
}

/** `rootfs` is a local tar file with numeric owners from 0; `setup` the text of `floor/lxd-setup.sh`. */
export async function lxdVm(rootfs: string, setup: string, count: number): Promise<Lxd> {
  const vm = await testVm({ name: 'lxd' });
  try {
    const ssh = (line: string): Promise<string> => sshTo(vm.site, vm.endpoint, line);
    const copy = `ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i '${vm.identityFile}' root@${vm.endpoint.address}`;
    await timed(['sh', '-c', `${copy} 'cat >/root/rootfs.tar' <'${rootfs}'`]);
    await timed(['sh', '-c', `${copy} 'sh -s -- /root/rootfs.tar'`], { input: setup });
    const all = `seq ${String(count)} | xargs -P 4 -I{}`;
    const time = async (line: string): Promise<number> => {
      const started = performance.now();
      await ssh(line);
      return performance.now() - started;
    };
    return {
      up: () =>
        time(`${all} lxc launch -q bench c{}; test $(lxc list -f csv -c s | grep -c RUNNING) = ${String(count)}`),
      list: () => time('lxc list -f csv -c ns'),
      down: () => time(`${all} lxc delete -f c{}`),
      [Symbol.asyncDispose]: vm.dispose,
    };
  } catch (error) {
    await vm.dispose();
    throw error;
  }
}
