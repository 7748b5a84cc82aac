import { describe, expect, it } from 'vitest';
import { containerName, isContainerOf, isVmName, vethName } from '../../../src/iaas/local/names.ts';

describe('containerName', () => {
  it('tells projects apart and stays the same for one', () => {
    expect(containerName('lineage-a', 'web-1')).toBe(containerName('lineage-a', 'web-1'));
    expect(containerName('lineage-a', 'web-1')).not.toBe(containerName('lineage-b', 'web-1'));
  });

  it('keeps two long names apart within 60 characters', () => {
    const one = containerName('lineage', 'a'.repeat(62) + 'x');
    const two = containerName('lineage', 'a'.repeat(62) + 'y');
    expect(one).not.toBe(two);
    expect(Math.max(one.length, two.length)).toBeLessThanOrEqual(60);
  });
});

describe('isContainerOf', () => {
  it('knows its own', () => {
    for (const vm of ['web-1', 'a', 'x'.repeat(63)]) expect(isContainerOf('one', containerName('one', vm))).toBe(true);
  });

  it('refuses other projects and whatever is no name', () => {
    const own = containerName('one', 'web-1');
    for (const id of [
      containerName('two', 'web-1'),
      '',
      '.',
      '..',
      `${own}/..`,
      `../${own}`,
      `${own}\n`,
      `${own} x`,
      own.slice(0, 8),
    ]) {
      expect(isContainerOf('one', id), JSON.stringify(id)).toBe(false);
    }
  });
});

describe('isVmName', () => {
  it('takes host names only', () => {
    for (const name of ['web-1', 'a', '1', 'x'.repeat(63)]) expect(isVmName(name), name).toBe(true);
    for (const name of ['', '-a', 'a-', 'A', 'a b', 'a.b', '../x', '$(touch /tmp/x)', "a'b", 'a\n', 'x'.repeat(64)]) {
      expect(isVmName(name), JSON.stringify(name)).toBe(false);
    }
  });
});

describe('vethName', () => {
  it('fits the kernel and tells roots apart', () => {
    expect(vethName('c', '/a').length).toBeLessThanOrEqual(15);
    expect(vethName('c', '/a')).not.toBe(vethName('c', '/b'));
  });
});
