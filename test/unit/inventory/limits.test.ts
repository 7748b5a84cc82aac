import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import type { ResourceSpec } from '../../../src/model/spec.ts';
import { tempDir } from './temp-dir.ts';

/** The limits of a cartridge written so; its other keys after them. */
async function limits(more: string): Promise<ResourceSpec | undefined> {
  const directory = await tempDir();
  const text = `apiVersion: stratos/v1
iaas: {lab: {kind: local}}
partitions: {web: {placement: [{iaas: lab}]}}
cartridges:
  php: {image: php, partition: web, ${more}}
`;
  await writeFile(join(directory, 'stratos.yaml'), text);
  return (await loadSpec(directory)).cartridges.php?.resources;
}

describe('limits of a cartridge', () => {
  it('are none of traffic and disk where nothing is said', async () => {
    expect(await limits('')).toEqual({ memory: 256 * 2 ** 20, cpu: 0.25, pids: 512 });
  });

  it('are rates of both directions, or of one', async () => {
    expect(await limits('resources: {bandwidth: 1.5Mbit}')).toMatchObject({ bandwidth: { in: 1.5e6, out: 1.5e6 } });
    const one = await limits('resources: {bandwidth: {out: 100kbit}, disk: 1Gi}');
    expect(one).toMatchObject({ bandwidth: { out: 1e5 }, disk: 2 ** 30 });
    expect(one?.bandwidth).not.toHaveProperty('in');
  });

  it('are places in one form and one order', async () => {
    const places = '[192.0.2.7:80-80, 10.1.2.3/8, 192.0.2.7/32:80, 0.0.0.0/0:8000-8999]';
    expect(await limits(`network: {egress: ${places}}`)).toMatchObject({
      egress: ['0.0.0.0/0:8000-8999', '10.0.0.0/8', '192.0.2.7/32:80'],
    });
    expect(await limits('network: {egress: none}')).toMatchObject({ egress: [] });
    expect(await limits('network: {egress: []}')).toMatchObject({ egress: [] });
  });

  it.each([
    ['resources: {bandwidth: 10}', 'bandwidth'],
    ['resources: {bandwidth: 10MB}', 'bandwidth'],
    ['resources: {bandwidth: {up: 1Mbit}}', 'up'],
    ['resources: {disk: 1Mi}', 'disk of php must be at least 16Mi: 1Mi'],
    ['network: {egress: some}', 'egress'],
    ['network: {egress: [example.org]}', 'egress'],
    ['network: {egress: [10.0.0.256]}', 'egress of php must be an address or a network'],
    ['network: {egress: ["10.0.0.0/33"]}', 'egress of php must be an address or a network'],
    ['network: {egress: ["10.0.0.1:90-80"]}', 'egress of php must be an address or a network'],
    ['network: {egress: ["10.0.0.1:70000"]}', 'egress of php must be an address or a network'],
  ])('are refused as %s', async (more, message) => {
    await expect(limits(more)).rejects.toThrow(message);
  });

  it.each(['resources: {bandwidth: 1Mbit}', 'resources: {disk: 1Gi}', 'network: {egress: none}'])(
    'are refused by a runtime that has none of it: %s',
    async (more) => {
      await expect(limits(`runtime: vm, ports: {http: 80}, ${more}`)).rejects.toThrow('as its runtime has none: vm');
    },
  );
});
