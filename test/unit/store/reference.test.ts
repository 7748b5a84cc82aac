import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { parseName, parseReference } from '../../../src/store/reference.ts';

describe('parseReference', () => {
  it.each([
    ['php:8.2', { kind: 'name', name: 'php', tag: '8.2' }],
    ['php', { kind: 'name', name: 'php', tag: 'latest' }],
    ['team/php-fpm:v1_2.3-rc', { kind: 'name', name: 'team/php-fpm', tag: 'v1_2.3-rc' }],
    ['sha256:0123456789ab', { kind: 'digest', prefix: 'sha256:0123456789ab' }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
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
  ])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(UsageError);
  });
});

describe('parseName', () => {
  it('fills in the tag and refuses a digest', () => {
    expect(parseName('php')).toBe('php:latest');
    expect(() => parseName(`sha256:${'a'.repeat(64)}`)).toThrow(UsageError);
  });
});
