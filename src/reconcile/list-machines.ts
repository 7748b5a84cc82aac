/** What an IaaS lists, asked a second time where something is missing. */
import type { IaasProvider } from '../iaas/provider.ts';
import type { VmRecord } from '../model/inventory.ts';
import type { Machine } from '../model/observation.ts';

/**
 * The machines that an IaaS lists. Where it does not list one of these VMs it is asked once more, and what either answer has is there: for a
 * page that was lost nothing is forgotten and made anew, least of all what sleeps and cannot answer for itself.
 * @throws IaasError when either answer fails
 */
export async function listMachines(
  provider: Pick<IaasProvider, 'list'>,
  recorded: readonly VmRecord[],
): Promise<readonly Machine[]> {
  const first = await provider.list();
  const listed = new Set(first.map(({ id }) => id));
  const expected = recorded.filter(({ state }) => state !== 'creating' && state !== 'deleting');
  if (expected.every(({ machine }) => machine === undefined || listed.has(machine))) return first;
  const second = await provider.list();
  const again = new Set(second.map(({ id }) => id));
  return [...second, ...first.filter(({ id }) => !again.has(id))];
}
