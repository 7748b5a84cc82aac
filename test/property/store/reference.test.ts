import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { parseReference } from '../../../src/store/reference.ts';

const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}$/);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);

describe('parseReference', () => {
  it('reads back what is written by its rules', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), tag, (parts, version) => {
        const name = parts.join('/');
        fc.pre(name !== 'sha256');
        expect(parseReference(`${name}:${version}`)).toEqual({ kind: 'name', name, tag: version });
      }),
    );
  });

  it('never accepts what a shell or a path could take for more than a word', () => {
    const nasty = fc.string({ minLength: 1 }).filter((text) => /[\s$`"'\\;|&<>(){}*?!#~]|\.\./.test(text));
    fc.assert(
      fc.property(nasty, (text) => {
        expect(() => parseReference(text)).toThrow(UsageError);
      }),
    );
  });
});
