import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { formatName, parseReference } from '../../../src/store/reference.ts';
import type { ImageName } from '../../../src/store/reference.ts';

const part = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const repository = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}`);
const store = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((name) => name !== 'sha256');
const host = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){1,2}(:[0-9]{1,5})?$/),
  fc.stringMatching(/^[a-z0-9]{1,8}:[0-9]{1,5}$/),
  fc.constant('localhost'),
);
const place = fc.oneof(
  fc.constant({}),
  store.map((name) => ({ store: name })),
  host.map((name) => ({ host: name })),
);
const version = fc.oneof(
  tag.map((text) => ({ tag: text })),
  digest.map((text) => ({ digest: text })),
  fc.record({ tag, digest }),
);

/** What Docker's rule would take for a host is no repository of the local store. */
const looksLikeHost = (name: string): boolean => /^([^/]*\.[^/]*|localhost)\//.test(name);

describe('parseReference', () => {
  it('reads back every name that is written by its rules, whatever stores there are', () => {
    fc.assert(
      fc.property(place, repository, version, (where, name, which) => {
        const image: ImageName = { ...where, repository: name, ...which };
        if (!image.host) fc.pre(!looksLikeHost(name) && !name.startsWith('sha256'));
        // Digits before a slash are a port, as Docker has it.
        if (image.store !== undefined) fc.pre(!/^[0-9]+\//.test(name));
        const known = (word: string): boolean => word === image.store;
        expect(parseReference(formatName(image), known)).toEqual({
          kind: 'name',
          name: image,
          text: formatName(image),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('gives a name without a pin one meaning, whatever stores there are', () => {
    fc.assert(
      fc.property(place, repository, tag, (where, name, text) => {
        const image = formatName({ ...where, repository: name, tag: text });
        const read = (isStore: boolean): unknown => {
          try {
            return parseReference(image, () => isStore);
          } catch (error) {
            return (error as Error).message;
          }
        };
        expect(read(true)).toEqual(read(false));
      }),
    );
  });

  it('writes one text, and reads it as itself', () => {
    fc.assert(
      fc.property(place, repository, version, (where, name, which) => {
        const text = formatName({ ...where, repository: name, ...which });
        let once: ReturnType<typeof parseReference>;
        try {
          once = parseReference(text);
        } catch {
          return;
        }
        if (once.kind === 'name') expect(parseReference(once.text)).toEqual(once);
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
