/** A prepared VM with a busybox image, and one process at a time of the runtime that is tried on it. */
import type { ProcessLaunch } from '../../src/lxc/process-lifecycle.ts';
import { parseRemove } from '../../src/lxc/process-lifecycle.ts';
import { observeStep, parseObservation } from '../../src/lxc/observe.ts';
import { prepareStep } from '../../src/lxc/prepare.ts';
import { millis } from '../../src/model/quantity.ts';
import type { RuntimeName } from '../../src/model/runtime.ts';
import type { Deps } from '../../src/reconcile/deps.ts';
import { preparationOf } from '../../src/reconcile/preparation.ts';
import { runtimeOf } from '../../src/runtime/runtime-of.ts';
import { command, type Step, type StepResult } from '../../src/shell/command.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from '../unit/lxc/a-launch.ts';
import { testVm, type TestVms } from './vm.ts';

const PARTITION = { name: 'web', network: '10.66.0.0/22' };
const APPLETS = 'sh cat httpd ls sleep id env echo touch ln mkdir rm seq head dd chmod ifconfig';

export type RuntimeLab = Awaited<ReturnType<typeof runtimeLab>>;

/** A VM that lets root in, and a place for files. */
export type LabVm = Pick<TestVms, 'endpoint' | 'ssh' | 'dispose'> & { readonly site: { readonly directory: string } };

/** Makes the VM, by `open` where it is not to be one of `local`. `dispose` removes all of it. */
export async function runtimeLab(name: RuntimeName, open: () => Promise<LabVm> = testVm) {
  const runtime = runtimeOf(name);
  const vms = await open();
  const transport = sshTransport({ directory: vms.site.directory, env: {} });
  const { lineage } = aLaunch();
  const run = (steps: readonly Step[]): Promise<readonly StepResult[]> =>
    transport.run('vm-1', vms.endpoint, { steps, timeout: millis(300_000) });
  const shell = async (line: string): Promise<string> => {
    const [result] = await run([command('shell', ['sh', '-c', line])]);
    return `${result?.stdout ?? ''}${result?.stderr ?? ''}`;
  };
  await transport.copy('vm-1', vms.endpoint, { from: ['/bin/busybox'], to: '/root' });
  const [prepared] = await run([
    prepareStep(preparationOf(lineage, 'vm-1', PARTITION, { web: { partition: 'web', runtime: name } })),
  ]);
  if (prepared?.status !== 0) throw new Error(prepared?.stderr ?? 'no answer');
  await vms.ssh(`
    set -e
    root=/var/lib/stratos/images/${IMAGE_HEX}/rootfs
    mkdir -p $root/bin $root/www $root/proc $root/sys $root/dev $root/tmp $root/etc
    cp /root/busybox $root/bin/busybox
    for applet in ${APPLETS}; do ln -sf busybox $root/bin/$applet; done
    echo 'root:x:0:0:root:/root:/bin/sh' >$root/etc/passwd
    echo 'www:x:33:33:www:/www:/bin/sh' >>$root/etc/passwd
    printf '%s\n' root:x:0: www:x:33: staff:x:50:www adm:x:4:root,www video:x:44:www >$root/etc/group
    echo hello >$root/www/index.html
    chmod 1777 $root/tmp
    chown -R 100000:100000 $root
    : >\${root%/rootfs}/complete`);

  return {
    ...{ runtime, vms, transport, lineage, run, shell },
    /** A launch of `httpd`, or of another command, as `www` where it is asked for. */
    web(change: Partial<ProcessLaunch> = {}, argv?: readonly string[], user = ''): ProcessLaunch {
      const base = aLaunch();
      const runs = { ...base.image.run, argv: argv ?? ['httpd', '-f', '-p', '80', '-h', '/www'], user };
      const { health } = base.cartridge;
      // A machine that is emulated takes its time.
      const patient = { ...health, timeout: millis(5000), startup: millis(120_000) };
      const cartridge = { ...aCartridge({ health: patient }), ...change.cartridge, health: patient, runtime: name };
      return { ...base, ...change, cartridge, image: { ...base.image, run: runs } };
    },
    /** Runs a program inside. */
    async inside(process: string, ...argv: [string, ...string[]]): Promise<StepResult> {
      const [result] = await run([command('exec', runtime.exec(process, argv))]);
      if (!result) throw new Error('no result');
      return result;
    },
    async look() {
      const [seen] = await run([observeStep(lineage)]);
      return parseObservation(seen?.stdout ?? '');
    },
    async remove(...names: readonly string[]) {
      const removals = names.map((process) => ({ name: process, drain: millis(0) }));
      return parseRemove(await run(runtime.remove(lineage, removals)));
    },
    /** What use cases of one process need, with an inventory that has this one. */
    deps(process: string): Deps {
      const record = { name: process, vm: 'vm-1', subscription: 'shop' };
      const inventory = { lineage, vms: [{ name: 'vm-1', endpoint: vms.endpoint }], processes: [record] };
      return {
        ...{ inventory: { read: () => Promise.resolve(inventory) }, transport },
        ...{ now: Date.now, emit: () => undefined, beginRun: () => 'run' },
      } as unknown as Deps;
    },
    async dispose() {
      await transport.close();
      await vms.dispose();
    },
  };
}
