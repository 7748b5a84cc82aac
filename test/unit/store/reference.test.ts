import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { parseName, parseReference } from '../../../src/store/reference.ts';

const PIN = `sha256:${'a'.repeat(64)}`;
const stores = (name: string): boolean => name === 'hub' || name === 'glance';

describe('parseReference', () => {
  it.each([
    ['php:8.2', { repository: 'php', tag: '8.2' }],
    ['php', { repository: 'php', tag: 'latest' }],
    ['team/php-fpm:v1_2.3-rc', { repository: 'team/php-fpm', tag: 'v1_2.3-rc' }],
    ['a--b__c.d:1', { repository: 'a--b__c.d', tag: '1' }],
    [`php@${PIN}`, { repository: 'php', digest: PIN }],
    [`php:8.2@${PIN}`, { repository: 'php', tag: '8.2', digest: PIN }],
    ['glance:php:8.2', { store: 'glance', repository: 'php', tag: '8.2' }],
    ['hub:team/php:8.2', { store: 'hub', repository: 'team/php', tag: '8.2' }],
    ['other:php:8.2', { store: 'other', repository: 'php', tag: '8.2' }],
    [`hub:php@${PIN}`, { store: 'hub', repository: 'php', digest: PIN }],
    [`other:php@${PIN}`, { repository: 'other', tag: 'php', digest: PIN }],
    [`hub:php:8.2@${PIN}`, { store: 'hub', repository: 'php', tag: '8.2', digest: PIN }],
    // One colon is never a store: what `hub:8.2` means does not hang on what stores there are.
    ['hub:8.2', { repository: 'hub', tag: '8.2' }],
    ['registry.example/php', { host: 'registry.example', repository: 'php', tag: 'latest' }],
    ['registry.example:5000/team/php:8.2', { host: 'registry.example:5000', repository: 'team/php', tag: '8.2' }],
    [`registry.example:5000/team/php@${PIN}`, { host: 'registry.example:5000', repository: 'team/php', digest: PIN }],
    ['localhost/php:1', { host: 'localhost', repository: 'php', tag: '1' }],
    ['127.0.0.1:5000/php:1', { host: '127.0.0.1:5000', repository: 'php', tag: '1' }],
    ['[::1]:5000/php:1', { host: '[::1]:5000', repository: 'php', tag: '1' }],
    ['hub:5000/php:1', { host: 'hub:5000', repository: 'php', tag: '1' }],
    ['Registry.Example/php:1', { host: 'Registry.Example', repository: 'php', tag: '1' }],
  ])('reads %s', (text, name) => {
    const reference = parseReference(text, stores);
    expect(reference).toMatchObject({ kind: 'name', name });
    expect(reference.kind === 'name' && reference.name).toEqual(name);
  });

  it('reads a digest', () => {
    expect(parseReference('sha256:0123456789ab')).toEqual({ kind: 'digest', prefix: 'sha256:0123456789ab' });
  });

  it.each([
    '',
    ':1',
    'php:',
    'PHP:1',
    'php:a b',
    '../etc:1',
    'a//b:1',
    '-a:1',
    'a..b:1',
    '$(touch /tmp/x):1',
    'php:1\n',
    'sha256:0123',
    'sha256:XYZ',
    'a'.repeat(300),
    `a:${'t'.repeat(129)}`,
    'php@sha256:0123456789ab',
    `php@sha512:${'a'.repeat(128)}`,
    `php@${PIN}@${PIN}`,
    'hub:team/php',
    'hub:php:',
    'hub::php',
    'Hub:php:1',
    'a:b:c:d',
    'registry.example/',
    'registry.example//php',
    'registry.example:port/php',
    'registry..example/php',
    'https://registry.example/php',
    'user@registry.example/php:1',
  ])('refuses %j', (text) => {
    expect(() => parseReference(text, stores)).toThrow(UsageError);
  });
});

describe('parseName', () => {
  it('fills in the tag and refuses a digest', () => {
    expect(parseName('php')).toBe('php:latest');
    expect(parseName('registry.example/php')).toBe('registry.example/php:latest');
    expect(() => parseName(PIN)).toThrow(UsageError);
  });
});
