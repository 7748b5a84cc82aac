import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gatewayModel } from '../../src/gateway/gateway-model.ts';
import { renderGateway } from '../../src/gateway/haproxy-config.ts';
import { targetWord } from '../../src/gateway/haproxy-words.ts';
import { aCartridge, aProcess, aSpec, aSubscription, aVm, anInput } from '../unit/gateway/gateway-input.ts';

const aliases = ['shop', 'blog', 'api'];
const inputs = fc
  .uniqueArray(
    fc.record({
      alias: fc.constantFrom(...aliases),
      ordinal: fc.integer({ min: 1, max: 30 }),
      vm: fc.integer({ min: 1, max: 4 }),
      index: fc.integer({ min: 1, max: 200 }),
    }),
    { selector: (p) => `${p.alias}-${p.ordinal}`, maxLength: 20 },
  )
  .map((list) => list.map((p) => aProcess(p.alias, p.ordinal, p.vm, p.index)));
const vms = [1, 2, 3, 4].map((n) => aVm(n));
const subscriptions = aliases.map((alias, n) =>
  aSubscription({ alias, port: 8080 + n, hosts: [`${alias}.example.org`, `www.${alias}.example.org`] }),
);

test('the configuration does not depend on the order of anything', () => {
  const shuffled = inputs.chain((processes) =>
    fc.record({
      processes: fc.constant(processes),
      again: fc.shuffledSubarray(processes, { minLength: processes.length }),
      vmsAgain: fc.shuffledSubarray(vms, { minLength: vms.length }),
      subscriptionsAgain: fc.shuffledSubarray(subscriptions, { minLength: subscriptions.length }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ processes, again, vmsAgain, subscriptionsAgain }) => {
      const one = anInput({ spec: aSpec([aCartridge()], subscriptions), vms, processes });
      const reversed = subscriptionsAgain.map((s) => ({ ...s, hosts: [...s.hosts].reverse() }));
      const other = anInput({ spec: aSpec([aCartridge()], reversed), vms: vmsAgain, processes: again });
      expect(renderGateway(gatewayModel(other))).toBe(renderGateway(gatewayModel(one)));
    }),
  );
});

test('every process given is a server exactly once, on every VM', () => {
  fc.assert(
    fc.property(inputs, fc.constantFrom(...vms), (processes, vm) => {
      const input = anInput({ spec: aSpec([aCartridge()], subscriptions), vms, vm, processes });
      const names = gatewayModel(input).services.flatMap((service) => service.servers.map((server) => server.name));
      expect([...names].sort()).toEqual(processes.map((process) => process.name).sort());
    }),
  );
});

test('a health path becomes one word without meaning to HAProxy, and says the same', () => {
  fc.assert(
    fc.property(fc.webPath({ size: 'small' }), fc.string({ unit: 'grapheme', maxLength: 20 }), (path, rest) => {
      const text = `/${path}${rest.replace(/[\u0000-\u001f\u007f]/g, '')}`;
      const word = targetWord(text);
      expect(word).toMatch(/^\/[!-~]*$/);
      expect(word).not.toMatch(/["'\\#$]/);
      const literal = text.replace(/%(?![0-9A-Fa-f]{2})/g, '%25');
      expect(unescape(word)).toBe(unescape(encodeLiteral(literal)));
    }),
  );
});

/** Percent-encodes all that is not ASCII, so that both sides can be compared byte for byte. */
function encodeLiteral(text: string): string {
  return text.replace(/[^\u0000-\u007f]/gu, (character) => encodeURIComponent(character));
}
function unescape(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
