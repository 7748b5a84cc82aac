/** Work on project files, as commands ask for it, on top of `inventory/`. */
import { resolve } from 'node:path';
import type { ProjectUseCases, Purged, SubscriptionSettings, TenantInfo } from '../commands/project-use-cases.ts';
import { NotFoundError } from '../model/errors.ts';
import type { Deps } from '../reconcile/deps.ts';
import type { SubscriptionValues } from '../inventory/edit-spec.ts';

const edits = () => import('../inventory/edit-spec.ts');

export const projectUseCases: ProjectUseCases = {
  initProject: async (directory, options) =>
    (await import('../inventory/init-project.ts')).initProject(directory, options),
  subscribe: async ({ directory }, alias, settings) =>
    (await edits()).addSubscription(directory, alias, subscriptionValues(settings)),
  unsubscribe: async ({ directory }, alias, options) => (await edits()).removeSubscription(directory, alias, options),
  addTenant: async ({ directory }, alias, tenant, hosts) =>
    (await import('../inventory/edit-tenants.ts')).addTenant(directory, alias, tenant, hosts),
  removeTenant: async ({ directory }, alias, tenant) =>
    (await import('../inventory/edit-tenants.ts')).removeTenant(directory, alias, tenant),
  listTenants,
  scale: async ({ directory }, alias, bounds) => (await edits()).setProcessBounds(directory, alias, bounds),
  setMaking: async ({ directory }, alias, making, options) =>
    (await edits()).setMaking(directory, alias, making, options),
  purge,
  readPlan: async (path) => (await import('../inventory/plan-file.ts')).readPlan(path),
  savePlan: async (path, plan) => (await import('../inventory/plan-file.ts')).writePlan(path, plan),
  readHistory: async ({ directory, emit, now }, since) => {
    const { sampleStore } = await import('../inventory/sample-store.ts');
    const onWarning = (message: string): void => {
      emit({ type: 'warning', message });
    };
    return sampleStore(directory, { onWarning }).read(since, now());
  },
  readCosts: async (deps, since, presence) => {
    const [{ eventLog }, { readCosts }] = await Promise.all([
      import('../inventory/event-log.ts'),
      import('../reconcile/read-costs.ts'),
    ]);
    // Also what was made before: it tells where a machine was that went since.
    return readCosts(deps, await eventLog(deps.directory).read({ types: ['action.finished'] }), since, presence);
  },
  writeReport: async (path, html) => {
    const { writeProjectFile } = await import('../inventory/project-file.ts');
    await writeProjectFile(resolve(path), html, { mode: 0o644 });
  },
  readEvents: async (directory, { since, run }) => {
    const { eventLog } = await import('../inventory/event-log.ts');
    const events = await eventLog(directory).read(since === undefined ? {} : { since: new Date(since).toISOString() });
    return run === undefined ? events : events.filter((event) => event.run.startsWith(run));
  },
};

async function listTenants(deps: Deps, alias: string | undefined): Promise<readonly TenantInfo[]> {
  const { subscriptions } = await deps.loadSpec();
  const chosen = alias === undefined ? Object.values(subscriptions) : [subscriptions[alias]];
  return chosen.flatMap((subscription) => {
    if (!subscription)
      throw new NotFoundError(`Cannot find the subscription: ${JSON.stringify(alias)}`, { hint: 'stratos status' });
    return (subscription.tenants ?? []).map(({ name, hosts }) => ({ alias: subscription.alias, tenant: name, hosts }));
  });
}

/** Settings as the file has them; what is undefined is not written. */
function subscriptionValues(settings: SubscriptionSettings): SubscriptionValues {
  const { min, max, env, hosts, ...plain } = settings;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return {
    ...plain,
    processes: min === undefined && max === undefined ? undefined : bounds,
    hosts: hosts.length === 0 ? undefined : hosts,
    env:
      env.length === 0
        ? undefined
        : Object.fromEntries(env.map(({ name, value }) => [name, value ?? { fromEnv: name }])),
  };
}

/** Local IaaS by IaaS, then the caches that all projects of this machine share; what is in use stays. */
async function purge(deps: Deps): Promise<Purged> {
  const { iaas } = await deps.loadSpec();
  const [{ releaseLocal, removeLocalCache }, { BUILD_CACHE }, { rm }] = await Promise.all([
    import('../iaas/local/release.ts'),
    import('../store/build/cache-folder.ts'),
    import('node:fs/promises'),
  ]);
  const done: Purged[] = [];
  for (const spec of Object.values(iaas)) if (spec.kind === 'local') done.push(await releaseLocal(spec));
  done.push(await removeLocalCache());
  await rm(BUILD_CACHE, { recursive: true, force: true });
  return {
    removed: [...done.flatMap(({ removed }) => removed), BUILD_CACHE],
    kept: done.flatMap(({ kept }) => kept),
  };
}
