import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, messageOf, type Randomness } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import type { TpmClient } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import { openKeyFile, readKeyFile, writeKeyFile } from './key-file.js';
import { createNvCounter, type NvCounter, openNvCounter } from './nv-counter.js';
import { ProtectedRows } from './protected-rows.js';
import { decodeSealedKey, encodeSealedKey, sealKey, type SealedKey, unsealKey } from './sealed-key.js';
import { createSealer, type Sealer } from './sealer.js';
import { writeStateFile } from './state-file.js';

export interface StateProtectionOptions {
  readonly store: Store;
  /** `state.key` (mode 0600), or `state.sealed`. */
  readonly folder: string;
  /** The TPM of the host, started; null: there is none. */
  readonly tpm: TpmClient | null;
  /** PCRs whose values a newly sealed key is bound to. */
  readonly pcrs: string;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Milliseconds after which changes are marked in the TPM at the latest; 10 minutes, for a counter wears. */
  readonly markInterval?: number;
}

/** How states at rest are kept from others, and from coming back. */
export interface StateProtection {
  /** `tpm`: the key is sealed to the TPM of the host, which counts what is current. `file`: the key is a file of mode 0600. */
  readonly kind: 'tpm' | 'file';
  /** PCRs that the key is bound to; null for a file. */
  readonly pcrs: string | null;
  readonly key: Uint8Array;
  readonly sealer: Sealer;
  readonly rows: ProtectedRows;
  /** Number of the current epoch; the counter's value. 0 without a TPM. */
  epoch(): number;
  /** Makes all that was written before now the oldest that is accepted. Nothing happens without a TPM, or without changes. */
  mark(): Promise<void>;
  /** As {@link StateProtection.mark}, also where no state has changed: the data folder has more in it than virtual TPMs. */
  markFolder(): Promise<void>;
  close(): Promise<void>;
}

const defaultMarkInterval = 10 * 60_000;
const keyName = 'state.key';
const sealedName = 'state.sealed';

interface OpenedKey {
  readonly key: Uint8Array;
  /** Null: a file. */
  readonly sealed: { readonly key: SealedKey; readonly counter: NvCounter } | null;
}

/** The sealed key of a folder; null when there is none. */
export async function readSealedKey(
  folder: string,
): Promise<{ readonly sealed: SealedKey; readonly counter: number } | null> {
  const file = join(folder, sealedName);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : decodeSealedKey(text, file);
}

async function openKey({ folder, tpm, store, randomness }: StateProtectionOptions): Promise<OpenedKey> {
  const found = await readSealedKey(folder);
  if (found === null) {
    const file = join(folder, keyName);
    if (store.get('vtpm', 'summary') !== undefined && (await readKeyFile(file)) === null) {
      throw new VtpmError('vtpm_key_unavailable', `the key of the virtual TPMs is gone: there is no ${file}`);
    }
    return { key: await openKeyFile(file, randomness), sealed: null };
  }
  if (tpm === null) {
    throw new VtpmError(
      'vtpm_key_unavailable',
      'the key of the virtual TPMs is sealed to the TPM of this host, which cannot be reached',
    );
  }
  const key = await unsealKey(tpm, found.sealed);
  // An interrupted sealing may have left it.
  await rm(join(folder, keyName), { force: true });
  return { key, sealed: { key: found.sealed, counter: openNvCounter(tpm, found.counter, key) } };
}

/** Puts a key under the TPM: from now on the file is not needed. */
async function seal(
  { folder, tpm, pcrs, store }: StateProtectionOptions & { readonly tpm: TpmClient },
  key: Uint8Array,
  enter: (tx: StoreTransaction, epoch: number) => void,
): Promise<NonNullable<OpenedKey['sealed']>> {
  const sealed = await sealKey(tpm, key, pcrs);
  const counter = await createNvCounter(tpm, key);
  const epoch = await counter.read();
  await store.transaction((tx) => {
    enter(tx, epoch);
  });
  await writeStateFile(join(folder, sealedName), Buffer.from(encodeSealedKey(sealed, counter.index), 'utf8'));
  await rm(join(folder, keyName), { force: true });
  return { key: sealed, counter };
}

/** Rows of a version that had no summary: numbers of states stood beside them. */
function adoptFormerRows(tx: StoreTransaction): void {
  for (const { key, value } of tx.range('vtpm', 'state/', 'state0', Number.MAX_SAFE_INTEGER)) {
    const [, uuid, kind] = key.split('/');
    if (kind !== 'sequence' || uuid === undefined || uuid.startsWith('host')) continue;
    tx.put('vtpm', `sequence/${uuid}`, value);
    tx.delete('vtpm', key);
  }
}

async function checkCurrent(rows: ProtectedRows, counter: NvCounter | null): Promise<void> {
  const epoch = rows.epoch() ?? 0;
  const intact = rows.isIntact();
  if (counter !== null) {
    const marked = await counter.read();
    // The number is written before the counter goes up; a crash between them left the counter one behind.
    if (epoch === marked + 1) await counter.increment();
    else if (epoch !== marked) {
      throw new VtpmError(
        'vtpm_rolled_back',
        `the virtual TPMs of this data folder are of an older copy: the TPM of the host has counted to ${marked}, the folder is of ${epoch}`,
        { details: { marked, epoch } },
      );
    }
  }
  if (!intact) {
    throw new VtpmError(
      'vtpm_rolled_back',
      'rows of the index of virtual TPMs were changed, removed or taken from an older copy',
    );
  }
}

