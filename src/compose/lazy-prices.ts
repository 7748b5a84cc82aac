/** The prices that were told, loaded when a run first counts them. */
import type { EventSink } from '../model/event.ts';
import type { Deps } from '../reconcile/deps.ts';

/** What cannot be read is told as a warning. */
export function lazyPrices(directory: string, emit: EventSink): Deps['prices'] {
  const load = async (): Promise<Deps['prices']> => {
    const { priceFile } = await import('../inventory/price-file.ts');
    return priceFile(directory, (message) => {
      emit({ type: 'warning', message });
    });
  };
  return {
    read: async () => (await load()).read(),
    write: async (tables) => (await load()).write(tables),
  };
}
