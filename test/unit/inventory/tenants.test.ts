import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addTenant, removeTenant } from '../../../src/inventory/edit-tenants.ts';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { NO_BOUND } from '../../../src/model/bounds.ts';
import { tempDir } from './temp-dir.ts';

const HEAD = `apiVersion: stratos/v1
iaas: {lab: {kind: local}}
partitions:
  web: {placement: [{iaas: lab}]}
  own: {placement: [{iaas: lab}]}
  set: {placement: [{iaas: lab}], policy: {processesPerVm: 3}}
cartridges:
  php: {image: php, partition: web, ports: {http: 80}}
  wiki: {image: wiki, partition: own, ports: {http: 80}, multiTenant: true}
  many: {image: wiki, partition: set, ports: {http: 80}, multiTenant: true}
`;
const project = async (subscriptions: string): Promise<string> => {
  const directory = await tempDir();
  await writeFile(join(directory, 'stratos.yaml'), HEAD + subscriptions);
  return directory;
};
const text = async (directory: string): Promise<string> =>
  (await readFile(join(directory, 'stratos.yaml'), 'utf8')).replace(HEAD, '');

describe('addTenant', () => {
  it('writes the first and further ones, and keeps what is there', async () => {
    const directory = await project('subscriptions:\n  # ours\n  wiki: {cartridge: wiki}   # stays\n');
    await addTenant(directory, 'wiki', 'acme', ['Acme.org']);
    await addTenant(directory, 'wiki', 'beta', []);
    expect(await text(directory)).toBe(
      'subscriptions:\n  # ours\n  wiki: {cartridge: wiki, tenants: { acme: { hosts: [ Acme.org ] }, beta: {} }}   # stays\n',
    );
    expect((await loadSpec(directory)).subscriptions.wiki).toMatchObject({
      hosts: ['acme.org'],
      tenants: [
        { name: 'acme', hosts: ['acme.org'] },
        { name: 'beta', hosts: [] },
      ],
    });
  });

  it('refuses a name that is taken, a host that is, and a cartridge that serves none', async () => {
    const before =
      'subscriptions:\n  wiki: {cartridge: wiki, tenants: {acme: {hosts: [a.org]}}}\n  shop: {cartridge: php}\n';
    const directory = await project(before);
    await expect(addTenant(directory, 'wiki', 'acme', [])).rejects.toThrow('has one of this name');
    await expect(addTenant(directory, 'wiki', 'beta', ['A.org'])).rejects.toThrow('Host name a.org is taken');
    await expect(addTenant(directory, 'shop', 'acme', [])).rejects.toThrow('need a cartridge with multiTenant: true');
    await expect(addTenant(directory, 'wiki', 'Beta', [])).rejects.toThrow('its name must be');
    await expect(addTenant(directory, 'wikki', 'b', [])).rejects.toThrow('did you mean wiki?');
    expect(await text(directory)).toBe(before);
  });
});

describe('removeTenant', () => {
  const BLOCK = `subscriptions:
  wiki:
    cartridge: wiki
    tenants:
      acme: { hosts: [a.org] }
      # the second
      beta:
        hosts:
          - b.org
`;

  it('takes it out with its comment, and the last one with the key', async () => {
    const directory = await project(BLOCK);
    await removeTenant(directory, 'wiki', 'beta');
    expect(await text(directory)).toBe(BLOCK.slice(0, BLOCK.indexOf('      # the second')));
    await removeTenant(directory, 'wiki', 'acme');
    expect(await text(directory)).toBe('subscriptions:\n  wiki:\n    cartridge: wiki\n');
  });

  it('says which one may be meant', async () => {
    const directory = await project(BLOCK);
    await expect(removeTenant(directory, 'wiki', 'acne')).rejects.toThrow('did you mean acme?');
  });
});

describe('loadSpec', () => {
  it('gives each process of a multi-tenant server a VM, unless the policy says otherwise', async () => {
    const { partitions } = await loadSpec(await project(''));
    expect(Object.values(partitions).map(({ name, policy }) => [name, policy.processesPerVm])).toEqual([
      ['web', NO_BOUND],
      ['own', 1],
      ['set', 3],
    ]);
  });
});
