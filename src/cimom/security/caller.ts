/** Who asks. */
export interface Caller {
  /** Account name; `system` for the host itself. */
  readonly user: string;
  /** How it was proven. */
  readonly method: 'basic' | 'certificate' | 'socket' | 'internal';
  /** Where it came from, for the journal; null for the host itself. */
  readonly address: string | null;
}

/** The host itself: allowed everything. */
export const systemCaller: Caller = { user: 'system', method: 'internal', address: null };

/** Names that no account and no certificate may stand for. */
export function isReservedUser(user: string): boolean {
  return user === systemCaller.user;
}
