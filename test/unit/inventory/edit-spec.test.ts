import { readFile, readdir, stat, chmod, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  addCartridge,
  addSubscription,
  removeSubscription,
  setCartridgeImage,
  setMaking,
  setProcessBounds,
} from '../../../src/inventory/edit-spec.ts';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { tempDir } from './temp-dir.ts';

const HEAD = `# Our platform
apiVersion:   stratos/v1   # the only one
iaas: {lab: {kind: local}}


partitions:
    web:   # four spaces, as we like it
        placement:
        - iaas: lab
cartridges: { php: {image: 'php:8.2', partition: "web", ports: {http: 80}} }
policies:
    scaling:
        steady: {processes: {min: 2, max: 4}}
`;

async function project(subscriptions: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await tempDir();
  await writeFile(join(directory, 'stratos.yaml'), HEAD + subscriptions);
  for (const [name, text] of Object.entries(more)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}
const text = async (directory: string, file = 'stratos.yaml'): Promise<string> => {
  const content = await readFile(join(directory, file), 'utf8');
  if (file === 'stratos.yaml') expect(content.startsWith(HEAD)).toBe(true);
  return content.replace(HEAD, '');
};

describe('addCartridge', () => {
  it('writes a cartridge as its image wants to be run, and the spec takes it', async () => {
    const directory = await project('');
    const values = {
      image: 'node:18',
      partition: 'web',
      ports: { http: 8080 },
      health: { path: '/', port: 'http', startup: '90s' },
      resources: { memory: '128Mi', cpu: 0.25 },
      volumes: { data: '/var/lib/node' },
    };
    const { changed } = await addCartridge(directory, 'node', values);
    expect(changed).toBe(true);
    const { cartridges } = await loadSpec(directory);
    expect(cartridges.node).toMatchObject({
      image: 'node:18',
      ports: [{ name: 'http', port: 8080, protocol: 'http' }],
      health: { path: '/', startup: 90_000 },
      volumes: [{ name: 'data', path: '/var/lib/node' }],
    });
    await expect(addCartridge(directory, 'node', values)).rejects.toThrow(/name is taken: node/);
    await expect(addCartridge(directory, 'other', { ...values, partition: 'wbe' })).rejects.toThrow(/wbe/);
    await expect(addCartridge(directory, 'No', values)).rejects.toThrow(/lowercase/);
  });
});

describe('addSubscription', () => {
  it.each([
    ['a file without subscriptions', '', 'subscriptions:\n  new: { cartridge: php, port: 81 }\n'],
    ['an empty section', 'subscriptions:\n', 'subscriptions:\n  new: { cartridge: php, port: 81 }\n'],
    [
      'an empty section with a comment',
      'subscriptions: # ours\n',
      'subscriptions: # ours\n  new: { cartridge: php, port: 81 }\n',
    ],
    [
      'an empty flow section',
      'subscriptions: {}  # ours\n',
      'subscriptions:  # ours\n  new: { cartridge: php, port: 81 }\n',
    ],
    [
      'flow entries',
      'subscriptions:\n    a: {cartridge: php} # first\n    # last\n\n# end\n',
      'subscriptions:\n    a: {cartridge: php} # first\n    new: { cartridge: php, port: 81 }\n    # last\n\n# end\n',
    ],
    [
      'block entries',
      'subscriptions:\n  a:\n    cartridge: php # x\nx-end: 1\n',
      'subscriptions:\n  a:\n    cartridge: php # x\n  new:\n    cartridge: php\n    port: 81\nx-end: 1\n',
    ],
    [
      'a flow section',
      'subscriptions: { a: {cartridge: php} }\n',
      'subscriptions: { a: {cartridge: php}, new: { cartridge: php, port: 81 } }\n',
    ],
    [
      'no line break at the end',
      'subscriptions:\n  a: {cartridge: php}',
      'subscriptions:\n  a: {cartridge: php}\n  new: { cartridge: php, port: 81 }\n',
    ],
  ])('adds to %s and changes nothing else', async (_, before, after) => {
    const directory = await project(before);
    const { spec, changed } = await addSubscription(directory, 'new', { cartridge: 'php', port: 81, hosts: undefined });
    expect(await text(directory)).toBe(after);
    expect(changed).toBe(true);
    expect(spec).toEqual(await loadSpec(directory));
    expect(spec.subscriptions.new?.port).toBe(81);
  });

  it.each([
    [
      'a malformed alias',
      '$(touch /tmp/x)',
      { cartridge: 'php' },
      'Cannot subscribe as the alias must be a name of 1 to 40',
    ],
    ['a taken alias', 'a', { cartridge: 'php' }, 'Cannot subscribe as the alias is taken: a ('],
    [
      'an unknown cartridge',
      'b',
      { cartridge: 'pph' },
      'Cannot subscribe as there is no such cartridge: "pph"; did you mean php?',
    ],
    [
      'an unknown policy',
      'b',
      { cartridge: 'php', scaling: 'stedy' },
      'no such scaling policy: "stedy"; did you mean steady?',
    ],
    ['a taken port', 'b', { cartridge: 'php', port: 8080 }, 'Port 8080 is taken in partition web: by a'],
  ])('refuses %s and writes nothing', async (_, alias, values, message) => {
    const before = 'subscriptions:\n  a: {cartridge: php, port: 8080}\n';
    const directory = await project(before);
    await expect(addSubscription(directory, alias, values)).rejects.toThrow(message);
    expect(await text(directory)).toBe(before);
    expect(await readdir(directory)).toEqual(['stratos.yaml']);
  });

  it('keeps the permissions of the file', async () => {
    const directory = await project('');
    await chmod(join(directory, 'stratos.yaml'), 0o640);
    await addSubscription(directory, 'new', { cartridge: 'php' });
    expect((await stat(join(directory, 'stratos.yaml'))).mode & 0o777).toBe(0o640);
  });
});

describe('removeSubscription', () => {
  it.each([
    [
      'a line',
      'subscriptions:\n  # of a\n  a: {cartridge: php} # a\n\n  # of b\n  b: {cartridge: php}\n',
      'subscriptions:\n\n  # of b\n  b: {cartridge: php}\n',
    ],
    [
      'the last of several',
      'subscriptions:\n  b: {cartridge: php}\n  # of a\n  a:\n    cartridge: php\n# end\n',
      'subscriptions:\n  b: {cartridge: php}\n# end\n',
    ],
    ['the only one', 'subscriptions:\n  a: {cartridge: php}\nx-end: 1\n', 'subscriptions:\nx-end: 1\n'],
    [
      'one in a flow section',
      'subscriptions: {b: {cartridge: php}, a: {cartridge: php}}\n',
      'subscriptions: {b: {cartridge: php}}\n',
    ],
    ['the only one of a flow section', 'subscriptions: { a: {cartridge: php} }\n', 'subscriptions: {}\n'],
  ])('removes %s and changes nothing else', async (_, before, after) => {
    const directory = await project(before);
    await removeSubscription(directory, 'a');
    expect(await text(directory)).toBe(after.replace('{}', /\{ ?\}/.exec(await text(directory))?.[0] ?? '{}'));
    expect(Object.keys((await loadSpec(directory)).subscriptions)).not.toContain('a');
  });

  it('edits the included file that has it', async () => {
    const directory = await project('include: [more/*.yaml]\n', {
      'more/a.yaml': '# mine\nsubscriptions:\n  a: {cartridge: php}\n  b: {cartridge: php}\n',
    });
    const { file } = await removeSubscription(directory, 'a');
    expect(file).toBe(join(directory, 'more/a.yaml'));
    expect(await text(directory, 'more/a.yaml')).toBe('# mine\nsubscriptions:\n  b: {cartridge: php}\n');
  });

  it('suggests the alias that was meant', async () => {
    const directory = await project('subscriptions:\n  shop: {cartridge: php}\n');
    await expect(removeSubscription(directory, 'shpo')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'Cannot find the subscription: "shpo"; did you mean shop?',
    });
  });
});

