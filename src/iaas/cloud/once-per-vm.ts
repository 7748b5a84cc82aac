/** One creation of a VM at a time in this process: a cloud without idempotency keys would make two machines of two calls at once. */
import type { Machine } from '../../model/observation.ts';
import type { MachineRequest } from '../provider.ts';

type Create = (request: MachineRequest) => Promise<Machine>;

/** The same `create`; who asks for a VM that is being made waits, and asks then. */
export function oncePerVm(create: Create): Create {
  const under = new Map<string, Promise<unknown>>();
  return async (request) => {
    const before = under.get(request.vm);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return create(request);
    })();
    under.set(request.vm, turn);
    try {
      return await turn;
    } finally {
      if (under.get(request.vm) === turn) under.delete(request.vm);
    }
  };
}
