import { describe, expect, test } from 'vitest';
import { capabilitiesOf, RUNTIMES } from '../../../src/model/runtime.ts';
import { runtimeOf } from '../../../src/runtime/runtime-of.ts';
import { aLaunch } from '../lxc/a-launch.ts';

describe('runtimeOf', () => {
  test.each(['lxc', 'podman'] as const)('%s makes, starts and waits, in this order', (name) => {
    expect(
      runtimeOf(name)
        .create([aLaunch()])
        .map(({ title }) => title),
    ).toEqual(['make shop-1', 'start shop-1']);
  });

  test.each(['lxc', 'podman'] as const)('%s has the capabilities that the model tells of', (name) => {
    expect(runtimeOf(name)).toMatchObject({ name, capabilities: capabilitiesOf(name) });
  });

  test('a VM is no container', () => {
    expect(() => runtimeOf('vm')).toThrow('Cannot make a container as its runtime makes none: vm');
  });
});

describe('capabilitiesOf', () => {
  test('tells of each runtime, and nothing inside a VM is promised', () => {
    expect(RUNTIMES).toEqual(['lxc', 'podman', 'vm']);
    for (const runtime of RUNTIMES) expect(Object.keys(capabilitiesOf(runtime))).toHaveLength(11);
    expect(capabilitiesOf('vm')).toMatchObject({ exec: false, logs: false, freeze: false, limits: false });
  });
});
