import type { Transport } from '../ssh/transport.ts';

/** A transport that is made when it is first used, so that a command which needs no SSH never loads it. */
export function lazyTransport(make: () => Promise<Transport>): Transport {
  let made: Promise<Transport> | undefined;
  const transport = (): Promise<Transport> => (made ??= make());
  return {
    open: (...args) => {
      transport().then(
        (opened) => {
          opened.open(...args);
        },
        () => undefined,
      );
    },
    run: async (...args) => (await transport()).run(...args),
    copy: async (...args) => (await transport()).copy(...args),
    feed: async (...args) => (await transport()).feed(...args),
    interactive: async (...args) => (await transport()).interactive(...args),
    close: async () => {
      await (await made)?.close();
    },
  };
}
