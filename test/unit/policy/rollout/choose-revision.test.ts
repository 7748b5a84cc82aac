import { describe, expect, it } from 'vitest';
import { instant } from '../../../../src/model/quantity.ts';
import type { RevisionRecord } from '../../../../src/model/revision.ts';
import {
  choiceOf,
  chooseRevision,
  keptRevisions,
  type Candidate,
} from '../../../../src/policy/rollout/choose-revision.ts';
import { markRevision } from '../../../../src/policy/rollout/mark.ts';
import { aCartridge } from '../../../support/builders.ts';

const NOW = instant(Date.parse('2026-05-01T12:00:00Z'));
const AUTHOR = { who: 'op@desk' };
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

const candidate = (letter: string, change: Partial<Candidate> = {}): Candidate => ({
  subscription: 'shop',
  fingerprint: letter,
  image: digest(letter),
  environment: 'e',
  cartridge: aCartridge('php', { image: `php:${letter}` }),
  ...change,
});

const revision = (number: number, letter: string, change: Partial<RevisionRecord> = {}): RevisionRecord => ({
  ...candidate(letter),
  name: `shop@${String(number)}`,
  number,
  who: 'op@desk',
  createdAt: '2026-05-01T00:00:00.000Z',
  why: 'x',
  state: 'succeeded',
  ...change,
});

describe('chooseRevision', () => {
  it('begins with number 1, by whom and when', () => {
    const { revision: first, isNew, before } = chooseRevision(candidate('a'), [], { ...AUTHOR, message: 'go' }, NOW);
    expect({ isNew, before }).toEqual({ isNew: true, before: undefined });
    expect(first).toMatchObject({
      name: 'shop@1',
      number: 1,
      state: 'rolling',
      who: 'op@desk',
      message: 'go',
      why: 'the first',
    });
    expect(first.createdAt).toBe('2026-05-01T12:00:00.000Z');
  });

  it('goes on with the newest where its processes are the same', () => {
    const all = [revision(1, 'a'), revision(2, 'b', { state: 'rolling' })];
    const choice = chooseRevision(candidate('b'), all, AUTHOR, NOW);
    expect(choice).toMatchObject({ isNew: false, revision: all[1], before: all[0], returning: false });
  });

  it('says what is other, and ends a rollout that was not done', () => {
    const all = [revision(1, 'a'), revision(2, 'b', { state: 'rolling' })];
    const choice = chooseRevision(candidate('c'), all, AUTHOR, NOW);
    expect(choice.revision).toMatchObject({ number: 3, why: 'image php:b → php:c' });
    expect(choice.superseded).toMatchObject({ number: 2, state: 'superseded' });
    expect(choice.before?.number).toBe(1);
  });

  it.each<[string, Partial<Candidate>, string]>([
    [
      'a tag that moved',
      { image: digest('d'), cartridge: aCartridge('php', { image: 'php:a' }) },
      `image php:a moved to ${digest('d').slice(0, 19)}`,
    ],
    [
      'environment',
      {
        image: digest('a'),
        environment: 'f',
        cartridge: aCartridge('php', { image: 'php:a', env: { A: { kind: 'value', value: '1' } } }),
      },
      'environment: A',
    ],
    [
      'a secret',
      { image: digest('a'), environment: 'f', cartridge: aCartridge('php', { image: 'php:a' }) },
      'a secret changed',
    ],
    [
      'a command',
      { image: digest('a'), cartridge: aCartridge('php', { image: 'php:a', command: ['x'] }) },
      'command changed',
    ],
    ['a pin', { pinned: 4 }, 'back to revision 4'],
  ])('says why: %s', (_what, change, why) => {
    const choice = chooseRevision(candidate('z', change), [revision(1, 'a')], AUTHOR, NOW);
    expect(choice.revision.why).toBe(why);
  });

  it('stays returned from what failed for as long as the spec asks for it', () => {
    const all = [revision(1, 'a'), revision(2, 'b', { state: 'failed', returnsTo: 1 })];
    expect(chooseRevision(candidate('b'), all, AUTHOR, NOW)).toMatchObject({ returning: true, before: all[0] });
    expect(chooseRevision(candidate('c'), all, AUTHOR, NOW)).toMatchObject({ returning: false, isNew: true });
  });

  it('never goes back to what did not succeed', () => {
    const newest = revision(3, 'c');
    const all = [revision(1, 'a', { state: 'failed' }), revision(2, 'b', { state: 'aborted' }), newest];
    expect(choiceOf(newest, all).before).toBeUndefined();
  });
});

describe('keptRevisions', () => {
  it('keeps the newest, the last that succeeded and what is pinned', () => {
    const all = [1, 2, 3, 4, 5, 6].map((n) => revision(n, String(n), { state: n === 2 ? 'succeeded' : 'failed' }));
    expect(keptRevisions(all, 2, undefined).map(({ number }) => number)).toEqual([2, 5, 6]);
    expect(keptRevisions(all, 2, 1).map(({ number }) => number)).toEqual([1, 2, 5, 6]);
    expect(keptRevisions(all, 10, undefined)).toEqual(all);
  });
});

describe('markRevision', () => {
  const before = revision(1, 'a');
  const rolling = revision(2, 'b', { state: 'rolling' });
  it.each<[string, RevisionRecord, Parameters<typeof markRevision>[1], object | RegExp]>([
    ['pause', rolling, 'pause', { state: 'paused' }],
    ['pause of a paused one', { ...rolling, state: 'paused' }, 'pause', /paused already/],
    ['resume', { ...rolling, state: 'paused' }, 'resume', { state: 'rolling' }],
    ['resume of one that is not', rolling, 'resume', /not paused/],
    ['promote', { ...rolling, phase: 'canary' }, 'promote', { state: 'rolling', promoted: true }],
    ['promote of nothing', rolling, 'promote', /nothing in it waits/],
    ['abort', rolling, 'abort', { state: 'aborted', returnsTo: 1 }],
    ['abort of what failed and is held', { ...rolling, state: 'failed' }, 'abort', { state: 'aborted', returnsTo: 1 }],
    ['abort of what succeeded', before, 'abort', /is over: it succeeded/],
    [
      'retry',
      { ...rolling, state: 'failed', returnsTo: 1, failure: 'x', phase: 'canary' },
      'retry',
      { state: 'rolling' },
    ],
    ['retry of what goes on', rolling, 'retry', /is over|rolling/],
  ])('%s', (_name, from, verb, expected) => {
    const marked = markRevision(from, verb, before, NOW);
    if (expected instanceof RegExp) expect(marked).toMatch(expected);
    else expect(marked).toMatchObject(expected);
    if (verb === 'retry' && typeof marked !== 'string') {
      expect(marked).not.toHaveProperty('returnsTo');
      expect(marked).not.toHaveProperty('phase');
    }
  });
  it('abort needs something to go back to', () => {
    expect(markRevision(rolling, 'abort', undefined, NOW)).toMatch(/nothing to go back to/);
  });
});
