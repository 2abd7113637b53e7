import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, type Log, systemRandomness } from '../../base/index.js';
import { createJournal, openSqliteStore, type SqliteStore } from '../../store/index.js';
import {
  acceptStates,
  defaultSealPcrs,
  openSealingTpm,
  openStateProtection,
  readSealedKey,
  type StateProtection,
  type StateProtectionOptions,
} from '../../vtpm/index.js';
import { openIdentity } from '../foundation/index.js';

/** A data folder whose host does not run, and the TPM that its key may be sealed to. */
export interface ProtectedFolder {
  readonly folder: string;
  /** As for {@link openSealingTpm}. */
  readonly sealTpm: string;
  readonly sealPcrs?: string;
  readonly log: Log;
}

export interface ProtectionReport {
  readonly kind: StateProtection['kind'];
  readonly pcrs: string | null;
  readonly epoch: number;
}

export interface Acceptance {
  /** Why it is accepted; it stands in the journal. */
  readonly reason: string;
  /** Account of the machine. */
  readonly actor: string;
  /** What {@link recoveryKeyOf} gave. */
  readonly recoveryKey?: Uint8Array;
}

function vtpmFolder(folder: string): string {
  return join(folder, 'vtpm');
}

async function within<T>(
  at: ProtectedFolder,
  work: (options: StateProtectionOptions, store: SqliteStore) => Promise<T>,
): Promise<T> {
  const { folder, sealTpm, sealPcrs = defaultSealPcrs, log } = at;
  if (!existsSync(folder)) throw new ConfigurationError('no_data_folder', `there is no data folder ${folder}`);
  const store = openSqliteStore(folder);
  try {
    const tpm = await openSealingTpm(sealTpm, log);
    try {
      const options = { store, folder: vtpmFolder(folder), tpm, pcrs: sealPcrs, randomness: systemRandomness, log };
      return await work(options, store);
    } finally {
      await tpm?.close();
    }
  } finally {
    await store.close();
  }
}

/** Opens as a host does that starts, without sealing a key that is a file. */
async function opened<T>(at: ProtectedFolder, work: (protection: StateProtection) => T): Promise<T> {
  const isSealed = (await readSealedKey(vtpmFolder(at.folder))) !== null;
  return within(at, async (options) => {
    const protection = await openStateProtection(isSealed ? options : { ...options, tpm: null });
    try {
      return work(protection);
    } finally {
      await protection.close();
    }
  });
}

function reportOf(protection: StateProtection): ProtectionReport {
  return { kind: protection.kind, pcrs: protection.pcrs, epoch: protection.epoch() };
}

/** How the states of a folder are kept. @throws VtpmError where a host would refuse to start with it */
export function examineStates(at: ProtectedFolder): Promise<ProtectionReport> {
  return opened(at, reportOf);
}

/** The key of the states. @throws VtpmError */
export function recoveryKeyOf(at: ProtectedFolder): Promise<Uint8Array> {
  return opened(at, ({ key }) => key);
}

/** Whether a key of a folder is sealed. */
export async function hasSealedKey(folder: string): Promise<boolean> {
  return (await readSealedKey(vtpmFolder(folder))) !== null;
}

/** Takes what a folder holds for current, on the record. @throws VtpmError */
export function acceptFolder(
  at: ProtectedFolder,
  { reason, actor, recoveryKey }: Acceptance,
): Promise<ProtectionReport> {
  return within(at, async (options, store) => {
    const { uuid } = await openIdentity(store, systemRandomness, null);
    const journal = createJournal(store, { host: uuid });
    const protection = await acceptStates({
      ...options,
      ...(recoveryKey === undefined ? {} : { recoveryKey }),
      record: (tx) => {
        const facts = { change: 'accept states of virtual TPMs', reason, recovery: recoveryKey !== undefined };
        journal.append(tx, { kind: 'vtpm', actor, subject: null, facts });
      },
    });
    try {
      return reportOf(protection);
    } finally {
      await protection.close();
    }
  });
}
