import { describe, expect, it } from 'vitest';
import { unneededBlobs } from '../../../../src/store/glance/unneeded-blobs.ts';

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const needs = (...hex: readonly (string | undefined)[]) => ({ stratos_blobs: hex.join(',') });

describe('unneededBlobs', () => {
  it('is what went with the manifests and is needed by none that is left', () => {
    expect(unneededBlobs([needs(a, b), needs(b, c)], [needs(c)])).toEqual([
      `sha256:${String(a)}`,
      `sha256:${String(b)}`,
    ]);
    expect(unneededBlobs([needs(a)], [needs(b, a)])).toEqual([]);
  });

  it('takes nothing for a digest that is none', () => {
    expect(unneededBlobs([{}, { stratos_blobs: '' }, { stratos_blobs: 'x,../y' }], [])).toEqual([]);
  });
});