/**
 * Opens the key of a host's virtual TPMs and makes sure that what is kept of them is what was kept last. With a TPM a key that
 * is a file is sealed to it, and the file deleted.
 * @throws VtpmError `vtpm_key_unavailable`, `vtpm_rolled_back`, `vtpm_state_invalid` @throws TpmError, TpmTransportError
 */
export async function openStateProtection(options: StateProtectionOptions): Promise<StateProtection> {
  const { store, tpm, randomness } = options;
  const opened = await openKey(options);
  const sealer = createSealer(opened.key, randomness);
  const rows = new ProtectedRows(store, sealer, opened.key);
  if (rows.epoch() === null && opened.sealed === null) {
    await store.transaction((tx) => {
      adoptFormerRows(tx);
      rows.adopt(tx, 0);
    });
  } else await checkCurrent(rows, opened.sealed?.counter ?? null);
  if (opened.sealed !== null || tpm === null) return protection(options, opened, sealer, rows);
  const sealed = await seal({ ...options, tpm }, opened.key, (tx, epoch) => {
    rows.enter(tx, epoch);
  });
  return protection(options, { key: opened.key, sealed }, sealer, rows);
}

export interface AcceptOptions extends StateProtectionOptions {
  /** The key itself, where the TPM does not give it back. */
  readonly recoveryKey?: Uint8Array;
  /** Written in the transaction that accepts. */
  readonly record: (tx: StoreTransaction) => void;
}

/**
 * Takes what a folder holds for current: an older copy that was restored on purpose, PCRs that were changed on purpose, another
 * TPM. The key is sealed again, to the PCRs as they are now; without a TPM it becomes a file.
 * @throws VtpmError `vtpm_key_unavailable`, `vtpm_state_invalid` (the recovery key is not the one of this folder)
 */
export async function acceptStates(options: AcceptOptions): Promise<StateProtection> {
  const { store, folder, tpm, randomness, recoveryKey, record } = options;
  const former = await readSealedKey(folder);
  const opened = recoveryKey === undefined ? await openKey(options) : { key: recoveryKey, sealed: null };
  const sealer = createSealer(opened.key, randomness);
  const rows = new ProtectedRows(store, sealer, opened.key);
  // Refuses a key that is not the one of this folder.
  if (rows.epoch() !== null) rows.isIntact();
  const adopt = (tx: StoreTransaction, epoch: number): void => {
    adoptFormerRows(tx);
    rows.adopt(tx, epoch);
    record(tx);
  };
  if (tpm === null) {
    await rm(join(folder, keyName), { force: true });
    await writeKeyFile(join(folder, keyName), opened.key);
    await store.transaction((tx) => {
      adopt(tx, 0);
    });
    await rm(join(folder, sealedName), { force: true });
    return protection(options, { key: opened.key, sealed: null }, sealer, rows);
  }
  const sealed = await seal({ ...options, tpm }, opened.key, adopt);
  if (former !== null && former.counter !== sealed.counter.index) {
    await openNvCounter(tpm, former.counter, opened.key)
      .remove()
      .catch((error: unknown) => {
        options.log.debug('vtpm_former_counter', { error: messageOf(error) });
      });
  }
  return protection(options, { key: opened.key, sealed }, sealer, rows);
}

function protection(
  { store, log, markInterval = defaultMarkInterval }: StateProtectionOptions,
  { key, sealed }: OpenedKey,
  sealer: Sealer,
  rows: ProtectedRows,
): StateProtection {
  const counter = sealed?.counter ?? null;
  let behind = false;
  let dirty = false;
  let timer: NodeJS.Timeout | null = null;
  let marking: Promise<void> = Promise.resolve();

  async function markNow(): Promise<void> {
    if (counter === null || !dirty) return;
    dirty = false;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    try {
      if (!behind) {
        const next = (rows.epoch() ?? 0) + 1;
        await store.transaction((tx) => {
          rows.enter(tx, next);
        });
        behind = true;
      }
      await counter.increment();
      behind = false;
    } catch (error) {
      dirty = true;
      throw error;
    }
  }
  const mark = (): Promise<void> => {
    const next = marking.catch(() => undefined).then(markNow);
    marking = next;
    return next;
  };

  rows.onChange = () => {
    dirty = true;
    if (counter === null) return;
    timer ??= setTimeout(() => {
      timer = null;
      mark().catch((error: unknown) => {
        log.error('vtpm_states_not_marked', { error: messageOf(error) });
      });
    }, markInterval).unref();
  };
  return {
    kind: sealed === null ? 'file' : 'tpm',
    pcrs: sealed?.key.pcrs ?? null,
    key,
    sealer,
    rows,
    epoch: () => rows.epoch() ?? 0,
    mark,
    markFolder() {
      dirty = true;
      return mark();
    },
    async close() {
      await mark().catch((error: unknown) => {
        log.error('vtpm_states_not_marked', { error: messageOf(error) });
      });
      if (timer !== null) clearTimeout(timer);
    },
  };
}