describe('setProcessBounds', () => {
  it('leaves the shared policy and the others that use it as they are', async () => {
    const directory = await project(
      'subscriptions:\n  a: {cartridge: php, scaling: steady} # a\n  b: {cartridge: php, scaling: steady}\n',
    );
    const { spec } = await setProcessBounds(directory, 'a', { min: 3 });
    expect(await text(directory)).toBe(
      'subscriptions:\n  a: {cartridge: php, scaling: steady, processes: { min: 3, max: 4 }} # a\n  b: {cartridge: php, scaling: steady}\n',
    );
    expect(spec.subscriptions.a?.scaling.processes).toEqual({ min: 3, max: 4 });
    expect(spec.subscriptions.b?.scaling.processes).toEqual({ min: 2, max: 4 });
  });

  it.each([
    ['a number', '  a: {cartridge: php, processes: 2}\n', '  a: {cartridge: php, processes: { min: 2, max: 9 }}\n'],
    [
      'a flow mapping',
      '  a: {cartridge: php, processes: {max: 2, min: 1}, port: 81}\n',
      '  a: {cartridge: php, processes: {max: 9, min: 1}, port: 81}\n',
    ],
    [
      'one bound',
      '  a: {cartridge: php, processes: {min: 1}}\n',
      '  a: {cartridge: php, processes: {min: 1, max: 9}}\n',
    ],
    [
      'a block mapping',
      '  a:\n    cartridge: php\n    processes:\n      min: 1 # one\n      max: 2 # two\n',
      '  a:\n    cartridge: php\n    processes:\n      min: 1 # one\n      max: 9 # two\n',
    ],
    [
      'no bounds of its own in a block',
      '  a:\n    cartridge: php # x\n\n# end\n',
      '  a:\n    cartridge: php # x\n    processes: { min: 1, max: 9 }\n\n# end\n',
    ],
  ])('changes %s', async (_, before, after) => {
    const directory = await project(`subscriptions:\n${before}`);
    await setProcessBounds(directory, 'a', { max: 9 });
    expect(await text(directory)).toBe(`subscriptions:\n${after}`);
  });

  it('writes nothing when the bounds are so already', async () => {
    const directory = await project('subscriptions:\n  a: {cartridge: php, scaling: steady}\n');
    expect(await setProcessBounds(directory, 'a', { min: 2, max: 4 })).toMatchObject({ changed: false });
  });

  it('refuses min above max', async () => {
    const directory = await project('subscriptions:\n  a: {cartridge: php, scaling: steady}\n');
    await expect(setProcessBounds(directory, 'a', { min: 5 })).rejects.toMatchObject({
      message: 'Cannot scale a as min must not be above max: 5 > 4',
      hint: 'stratos scale a --min 5 --max 5',
    });
  });

  it('refuses a subscription that is a YAML alias', async () => {
    const directory = await project('subscriptions:\n  a: &a {cartridge: php}\n  b: *a\n');
    await expect(setProcessBounds(directory, 'b', { max: 3 })).rejects.toThrow('as it is a YAML alias');
  });
});

