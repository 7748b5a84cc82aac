import { expect, test } from 'vitest';
import { preparedFiles } from '../../../src/lxc/prepared-files.ts';
import { prepareFingerprint, prepareStep } from '../../../src/lxc/prepare.ts';
import { preparationOf } from '../../../src/reconcile/preparation.ts';

const WEB = { name: 'web', network: '10.66.0.0/22' };
const prepared = (partition: string, runtime: 'lxc' | 'podman') =>
  preparationOf('l', 'web-1', WEB, { php: { partition, runtime } });

test('preparationOf brings podman where a cartridge of the partition runs by it, and nowhere else', () => {
  const [own, other, without] = [prepared('web', 'podman'), prepared('db', 'podman'), prepared('web', 'lxc')];
  expect(prepareStep(own).args[6]).toBe('podman:podman:podman crun:crun:crun');
  expect(prepareStep(other).args[6]).toBe('');
  expect(prepareFingerprint(other)).toBe(prepareFingerprint(without));
  expect(prepareFingerprint(own)).not.toBe(prepareFingerprint(without));
  const names = (input: typeof own) => preparedFiles(input).map(({ path }) => path);
  expect(names(own).filter((name) => !names(without).includes(name))).toEqual(
    ['podman-run', 'podman-crun', 'podman-down', 'podman-exec', 'containers.conf', 'storage.conf'].map(
      (name) => `/var/lib/stratos/bin/${name}`,
    ),
  );
});
