import { TvdcError } from '../../base/index.js';

/** PCR of a host for its isolation policy. */
export const isolationPcr = 13;

/** The policy that a host enforces, as written to its log and extended into PCR 13. */
export interface IsolationState {
  readonly policyName: string;
  readonly policyVersion: string;
  /** SHA-256 of the policy document, lower-case hexadecimal. */
  readonly documentSha256: string;
  readonly systemLabel: string;
}

const blanks = (value: string): string => value.replace(/\s/g, '_');

/** Data of the event `tvdc-policy name version sha256 label`, in UTF-8, blanks within a part as `_`. */
export function encodeIsolationEvent(state: IsolationState): Uint8Array {
  const parts = [state.policyName, state.policyVersion, state.documentSha256.toLowerCase(), state.systemLabel];
  return new Uint8Array(Buffer.from(['tvdc-policy', ...parts.map((part) => blanks(part) || '-')].join(' '), 'utf8'));
}

/** @throws TvdcError `bad_isolation_event` if the data is of another form */
export function decodeIsolationEvent(data: Uint8Array): IsolationState {
  const parts = Buffer.from(data).toString('utf8').split(' ');
  const [tag, policyName, policyVersion, documentSha256, systemLabel] = parts;
  if (
    tag !== 'tvdc-policy' ||
    parts.length !== 5 ||
    policyName === undefined ||
    policyVersion === undefined ||
    systemLabel === undefined ||
    !/^[0-9a-f]{64}$/.test(documentSha256 ?? '')
  ) {
    throw new TvdcError('bad_isolation_event', 'expected "tvdc-policy name version sha256 label"');
  }
  return { policyName, policyVersion, documentSha256: documentSha256 as string, systemLabel };
}

/** Whether two states are the same once blanks are written as `_`. */
export function sameIsolation(a: IsolationState, b: IsolationState): boolean {
  return Buffer.compare(encodeIsolationEvent(a), encodeIsolationEvent(b)) === 0;
}
