/** Edits of `tenants:` of subscriptions. */
import { NotFoundError, UsageError } from '../model/errors.ts';
import { edit, existing, type EditResult } from './edit-spec.ts';
import { removeFromYaml, setInYaml } from './edit-yaml.ts';
import type { LoadSpecOptions } from './load-spec.ts';
import { NAME_PATTERN, NAME_RULE } from './schema/terms.ts';
import { showValue } from './show-value.ts';
import { didYouMean } from './suggest.ts';

/**
 * Signs a tenant up.
 * @throws NotFoundError when there is no such subscription
 * @throws UsageError when the name is malformed or taken
 * @throws InvalidSpecError when its cartridge serves no tenants, or a host name is taken: nothing is written then
 */
export async function addTenant(
  directory: string,
  alias: string,
  tenant: string,
  hosts: readonly string[],
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  if (!new RegExp(NAME_PATTERN).test(tenant))
    throw new UsageError(`Cannot add the tenant as its name must be ${NAME_RULE}: ${showValue(tenant)}`);
  return edit(directory, options, ({ files, spec }) => {
    const { source } = existing(files, 'subscriptions', alias, 'subscription');
    if (spec.subscriptions[alias]?.tenants?.some(({ name }) => name === tenant))
      throw new UsageError(`Cannot add the tenant as ${alias} has one of this name: ${tenant}`, {
        hint: `stratos tenant ls ${alias}`,
      });
    const values = hosts.length === 0 ? {} : { hosts };
    return { source, text: setInYaml(source, ['subscriptions', alias, 'tenants', tenant], values) };
  });
}

/**
 * Ends the sign-up of a tenant, with the comment directly above it.
 * @throws NotFoundError when there is no such subscription or tenant
 */
export async function removeTenant(
  directory: string,
  alias: string,
  tenant: string,
  options: LoadSpecOptions = {},
): Promise<EditResult> {
  return edit(directory, options, ({ files, spec }) => {
    const { source } = existing(files, 'subscriptions', alias, 'subscription');
    const names = (spec.subscriptions[alias]?.tenants ?? []).map(({ name }) => name);
    if (!names.includes(tenant)) {
      throw new NotFoundError(`Cannot find the tenant of ${alias}: ${showValue(tenant)}${didYouMean(tenant, names)}`, {
        hint: `stratos tenant ls ${alias}`,
      });
    }
    const only = names.length === 1 ? [] : [tenant];
    return { source, text: removeFromYaml(source, ['subscriptions', alias, 'tenants', ...only]) };
  });
}
