/** Why a server could not be asked, in words; from the codes of Node and undici. */

export interface NetworkTrouble {
  /** Its certificate is not trusted, or it speaks no TLS: asking again does not help. */
  readonly lasting: boolean;
  /** The other side ended the connection and had sent nothing. */
  readonly hungUp?: true;
  /** `nobody listens there`. */
  readonly words: string;
}

const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/;

/** Reads the error of a request that had no answer, or whose answer was cut. */
export function networkTrouble(error: unknown): NetworkTrouble {
  const code = codeIn(error);
  if (CERTIFICATE.test(code)) {
    return { lasting: true, words: `${certificateTrouble(code)} (${code})` };
  }
  if (code === 'UND_ERR_SOCKET' && hungUp(error))
    return { lasting: false, hungUp: true, words: 'it hung up before it answered' };
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nobody listens there',
    ENOTFOUND: 'the host name is not known',
    EAI_AGAIN: 'the host name cannot be looked up',
    UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
    UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
    UND_ERR_BODY_TIMEOUT: 'it fell silent',
    ECONNRESET: 'the connection was cut',
    EPIPE: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut',
    EHOSTUNREACH: 'there is no way to it',
    ENETUNREACH: 'there is no way to it',
  };
  return { lasting: false, words: words[code] ?? `the connection failed (${code === '' ? rootMessage(error) : code})` };
}

/** An alert of the server is about our certificate (RFC 8446, 6.2); others of OpenSSL come from what is no TLS. */
function certificateTrouble(code: string): string {
  if (/ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA)$/.test(code)) return 'it wants a client certificate that it trusts';
  return code.startsWith('ERR_SSL') ? 'it does not speak TLS' : 'its certificate is not trusted';
}

/** Whether the other side ended the connection and had sent nothing; undici keeps the counts beside its error. */
function hungUp(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    cause instanceof Error && 'socket' in cause && (cause.socket as { bytesRead?: unknown } | null)?.bytesRead === 0
  );
}

function codeIn(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    const first: unknown = at instanceof AggregateError ? at.errors[0] : undefined;
    if (first instanceof Error && 'code' in first && typeof first.code === 'string') return first.code;
  }
  return '';
}

/** What the innermost cause says: `bad port` for those that the Fetch standard blocks. */
function rootMessage(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  if (cause instanceof Error) return rootMessage(cause);
  return error instanceof Error ? error.message : String(error);
}
