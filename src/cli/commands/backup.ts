import { randomUUID } from 'node:crypto';
import { closeSync, copyFileSync, constants, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, silentLog } from '../../base/index.js';
import { defaultDataFolder } from '../../host/foundation/index.js';
import { openSqliteStore, restoreSqliteStore, StoreError, type SqliteStore } from '../../store/index.js';
import { type ConnectionOptions, connect, namesServer, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { type Streams, writeAnswer } from '../output/index.js';
import { backupByService, compactByService } from './schema-service.js';

function folderOf(options: ConnectionOptions): string {
  return options.data ?? defaultDataFolder();
}

/**
 * Works on the data folder itself where no host has it.
 * @returns undefined where a host serves it, or where a server was named @throws UsageError
 */
async function offline<T>(
  options: ConnectionOptions,
  work: (store: SqliteStore) => Promise<T>,
): Promise<T | undefined> {
  if (namesServer(options)) return undefined;
  const folder = folderOf(options);
  if (!existsSync(folder))
    throw new UsageError(`there is no data folder ${folder}: name one with --data, or a server with --url`);
  let store: SqliteStore;
  try {
    store = openSqliteStore(folder);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked') return undefined;
    throw error;
  }
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Brings a backup that the host of this machine wrote to where it was wanted. */
function fetchBackup(path: string, file: string): void {
  try {
    copyFileSync(path, file, constants.COPYFILE_EXCL);
    // Before the only other copy goes, this one is on disk.
    for (const one of [file, dirname(file)]) syncPath(one);
    rmSync(path);
  } catch (error) {
    throw new UsageError(`the backup is complete in ${path} but could not be brought to ${file}: ${messageOf(error)}`);
  }
}

async function backup(streams: Streams, file: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options, ['table', 'json']);
  const target = resolve(file);
  if (existsSync(target)) throw new UsageError(`${target} exists already`);
  if (!existsSync(dirname(target)))
    throw new UsageError(`cannot write ${target}: there is no folder ${dirname(target)}`);
  const local = await offline(options, async (store) => {
    await store.backupTo(target);
    return target;
  });
  let path = local;
  if (path === undefined) {
    const written = await backupByService(await connect(options), `${randomUUID()}.db`);
    path = written;
    // A host on another machine keeps the file: the wire carries no data.
    if (existsSync(written)) {
      fetchBackup(written, target);
      path = target;
    } else {
      streams.notes.write('the file is on the machine of the server\n');
    }
  }
  await writeAnswer(streams, form, `everything is in ${path}`, { file: path });
}

async function compact(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options, ['table', 'json']);
  const { before, after } =
    (await offline(options, (store) => store.compact())) ?? (await compactByService(await connect(options)));
  await writeAnswer(streams, form, `${before} bytes became ${after}`, { before, after });
}

export function backupCommand(streams: Streams): Command {
  return withConnection(new Command('backup'), ['table', 'json'])
    .description('copy the data of a host into a new file: of a running one by its server, else of the folder')
    .argument('<file>')
    .addHelpText(
      'after',
      '\nNot part of it, for they are files of their own: the content of volumes, the keys of the certificate authority, and the key of\nthe virtual TPMs (tvdc vtpm state recovery).',
    )
    .action((file: string, options: ConnectionOptions) => backup(streams, file, options));
}

export function compactCommand(streams: Streams): Command {
  return withConnection(new Command('compact'), ['table', 'json'])
    .description('give free space of the data file back; changes wait meanwhile')
    .action((options: ConnectionOptions) => compact(streams, options));
}

/** A restore is meant: where the TPM of the host counts what is current, it is told. */
async function acceptRestored(streams: Streams, folder: string, file: string, sealTpm: string): Promise<void> {
  const { acceptFolder, hasSealedKey } = await import('../../host/management-vm/index.js');
  if (!(await hasSealedKey(folder))) return;
  const acceptance = { reason: `restored from ${resolve(file)}`, actor: userInfo().username };
  try {
    await acceptFolder({ folder, sealTpm, log: silentLog }, acceptance);
  } catch (error) {
    streams.notes.write(
      `tvdc: restored, but the TPM of the host was not told: ${messageOf(error)}; see tvdc vtpm state accept --help\n`,
    );
  }
}

interface RestoreOptions extends ConnectionOptions {
  readonly sealTpm: string;
  readonly resumeJobs?: boolean;
}

export function restoreCommand(streams: Streams): Command {
  return new Command('restore')
    .description('make a data folder what a backup says; its host must not run')
    .argument('<file>')
    .option('--data <folder>', 'data folder (TVDC_DATA)')
    .option('--seal-tpm <where>', 'TPM that the key of its virtual TPMs is sealed to, as for tvdc serve', 'auto')
    .option('--resume-jobs', 'take up the jobs that were in progress in the backup; else they end as failed')
    .option('-o, --output <form>', 'table or json (default table)')
    .action(async (file: string, options: RestoreOptions) => {
      const form = outputForm(options, ['table', 'json']);
      const folder = folderOf(options);
      const { restoredMark } = await import('../../vmm/index.js');
      restoreSqliteStore(folder, resolve(file), options.resumeJobs === true ? [] : [restoredMark(Date.now())]);
      await acceptRestored(streams, folder, file, options.sealTpm);
      await writeAnswer(streams, form, `${folder} is as ${file} says`, { folder });
    });
}
