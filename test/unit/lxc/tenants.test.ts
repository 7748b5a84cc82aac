import { expect, test } from 'vitest';
import { tenantsFailure, tenantsPlace, tenantsStep, tenantsText } from '../../../src/lxc/tenants.ts';

test('tenantsText is one line of JSON', () => {
  const tenants = [{ name: 'acme', hosts: ['acme.org'] }];
  expect(tenantsText({ alias: 'wiki', tenants })).toBe(
    '{"subscription":"wiki","tenants":[{"name":"acme","hosts":["acme.org"]}]}',
  );
  expect(JSON.parse(tenantsText({ alias: 'wiki' }))).toEqual({ subscription: 'wiki', tenants: [] });
});

test('tenantsPlace cuts a path into the directory that is ours and the file in it', () => {
  expect(tenantsPlace({ file: '/run/wiki/list.json' })).toEqual({ directory: '/run/wiki', name: 'list.json' });
});

test('tenantsStep has the words of the command as they are, and the list on standard input', () => {
  const command = ['/bin/reload', "it's $(now)"];
  const step = tenantsStep('ours', 'wiki-1', { alias: 'wiki' }, { file: '/etc/stratos/t.json', command });
  expect(step.args).toEqual([
    ...['ours', '/var/lib/stratos/processes', '/var/lib/stratos/bin', 'wiki-1', 't.json'],
    ...['stratos-process@wiki-1.service', 30, ...command],
  ]);
});

test('tenantsFailure finds why a command failed', () => {
  expect(tenantsFailure('failed no room\n')).toBe('no room');
  expect(tenantsFailure('told\n')).toBeUndefined();
});
