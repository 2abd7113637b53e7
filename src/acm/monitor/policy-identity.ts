/** Name, version text and SHA-256 (hex) of a policy: two hosts enforce the same one only if all three are equal. */
export interface PolicyIdentity {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}
