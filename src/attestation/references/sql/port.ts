/** What a statement takes. */
export type SqlValue = number | string | Uint8Array | null;
/** What a column gives: whole numbers as numbers, octets as `Uint8Array`. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Runs statements whose parameters are written `?`. */
export interface SqlSession {
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** Returns how many rows it changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
}

/**
 * What the reference database wants of an SQL database. Statements keep to what SQLite and PostgreSQL both have: numbered
 * pages instead of cursors, no extension, whole numbers below 2^53. Errors are the driver's; the caller translates them.
 */
export interface SqlPort {
  /** Reads outside of transactions: each query sees what was committed before it. */
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** One transaction, committed if `work` resolves and rolled back if it rejects; transactions come one after another. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How a database names the types of the layout. */
export interface SqlTypes {
  /** A primary key that the database counts. */
  readonly key: string;
  readonly integer: string;
  readonly octets: string;
}

/** `?, ?, …`, as many as asked. */
export function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
