/** PEM texts; the server's certificate is verified unless `verify` is false. */
export interface ClientTls {
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly verify?: boolean;
  /** Name that the certificate must carry, where it is not the host of the URL. */
  readonly serverName?: string;
}
