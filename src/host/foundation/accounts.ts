import { readFileSync, writeFileSync } from 'node:fs';
import type { Role } from '../../cimom/index.js';
import { secretFile } from './data-folder.js';
import type { Foundation } from './foundation.js';

const secretBytes = 24;

/**
 * Makes an account with a random secret unless it exists, and leaves the secret in the data folder (mode 0600) for people
 * and commands of this machine. Without a folder the secret is only returned.
 * @returns the secret; null where the account exists and its secret is not on file
 */
export async function ensureAccount(foundation: Foundation, user: string, role: Role | null): Promise<string | null> {
  const { accounts, grants, folder, randomness } = foundation;
  const file = folder === null ? null : secretFile(folder, user);
  if (accounts.has(user)) return file === null ? null : readSecret(file);
  const secret = Buffer.from(randomness.bytes(secretBytes)).toString('base64url');
  if (file !== null) writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  await accounts.create(user, secret);
  if (role !== null) await grants.grant({ user, role, datacenter: null, domains: null });
  return secret;
}

/** The secret of an account as the host left it; null if it is not there or not readable. */
export function readSecret(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
