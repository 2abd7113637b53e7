import { type Command, Option } from 'commander';
import { fromHex, hash, toHex } from '../../base/index.js';
import { outputForm } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readBytes } from '../files.js';
import { recordForms, type Streams, writeAnswer } from '../output/index.js';
import { untilSignal } from '../signals.js';
import { portOf } from './serve.js';

interface ServeOptions {
  readonly port: string;
  readonly state: string;
  readonly startup: boolean;
}

interface ExtendOptions {
  readonly bank: Bank;
  readonly digest?: string;
  readonly file?: string;
  readonly output?: string;
}

const bankSizes = { sha1: 20, sha256: 32, sha384: 48 } as const;
type Bank = keyof typeof bankSizes;
const banks = Object.keys(bankSizes);
const registers = 24;

async function serve(streams: Streams, options: ServeOptions): Promise<void> {
  const port = portOf(options.port, '--port');
  if (port === 65_535) throw new UsageError('--port has no port after it for the control channel');
  const { serveSoftwareTpm } = await import('../../vtpm/index.js');
  const served = await serveSoftwareTpm({ port, folder: options.state, started: options.startup }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new UsageError(`port ${port} or the one after it is taken`);
    },
  );
  streams.notes.write(
    `a software TPM serves commands at 127.0.0.1:${served.port}, control at ${served.controlPort}; stop with Ctrl-C\n`,
  );
  await Promise.race([untilSignal(), served.closed]);
  await served.close();
}

/** The digest to extend. @throws UsageError */
function digestOf({ bank, digest, file }: ExtendOptions): Uint8Array {
  if ((digest === undefined) === (file === undefined)) throw new UsageError('name either --digest or --file');
  if (file !== undefined) return hash(bank, readBytes(file));
  const size = bankSizes[bank];
  const text = digest ?? '';
  if (!new RegExp(`^[0-9a-f]{${2 * size}}$`, 'i').test(text)) {
    throw new UsageError(`--digest takes ${2 * size} hexadecimal digits for ${bank}`);
  }
  return fromHex(text);
}

async function extend(streams: Streams, address: string, register: string, options: ExtendOptions): Promise<void> {
  const form = outputForm(options);
  const match = /^(.+):(\d{1,5})$/.exec(address);
  if (match === null) {
    streams.notes.write(
      `tvdc: ${address} is not the host:port of a served TPM; the TPM of a virtual machine is extended by that machine alone\n`,
    );
    throw new Exit(exitStatus.no);
  }
  const index = Number(register);
  if (!/^\d+$/.test(register) || index >= registers) throw new UsageError(`a register is 0 to ${registers - 1}`);
  const digest = digestOf(options);
  const { bank } = options;
  const { createTpmClient } = await import('../../tpm/index.js');
  const { openTcpTransport } = await import('../../vtpm/index.js');
  const transport = await openTcpTransport(match[1] as string, portOf(match[2] as string, 'the address'));
  try {
    const client = createTpmClient(transport);
    await client.pcrExtend(index, [{ algorithm: bank, digest }]);
    const { values } = await client.pcrRead([{ bank, indexes: [index] }]);
    const value = toHex(values[0]?.digest ?? new Uint8Array(0));
    await writeAnswer(streams, form, value, { bank, index, value });
  } finally {
    await transport.close();
  }
}

/** Verbs for a TPM that belongs to no virtual machine. */
export function addServedTpm(vtpm: Command, streams: Streams): void {
  vtpm
    .command('serve')
    .description('serve one software TPM, as swtpm does: commands at a port, control at the next')
    .requiredOption('--port <port>', 'port for commands; 0: both are chosen by the system')
    .requiredOption('--state <folder>', 'where the TPM keeps its state, encrypted')
    .option('--no-startup', 'without power until CMD_INIT, as swtpm without --flags startup-clear')
    .addHelpText(
      'after',
      '\nExample: tvdc vtpm serve --port 2321 --state tpm\n         tpm2_pcrread -T swtpm:port=2321',
    )
    .action((options: ServeOptions) => serve(streams, options));
  vtpm
    .command('extend')
    .description('extend a register of a served TPM; those of virtual machines are extended by them alone')
    .argument('<address>', 'host:port of the TPM')
    .argument('<register>', '0 to 23')
    .addOption(new Option('--bank <name>', 'digest algorithm').choices(banks).default('sha256'))
    .option('--digest <hex>', 'what is extended')
    .option('--file <file>', 'a file whose digest is extended')
    .option('-o, --output <form>', `${recordForms.join(', ')} (default table)`)
    .action((address: string, register: string, options: ExtendOptions) => extend(streams, address, register, options));
}
