/** Where the inventory is kept and how it is locked. The file is one implementation; nothing above `inventory/` assumes it. */
import type { LockHolder } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Millis } from '../model/quantity.ts';

export interface InventoryStore {
  /** Where it is, for messages. */
  readonly location: string;
  /** The inventory; a fresh one (new lineage, serial 0, nothing in it) where there is none yet. Takes no lock and writes nothing. */
  read(): Promise<Inventory>;
  /**
   * Makes `next` the inventory, durably, with `serial` one higher than `next.serial`, and returns it so.
   * @throws StaleInventoryError when what is stored has another lineage or serial than `next`.
   */
  write(next: Inventory): Promise<Inventory>;
  /** Takes the lock, waiting up to `timeout`. @throws LockHeldError */
  lock(operation: string, options: LockOptions): Promise<InventoryLock>;
  /** Who holds the lock now. */
  holder(): Promise<LockHolder | undefined>;
  /** Breaks a lock by its id. @throws NotFoundError when no lock has this id */
  unlock(id: string): Promise<LockHolder>;
}

export interface LockOptions {
  readonly timeout: Millis;
  readonly signal?: AbortSignal;
  /** Told when a dead holder's lock is taken over, or that the lock is being waited for. */
  readonly onNotice?: (message: string) => void;
}

export interface InventoryLock {
  readonly holder: LockHolder;
  release(): Promise<void>;
}
