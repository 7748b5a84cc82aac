/** Preparation on machines of other families: their package manager, played by a script on a VM without apt, and what is refused. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareStep, type PrepareInput } from '../../src/lxc/prepare.ts';
import type { Transport } from '../../src/ssh/transport.ts';
import { sshTransport } from '../../src/ssh/ssh-transport.ts';
import { testVm, type TestVms } from '../support/vm.ts';

const PREPARE: PrepareInput = { lineage: 'ours', vm: 'vm-1', network: '10.66.0.0/29', units: {} };
/** Installs what was put aside, once it has its further repository. */
const DNF = `#!/bin/sh
echo "$*" >>/root/dnf.log
case "$*" in
*epel-release*) touch /root/epel; exit 0 ;;
esac
[ -e /root/epel ] || exit 1
mv /root/aside/ps /root/aside/newuidmap /root/aside/socat /usr/bin/
`;

let vms: TestVms;
let transport: Transport;

const prepare = async () => {
  const [result] = await transport.run('vm-1', vms.endpoint, { steps: [prepareStep(PREPARE)] }, {});
  return { status: result?.status, said: result?.stderr.trim() ?? '', printed: result?.stdout ?? '' };
};
/** A program of this name on the VM. */
const fake = (name: string, text: string) =>
  vms.ssh(
    `echo ${Buffer.from(text).toString('base64')} | base64 -d >/usr/local/bin/${name} && chmod 755 /usr/local/bin/${name}`,
  );

beforeAll(async () => {
  vms = await testVm();
  transport = sshTransport({ directory: vms.site.directory, env: {} });
  await vms.ssh('mkdir /root/aside && cd /usr/bin && mv apt-get ps newuidmap socat /root/aside/');
}, 300_000);
afterAll(async () => {
  await transport.close();
  await vms.dispose();
});

describe('a machine', () => {
  test('with neither apt nor dnf is refused with what it lacks', async () => {
    expect(await prepare()).toMatchObject({
      status: 4,
      said: 'Cannot prepare the machine as it has neither apt-get nor dnf and lacks: newuidmap socat ps',
    });
  });

  test('of RHEL’s family behind firewalld, or with SELinux enforcing, is refused before anything is done', async () => {
    await fake('firewall-cmd', '#!/bin/sh\nexit 0\n');
    expect(await prepare()).toMatchObject({ status: 5, said: expect.stringContaining('firewalld drops') as string });
    await fake('firewall-cmd', '#!/bin/sh\nexit 252\n');
    await fake('getenforce', '#!/bin/sh\necho Enforcing\n');
    expect(await prepare()).toMatchObject({ status: 5, said: expect.stringContaining('SELinux') as string });
    await fake('getenforce', '#!/bin/sh\necho Permissive\n');
    expect(await vms.ssh('ls /var/lib/stratos 2>/dev/null || :')).toBe('');
  });

  test('of RHEL’s family gets packages by their names there, from EPEL where they are in no other place', async () => {
    await fake('dnf', DNF);
    const { status, printed } = await prepare();
    expect(printed).toBe('{"prepared":true,"installed":["shadow-utils","socat","procps-ng"]}\n');
    expect(status).toBe(0);
    const install = '-q -y --setopt=install_weak_deps=False install';
    expect(await vms.ssh('cat /root/dnf.log')).toBe(
      `${install} shadow-utils socat procps-ng\n${install} epel-release\n${install} shadow-utils socat procps-ng\n`,
    );
    expect(await vms.ssh('cat /etc/sysconfig/lxc-net')).toBe('USE_LXC_BRIDGE="false"\n');
    expect((await prepare()).printed).toBe('{"prepared":true,"installed":[]}\n');
  });

  test('without systemd is refused by the name of its distribution', async () => {
    const text = await readFile(new URL('../../src/lxc/scripts/prepare.sh', import.meta.url));
    await vms.ssh(`echo ${text.toString('base64')} | base64 -d >/root/prepare.sh`);
    await vms.ssh(`printf 'ID=alpine\\nPRETTY_NAME="Alpine Linux v3.20"\\n' >/root/os-release`);
    const alone = 'mount -t tmpfs none /run && mount --bind /root/os-release /etc/os-release';
    const line = `unshare -m sh -c '${alone} && sh /root/prepare.sh ours vm-2 f /root/none 1 2 "" </dev/null' 2>&1 || echo ended with $?`;
    expect(await vms.ssh(line)).toBe(
      'Cannot prepare the machine as systemd does not run on it, and processes are its units: Alpine Linux v3.20\nended with 5\n',
    );
  });
});
