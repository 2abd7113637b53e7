import { userInfo } from 'node:os';
import { Command } from 'commander';
import { fromHex, silentLog, toHex } from '../../base/index.js';
import { defaultDataFolder } from '../../host/foundation/index.js';
import type { ProtectedFolder, ProtectionReport } from '../../host/management-vm/index.js';
import { outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText, writeSecret } from '../files.js';
import { recordForms, type Streams, writeAnswer } from '../output/index.js';

interface StateOptions {
  readonly data?: string;
  readonly sealTpm: string;
  readonly sealPcrs?: string;
  readonly output?: string;
}

interface AcceptOptions extends StateOptions {
  readonly reason: string;
  readonly recovery?: string;
}

function management() {
  return import('../../host/management-vm/index.js');
}

function folderOf({ data, sealTpm, sealPcrs }: StateOptions): ProtectedFolder {
  return {
    folder: data ?? defaultDataFolder(),
    sealTpm,
    ...(sealPcrs === undefined ? {} : { sealPcrs }),
    log: silentLog,
  };
}

function sentenceOf({ kind, pcrs, epoch }: ProtectionReport): string {
  return kind === 'file'
    ? 'the key is a file of mode 0600; nothing outside of the folder says what is current'
    : `the key is sealed to the TPM of this host and its PCRs ${pcrs ?? ''}; the counter says ${epoch}, and so does the folder`;
}

async function show(streams: Streams, options: StateOptions): Promise<void> {
  const form = outputForm(options);
  const report = await (await management()).examineStates(folderOf(options));
  await writeAnswer(streams, form, sentenceOf(report), { ...report });
}

async function recovery(streams: Streams, options: StateOptions & { readonly file: string }): Promise<void> {
  const form = outputForm(options);
  const key = await (await management()).recoveryKeyOf(folderOf(options));
  writeSecret(options.file, Buffer.from(`${toHex(key)}\n`, 'utf8'));
  await writeAnswer(streams, form, `${options.file} opens every virtual TPM of this host: keep it elsewhere`, {
    file: options.file,
  });
}

/** @throws UsageError */
function keyOf(file: string): Uint8Array {
  const digits = readText(file).trim();
  if (!/^[0-9a-f]{64}$/i.test(digits)) throw new UsageError(`${file} is not what "tvdc vtpm state recovery" writes`);
  return fromHex(digits);
}

async function accept(streams: Streams, options: AcceptOptions): Promise<void> {
  const form = outputForm(options);
  if (options.reason.trim() === '') throw new UsageError('--reason is what the journal will say');
  const { acceptFolder } = await management();
  const report = await acceptFolder(folderOf(options), {
    reason: options.reason,
    actor: userInfo().username,
    ...(options.recovery === undefined ? {} : { recoveryKey: keyOf(options.recovery) }),
  });
  await writeAnswer(streams, form, `accepted and recorded; ${sentenceOf(report)}`, { ...report });
}

/** Options that say which TPM seals the key of virtual TPMs. */
export function withSealing(command: Command): Command {
  return command
    .option(
      '--seal-tpm <where>',
      'TPM that seals the key of virtual TPMs: auto (the device of this host), none, a device, host:port',
      'auto',
    )
    .option('--seal-pcrs <list>', 'its PCRs that a newly sealed key is bound to (default sha256:0,2,4,7)');
}

/** How the states of virtual TPMs are kept: for the machine of a host that does not run. */
export function stateCommand(streams: Streams): Command {
  const state = new Command('state').description('what keeps the states of virtual TPMs; the host must not run');
  const offline = (name: string, description: string): Command =>
    withSealing(state.command(name).description(description))
      .option('--data <folder>', 'data folder (TVDC_DATA)')
      .option('-o, --output <form>', `${recordForms.join(', ')} (default table)`);
  offline('show', 'whether the key is sealed, and whether what the folder holds is current').action(
    (options: StateOptions) => show(streams, options),
  );
  offline('recovery', 'write the key down, for the day when the TPM of the host does not give it back')
    .requiredOption('--file <file>', 'where the key goes')
    .action((options: StateOptions & { readonly file: string }) => recovery(streams, options));
  offline('accept', 'take an older copy, changed PCRs or another TPM for what is meant; the journal keeps who and why')
    .requiredOption('--reason <text>', 'why')
    .option('--recovery <file>', 'what "tvdc vtpm state recovery" wrote, where the TPM does not give the key')
    .action((options: AcceptOptions) => accept(streams, options));
  return state;
}