describe('setCartridgeImage', () => {
  it('changes the image and nothing else', async () => {
    const directory = await project('');
    await setCartridgeImage(directory, 'php', 'php:8.3');
    const content = await readFile(join(directory, 'stratos.yaml'), 'utf8');
    expect(content).toBe(HEAD.replace("'php:8.2'", 'php:8.3'));
  });
});

describe('setMaking', () => {
  const SHOP = 'subscriptions:\n    # the shop\n    shop: {cartridge: php, port: 8080} # busy\n';

  it('pins a revision, and lets it go with another image, and keeps comments', async () => {
    const directory = await project(SHOP);
    await setMaking(directory, 'shop', { revision: 4 });
    expect(await text(directory)).toBe(SHOP.replace('8080}', '8080, revision: 4}'));
    expect((await loadSpec(directory)).subscriptions.shop).toMatchObject({ cartridge: 'php', revision: 4 });
    await setMaking(directory, 'shop', { revision: null, image: 'php:8.3' });
    expect(await text(directory)).toBe(SHOP.replace('8080}', '8080, image: php:8.3}'));
    expect((await loadSpec(directory)).subscriptions.shop).toMatchObject({ image: 'php:8.3' });
  });

  it('writes nothing where it is so already, or in a dry run', async () => {
    const directory = await project(SHOP);
    expect(await setMaking(directory, 'shop', { cartridge: 'php', revision: null })).toMatchObject({ changed: false });
    const dry = await setMaking(directory, 'shop', { image: 'php:9' }, { dryRun: true });
    expect(dry).toMatchObject({ changed: true });
    expect(dry.spec.subscriptions.shop?.image).toBe('php:9');
    expect(await text(directory)).toBe(SHOP);
  });

  it('refuses a cartridge that is not there, an alias that is not, and an image that is none', async () => {
    const directory = await project(SHOP);
    await expect(setMaking(directory, 'shop', { cartridge: 'ph' })).rejects.toThrow(
      'Cannot roll out as there is no such cartridge: "ph"; did you mean php?',
    );
    await expect(setMaking(directory, 'shoop', { revision: 1 })).rejects.toThrow('Cannot find the subscription');
    await expect(setMaking(directory, 'shop', { image: 'PHP 8' })).rejects.toThrow();
    expect(await text(directory)).toBe(SHOP);
  });
});

describe('removeSubscription', () => {
  const NEEDED = `subscriptions:
    db: {cartridge: php}
    app: {cartridge: php, needs: [db]}   # stays
    # both
    web:
        cartridge: php
        needs:
        - app
        - subscription: db
          as: DB
`;

  it('refuses what others need, and names them', async () => {
    const directory = await project(NEEDED);
    await expect(removeSubscription(directory, 'db')).rejects.toMatchObject({
      message: 'Cannot unsubscribe db as app, web need it',
      hint: 'stratos unsubscribe db --force',
    });
    expect(await text(directory)).toBe(NEEDED);
  });

  it('takes it out of the needs of others where it is forced, and keeps the rest', async () => {
    const directory = await project(NEEDED);
    await removeSubscription(directory, 'db', { force: true });
    expect(await readFile(join(directory, 'stratos.yaml'), 'utf8')).toMatch(/# stays[\s\S]*# both/);
    const { subscriptions } = await loadSpec(directory);
    expect([Object.keys(subscriptions), subscriptions.app?.needs, subscriptions.web?.needs]).toEqual([
      ['app', 'web'],
      undefined,
      [{ subscription: 'app', as: 'APP', whenLost: 'keep' }],
    ]);
  });
});

describe('addSubscription', () => {
  it('writes what it needs, and refuses what is not there', async () => {
    const directory = await project('subscriptions: {shop-db: {cartridge: php}}\n');
    await expect(addSubscription(directory, 'app', { cartridge: 'php', needs: ['shop-bd'] })).rejects.toThrow(
      'no such subscription: "shop-bd"; did you mean shop-db?',
    );
    await addSubscription(directory, 'app', { cartridge: 'php', needs: ['shop-db'] });
    expect(await text(directory)).toBe(
      'subscriptions: {shop-db: {cartridge: php}, app: { cartridge: php, needs: [ shop-db ] }}\n',
    );
  });
});
