/** Azure as the adapter uses it: Microsoft's clients, loaded and logged in when they are first asked. */
import type { ComputeManagementClient } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { TokenCredential } from '@azure/identity';
import { interrupted } from '../../concurrency/interrupted.ts';
import { remembered } from '../../concurrency/remembered.ts';
import { trustedAuthorities } from '../../host/trusted-authorities.ts';
import { readSecret } from '../../host/read-secret.ts';
import { IaasError, StratosError } from '../../model/errors.ts';
import type { AzureIaasSpec } from '../../model/iaas/azure.ts';
import { unlessMissing } from '../cloud/unless-missing.ts';
import { readTrouble } from './failures.ts';

export interface Azure {
  readonly compute: ComputeManagementClient;
  readonly network: NetworkManagementClient;
}

export interface Asking {
  /** `create VM web-1`; messages say "Cannot <what> as …". */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

export interface AzureAccount {
  /** Asks, within the spec's time, operations to their end. @throws IaasError, InterruptedError */
  ask<T>(asking: Asking, work: (azure: Azure, abortSignal: AbortSignal) => PromiseLike<T>): Promise<T>;
  /** The same; undefined where there is no such thing. */
  find<T>(asking: Asking, work: (azure: Azure, abortSignal: AbortSignal) => PromiseLike<T>): Promise<T | undefined>;
}

/** Opens it; nothing is contacted, and no library loaded, before the first question. */
export function azureAccount(spec: AzureIaasSpec, env: Readonly<Record<string, string | undefined>>): AzureAccount {
  const { name, timeout } = spec;
  const open = remembered(() => openAzure(spec, env));
  async function ask<T>(
    { what, signal }: Asking,
    work: (azure: Azure, abortSignal: AbortSignal) => PromiseLike<T>,
  ): Promise<T> {
    let late: AbortSignal | undefined;
    try {
      const azure = await open();
      if (signal?.aborted) throw interrupted(signal);
      // Loading the libraries is not Azure's time.
      late = AbortSignal.timeout(timeout);
      return await work(azure, signal ? AbortSignal.any([signal, late]) : late);
    } catch (error) {
      if (signal?.aborted) throw interrupted(signal);
      if (error instanceof StratosError) throw error;
      if (late?.aborted)
        throw new IaasError(name, 'unavailable', `Cannot ${what} in time as Azure is still at it`, {
          hint: 'stratos reconcile',
          cause: error,
        });
      const trouble = readTrouble(error);
      if (!trouble) throw error;
      const { failure, words, retryAfter } = trouble;
      throw new IaasError(name, failure, `Cannot ${what} as ${words}`, {
        cause: error,
        ...(failure === 'unauthorized' && { hint: 'az login' }),
        ...(retryAfter !== undefined && { retryAfter }),
      });
    }
  }
  return {
    ask,
    find: (asking, work) => unlessMissing(ask(asking, work)),
  };
}

async function openAzure(spec: AzureIaasSpec, env: Readonly<Record<string, string | undefined>>): Promise<Azure> {
  const [{ ComputeManagementClient }, { NetworkManagementClient }] = await Promise.all([
    import('@azure/arm-compute'),
    import('@azure/arm-network'),
  ]);
  const { subscription, endpoint, ca } = spec;
  const options = {
    // Whoever calls an adapter repeats, and knows how long.
    retryOptions: { maxRetries: 0 },
    ...(ca !== undefined && { tlsOptions: { ca: await trustedAuthorities(ca) } }),
  };
  const login = await credentialOf(spec, env, options);
  const settings = { ...options, endpoint, credentials: { scopes: [`${endpoint.replace(/\/$/, '')}/.default`] } };
  return {
    compute: new ComputeManagementClient(login, subscription, settings),
    network: new NetworkManagementClient(login, subscription, settings),
  };
}

async function credentialOf(
  { name, credentials, authority }: AzureIaasSpec,
  env: Readonly<Record<string, string | undefined>>,
  options: object,
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity');
  const where = {
    ...options,
    // An authority of one's own is not in Microsoft's list of them.
    ...(authority !== undefined && { authorityHost: authority, disableInstanceDiscovery: true }),
  };
  if (!credentials) return new DefaultAzureCredential(where);
  const secret = await readSecret(credentials.secret, `read the credentials of iaas ${name}`, env);
  return new ClientSecretCredential(credentials.tenant, credentials.client, secret.reveal(), where);
}
