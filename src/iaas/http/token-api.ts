/** A vendor's API behind one token that a secret reference names; it is read at the first request. */
import { remembered } from '../../concurrency/remembered.ts';
import { openFetch } from '../../host/open-fetch.ts';
import { readSecret } from '../../host/read-secret.ts';
import { IaasError, StratosError } from '../../model/errors.ts';
import type { SecretRef } from '../../model/secret-ref.ts';
import { openApi, type Api, type ApiSettings } from './api.ts';

export interface TokenApiSettings extends Pick<ApiSettings, 'iaas' | 'explain' | 'loginHint'> {
  readonly url: string;
  readonly token: SecretRef;
  /** Variables of the operator's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the header `Authorization` says. Default: the token as bearer. */
  readonly authorization?: (token: string) => string;
  /** File with certificates of authorities that are trusted beside the system's. */
  readonly ca?: string | undefined;
  /** SHA-256 of the one certificate that is trusted, in place of all authorities. */
  readonly fingerprint?: string | undefined;
}

/** Opens it; nothing is read or contacted yet. A token that cannot be read is `unauthorized`. */
export function tokenApi(settings: TokenApiSettings): Api {
  const { iaas, explain, loginHint, ca, fingerprint, authorization = (token) => `Bearer ${token}` } = settings;
  const open = remembered(() =>
    openFetch({ ...(ca !== undefined && { ca }), ...(fingerprint !== undefined && { fingerprint }) }),
  );
  const token = remembered(async () => {
    try {
      return await readSecret(settings.token, `enter ${iaas}`, settings.env);
    } catch (error) {
      if (!(error instanceof StratosError)) throw error;
      throw new IaasError(iaas, 'unauthorized', error.message, {
        cause: error,
        ...(error.hint !== undefined && { hint: error.hint }),
      });
    }
  });
  return openApi({
    iaas,
    endpoint: new URL(settings.url),
    fetch: async (url, init) => (await open())(url, init),
    headers: async () => ({ authorization: authorization((await token()).reveal()) }),
    explain,
    loginHint,
  });
}
