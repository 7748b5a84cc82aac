/** How a machine is reached by SSH: everything a connection needs, and nothing it decides by itself. */
export interface Endpoint {
  /** IPv4, IPv6 or a DNS name. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH public keys (`ssh-ed25519 AAAA…`) of which the server must present one. Empty: nobody logs in; there is no trust on first use. */
  readonly hostKeys: readonly string[];
  /** Path of a private key file; without it the agent and the project's own key are tried. */
  readonly identityFile?: string;
  readonly jump?: Endpoint;
}
