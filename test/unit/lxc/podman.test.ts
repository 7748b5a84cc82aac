import { describe, expect, test } from 'vitest';
import { podmanFiles } from '../../../src/lxc/podman.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from './a-launch.ts';

const optionsOf = (...launch: Parameters<typeof aLaunch>): readonly string[] =>
  podmanFiles(aLaunch(...launch)).podman?.split('\n') ?? [];
const image = (run: Partial<ReturnType<typeof aLaunch>['image']['run']>) => {
  const { image: base } = aLaunch();
  return { ...base, run: { ...base.run, ...run } };
};

describe('podmanFiles', () => {
  test('maps all ids, leaves cgroups and network to the hooks and starts the launcher', () => {
    expect(optionsOf()).toEqual([
      '--name=shop-1',
      '--hostname=shop-1',
      '--cgroups=disabled',
      '--cgroupns=private',
      '--network=none',
      '--uidmap=0:100000:65536',
      '--gidmap=0:100000:65536',
      '--stop-signal=15',
      '--sysctl=net.ipv4.ip_unprivileged_port_start=0',
      '--tmpfs=/dev/shm:rw,nosuid,nodev,mode=1777',
      '--mount=type=bind,source=/var/lib/stratos/processes/shop-1/stratos,destination=/.stratos,readonly',
      '--mount=type=bind,source=/var/lib/stratos/processes/shop-1/stratos/hosts,destination=/etc/hosts,readonly',
      '--entrypoint=["/.stratos/init"]',
    ]);
  });

  test('hands on user and stop signal of the image, never an environment', () => {
    const options = optionsOf({ image: image({ user: 'www:33', stopSignal: 'SIGQUIT' }), env: { TOKEN: 'sesame' } });
    expect(options).toEqual(expect.arrayContaining(['--user=www:33', '--stop-signal=3']));
    expect(options.join('\n')).not.toContain('sesame');
  });

  test('mounts volumes and the list of tenants, whatever their paths have in them', () => {
    const cartridge = aCartridge({
      volumes: [{ name: 'data', path: '/srv/a "b",c' }],
      tenants: { file: '/etc/shops.json' },
    });
    expect(optionsOf({ cartridge })).toEqual(
      expect.arrayContaining([
        '--mount=type=bind,source=/var/lib/stratos/volumes/shop/1/data,"destination=/srv/a ""b"",c"',
        '--mount=type=bind,source=/var/lib/stratos/processes/shop-1/tenants,destination=/etc,readonly',
      ]),
    );
  });

  test.each(['/a\nb', '/a/../../etc'])('refuses to mount at %j', (path) => {
    expect(() => optionsOf({ cartridge: aCartridge({ volumes: [{ name: 'data', path }] }) })).toThrow(
      'Cannot mount the volume',
    );
  });

  test('says where image and changes are, and who owns them, as LXC has it', () => {
    expect(podmanFiles(aLaunch()).config).toBe(
      [
        `lxc.rootfs.path = overlay:/var/lib/stratos/images/${IMAGE_HEX}/rootfs:/var/lib/stratos/processes/shop-1/overlay/delta`,
        'lxc.idmap = u 0 100000 65536',
        'lxc.idmap = g 0 100000 65536',
      ].join('\n'),
    );
  });
});
