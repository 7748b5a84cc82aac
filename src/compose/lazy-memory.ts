/** The memory of runs, loaded when a run first asks for it; one for the whole program, so that `--watch` reads its files once. */
import type { RunMemory } from '../inventory/run-memory.ts';
import type { EventSink } from '../model/event.ts';

/** What cannot be read or written is told as a warning. */
export function lazyMemory(directory: string, emit: EventSink): RunMemory {
  let memory: Promise<RunMemory> | undefined;
  const load = async (): Promise<RunMemory> => {
    const { runMemory } = await import('../inventory/run-memory.ts');
    return runMemory(directory, (message) => {
      emit({ type: 'warning', message });
    });
  };
  const loaded = (): Promise<RunMemory> => (memory ??= load());
  return {
    recall: async (since, until) => (await loaded()).recall(since, until),
    remember: async (record) => (await loaded()).remember(record),
  };
}
