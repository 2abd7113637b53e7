import { createPublicKey } from 'node:crypto';
import { Command } from 'commander';
import { fromBase64, fromHex, toBase64, toHex } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, formatObjectPath } from '../../cim/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { writeBytes } from '../files.js';
import { type Columns, type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { addAuthority } from './vtpm-authority.js';
import { tpmOf } from './vtpm-find.js';
import { addTpmLife } from './vtpm-life.js';
import { addServedTpm } from './vtpm-serve.js';
import { stateCommand } from './vtpm-state.js';

interface TpmRow {
  readonly vm: string;
  readonly state: string;
  readonly family: string;
  readonly backend: string;
  readonly banks: readonly string[];
  readonly id: string;
  readonly path: string;
}

const columns: Columns<TpmRow> = [
  ['VM', (row) => row.vm],
  ['STATE', (row) => row.state],
  ['TPM', (row) => row.family],
  ['BACKEND', (row) => row.backend],
  ['BANKS', (row) => row.banks.join(' ')],
  ['ID', (row) => row.id],
];

function texts(instance: CimInstance, name: string): readonly string[] {
  const value = instance.get(name);
  return Array.isArray(value) ? value.map(String) : [];
}

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const host = await connectHost(options);
  const names = new Map((await host.vms()).map((vm) => [vm.id, vm.name]));
  const rows: TpmRow[] = [];
  for await (const tpm of host.client.instances('TVDC_VirtualTPM', { namespace: host.namespace })) {
    const vm = tpm.getString('SystemName') ?? '';
    rows.push({
      vm: names.get(vm) ?? vm,
      state: tpm.getString('State') ?? '-',
      family: tpm.getString('Family') ?? '-',
      backend: tpm.getString('Backend') ?? '-',
      banks: texts(tpm, 'Banks'),
      id: tpm.getString('DeviceID') ?? '',
      path: tpm.path === null ? '' : formatObjectPath(tpm.path),
    });
  }
  rows.sort((a, b) => (a.vm < b.vm ? -1 : 1));
  await writeRecords(streams, form, rows, columns);
}

interface PcrOptions extends ConnectionOptions {
  readonly bank?: string;
}

/** Registers of one TPM are named by it, by bank and index: `TVDC:<id>:pcr:<bank>:<index>`. */
async function pcrs(streams: Streams, name: string, options: PcrOptions): Promise<void> {
  const form = outputForm(options);
  const host = await connectHost(options);
  const tpm = await tpmOf(streams, host, name);
  const found = await host.client.associators(tpm, { namespace: host.namespace, resultClass: 'TVDC_PCR' }).toArray();
  if (found.length === 0) {
    const state = (await host.client.getInstance(tpm, { namespace: host.namespace })).getString('State') ?? 'off';
    streams.notes.write(`tvdc: the virtual TPM of ${name} is ${state}: it has no registers to show\n`);
    throw new Exit(exitStatus.no);
  }
  const all = found.map((pcr) => ({
    bank: pcr.getString('Bank') ?? '',
    index: pcr.getNumber('Index') ?? 0,
    value: pcr.getString('Value') ?? '',
  }));
  const banks = [...new Set(all.map(({ bank }) => bank))];
  if (options.bank !== undefined && !banks.includes(options.bank)) {
    throw new UsageError(`--bank takes ${banks.join(', ')} here, not "${options.bank}"`);
  }
  const rows = all
    .filter(({ bank }) => options.bank === undefined || bank === options.bank)
    .sort((a, b) => (a.bank === b.bank ? a.index - b.index : a.bank < b.bank ? -1 : 1));
  await writeRecords(streams, form, rows, [
    ['BANK', (row) => row.bank],
    ['PCR', (row) => String(row.index)],
    ['VALUE', (row) => row.value],
  ]);
}

interface QuoteOptions extends ConnectionOptions {
  readonly nonce: string;
  readonly selection?: string;
  readonly scheme?: string;
  readonly ak?: string;
  readonly quote?: string;
  readonly signature?: string;
}

function nonceOf(text: string): Uint8Array {
  try {
    return fromHex(text);
  } catch {
    throw new UsageError(`--nonce takes hexadecimal digits, not "${text.slice(0, 40)}"`);
  }
}

async function familyOf({ client, namespace }: ManagedHost, tpm: CimInstancePath): Promise<string> {
  return (await client.getInstance(tpm, { namespace })).getString('Family') ?? '2.0';
}

async function quote(streams: Streams, name: string, options: QuoteOptions): Promise<void> {
  const form = outputForm(options);
  const nonce = toBase64(nonceOf(options.nonce));
  const { completed, outText } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const tpm = await tpmOf(streams, host, name);
  const selection = options.selection ?? ((await familyOf(host, tpm)) === '1.2' ? 'sha1:0-10' : 'sha256:0-10');
  const parameters = { Nonce: nonce, Selection: selection, Scheme: options.scheme };
  const answer = await host.client.invoke(tpm, 'Quote', parameters, { namespace: host.namespace });
  const out = completed('Quote', answer);
  const quoted = fromBase64(outText(out, 'Quoted'));
  const signature = fromBase64(outText(out, 'Signature'));
  if (options.quote !== undefined) writeBytes(options.quote, quoted);
  if (options.signature !== undefined) writeBytes(options.signature, signature);
  if (options.ak !== undefined) {
    const key = createPublicKey({
      key: Buffer.from(fromBase64(outText(out, 'AKPublic'))),
      format: 'der',
      type: 'spki',
    });
    writeBytes(options.ak, key.export({ type: 'spki', format: 'pem' }));
  }
  const sentence = `quote ${toHex(quoted)}\nsignature ${toHex(signature)}`;
  await writeAnswer(streams, form, sentence, { quote: toHex(quoted), signature: toHex(signature) });
}

export function vtpmCommand(streams: Streams): Command {
  const vtpm = new Command('vtpm').description('virtual TPMs: those of a host, and one that is served alone');
  withConnection(vtpm.command('list').description('all virtual TPMs')).action((options: ConnectionOptions) =>
    list(streams, options),
  );
  withConnection(vtpm.command('pcrs').description('the registers of a virtual TPM, as the host shows them'))
    .argument('<vm>', 'name or UUID of a VM, or id of a TPM')
    .option('--bank <name>', 'only this bank, as sha256')
    .action((name: string, options: PcrOptions) => pcrs(streams, name, options));
  withConnection(vtpm.command('quote').description('let a virtual TPM sign its registers'))
    .argument('<vm>', 'name or UUID of a VM, or id of a TPM')
    .requiredOption('--nonce <hex>', 'the challenge')
    .option('--selection <list>', 'registers (default sha256:0-10; of a TPM 1.2 sha1:0-10)')
    .option('--scheme <name>', 'of a TPM 1.2: TPM_Quote or TPM_Quote2 (default)')
    .option('--quote <file>', 'where TPMS_ATTEST goes; of a TPM 1.2 TPM_QUOTE_INFO')
    .option('--signature <file>', 'where TPMT_SIGNATURE goes; of a TPM 1.2 the signature alone')
    .option('--ak <file>', 'where the public key goes that has signed, as PEM')
    .addHelpText('after', '\nExample: tvdc vtpm quote ma-1 --nonce 00ff --quote q.msg --signature q.sig')
    .action((name: string, options: QuoteOptions) => quote(streams, name, options));
  addTpmLife(vtpm, streams);
  addAuthority(vtpm, streams);
  addServedTpm(vtpm, streams);
  vtpm.addCommand(stateCommand(streams));
  return vtpm;
}
