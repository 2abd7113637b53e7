/** Bounds of an object manager. Times are milliseconds unless the name says otherwise. */
export interface ObjectManagerLimits {
  /** Objects of one batch that the object manager makes itself. */
  readonly batchSize: number;
  /** Open enumerations of one user, and of all. */
  readonly contextsOfUser: number;
  readonly contexts: number;
  /** Objects that one Open or Pull returns, whatever was asked for. */
  readonly objectsOfPull: number;
  /** Seconds: for an Open that says nothing; the longest that may be asked for. */
  readonly defaultOperationTimeout: number;
  readonly longestOperationTimeout: number;
  /** Pulls in a row with MaxObjectCount 0 that keep an enumeration alive. */
  readonly keepAlivePulls: number;
  /** How long a Pull waits for a slow provider before it answers with less. */
  readonly pullWait: number;
  /** How long one step of a provider may take: a call, or the next batch. */
  readonly providerStep: number;
  /** The same for an extrinsic method. */
  readonly methodCall: number;
  /** Objects that EnumerationCount counts before it answers that it does not know. */
  readonly counted: number;
  /** Objects remembered to leave duplicates out of one traversal. */
  readonly traversed: number;
}

export const defaultLimits: ObjectManagerLimits = {
  batchSize: 256,
  contextsOfUser: 64,
  contexts: 1024,
  objectsOfPull: 10_000,
  defaultOperationTimeout: 60,
  longestOperationTimeout: 900,
  keepAlivePulls: 1000,
  pullWait: 5000,
  providerStep: 60_000,
  methodCall: 600_000,
  counted: 100_000,
  traversed: 1_000_000,
};
