import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextTransfers, type SpreadState } from '../../../src/store/spread/turns.ts';

const states = fc
  .record({
    names: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 12 }),
    givers: fc.nat(6),
    running: fc.array(fc.nat(8), { maxLength: 8 }),
    fanOut: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ names, givers, running, fanOut }) => {
    const some = names.slice(0, givers);
    return {
      fanOut,
      state: {
        givers: some,
        waiting: names.slice(givers),
        running: running.map((n) => (n === 8 ? undefined : some[n])),
      } satisfies SpreadState,
    };
  });

it('nextTransfers gives each VM at most one turn, from somebody who has it and is not overrun', () => {
  fc.assert(
    fc.property(states, ({ state, fanOut }) => {
      const transfers = nextTransfers(state, fanOut);
      expect(new Set(transfers.map(({ to }) => to)).size).toBe(transfers.length);
      for (const { to, from } of transfers) {
        expect(state.waiting).toContain(to);
        if (from !== undefined) expect(state.givers).toContain(from);
        expect(from).not.toBe(to);
      }
      for (const giver of state.givers) {
        const before = state.running.filter((from) => from === giver).length;
        const begun = transfers.filter(({ from }) => from === giver).length;
        expect(begun).toBeLessThanOrEqual(Math.max(0, fanOut - before));
      }
    }),
  );
});

it('nextTransfers never leaves VMs waiting while nothing is under way', () => {
  fc.assert(
    fc.property(states, ({ state, fanOut }) => {
      const idle = { ...state, running: [] };
      expect(nextTransfers(idle, fanOut).length > 0).toBe(state.waiting.length > 0);
    }),
  );
});

/** All of one round end together. */
function rounds(count: number, fanOut: number, lost: (round: number) => number = () => 0) {
  let waiting = Array.from({ length: count }, (_, n) => `vm-${String(n)}`);
  let givers: string[] = [];
  let fromOperator = 0;
  let round = 0;
  while (waiting.length > 0) {
    const begun = nextTransfers({ waiting, givers, running: [] }, fanOut);
    fromOperator += begun.filter(({ from }) => from === undefined).length;
    const served = new Set(begun.map(({ to }) => to));
    waiting = waiting.filter((vm) => !served.has(vm));
    givers = [...givers, ...served].slice(lost(round));
    round += 1;
  }
  return { round, fromOperator };
}

it('nextTransfers lets the operator give a few times, and reaches all in a number of rounds that grows by a logarithm', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 6 }), (count, fanOut) => {
      const { round, fromOperator } = rounds(count, fanOut);
      expect(fromOperator).toBe(Math.min(count, fanOut));
      const least = 1 + Math.max(0, Math.ceil(Math.log(count / fanOut) / Math.log(1 + fanOut) - 1e-9));
      expect(round).toBe(least);
    }),
  );
});

it('nextTransfers ends also when all givers are lost over and over', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 6 }), (count, fanOut) => {
      expect(rounds(count, fanOut, () => 10_000).fromOperator).toBe(count);
    }),
  );
});
