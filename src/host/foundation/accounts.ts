import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Role } from '../../cimom/index.js';
import type { AccountDesk } from '../../providers/index.js';
import { secretFile } from './data-folder.js';
import type { Foundation } from './foundation.js';

const secretBytes = 24;

function randomSecret({ randomness }: Pick<Foundation, 'randomness'>): string {
  return Buffer.from(randomness.bytes(secretBytes)).toString('base64url');
}

/**
 * Makes an account with a random secret unless it exists, and leaves the secret in the data folder (mode 0600) for people
 * and commands of this machine. Without a folder the secret is only returned.
 * @returns the secret; null where the account exists and its secret is not on file
 */
export async function ensureAccount(foundation: Foundation, user: string, role: Role | null): Promise<string | null> {
  const { accounts, grants, folder } = foundation;
  const file = folder === null ? null : secretFile(folder, user);
  if (accounts.has(user)) return file === null ? null : readSecret(file);
  const secret = randomSecret(foundation);
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

/** The accounts as providers offer them. A secret that was left in the data folder goes once it is no longer true. */
export function createAccountDesk(foundation: Foundation): AccountDesk {
  const { accounts, folder } = foundation;
  const forget = (user: string): void => {
    // Names of accounts may hold what leads to other folders.
    if (folder !== null && basename(user) === user) rmSync(secretFile(folder, user), { force: true });
  };
  return {
    users: () => accounts.list().map(({ user }) => user),
    async create(user) {
      const secret = randomSecret(foundation);
      await accounts.create(user, secret);
      return secret;
    },
    async setSecret(user, wanted) {
      const secret = wanted ?? randomSecret(foundation);
      await accounts.setSecret(user, secret);
      forget(user);
      return wanted === null ? secret : null;
    },
    async remove(user) {
      await accounts.remove(user);
      forget(user);
    },
  };
}
