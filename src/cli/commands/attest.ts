import { Command } from 'commander';
import { type EvidenceFiles, type OfflineVerdict, verifyEvidenceFiles } from '../../attestation/index.js';
import { fromHex, messageOf, TvdcError } from '../../base/index.js';
import { splitPem, splitRevocationLists } from '../../vtpm/certificates/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readBytes, readText } from '../files.js';
import { print, printable, type Streams, toJson } from '../output/index.js';
import { outputForm } from '../connection/index.js';
import { addOnlineCommands, verifyExported } from './attest-online.js';

interface VerifyOptions {
  readonly log?: string;
  readonly bootLog?: string;
  readonly quote?: string;
  readonly signature?: string;
  readonly ak?: string;
  readonly akPublic?: string;
  readonly nonce?: string;
  readonly pcrs?: string;
  readonly keyring?: readonly string[];
  readonly ekCertificate?: string;
  readonly akCertificate?: string;
  readonly ca?: readonly string[];
  readonly crl?: readonly string[];
  readonly requireBinding?: boolean;
  readonly reference?: string;
  readonly signer?: readonly string[];
  readonly state?: string;
  readonly output?: string;
}

const verdictForms = ['table', 'json'] as const;

/** A certificate file of either form. */
function certificate(file: string): Uint8Array {
  const bytes = readBytes(file);
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN')) return bytes;
  const first = splitPem(text)[0];
  if (first === undefined) throw new UsageError(`${file} holds no certificate`);
  return first;
}

function nonceOf(text: string): Uint8Array {
  try {
    return fromHex(text);
  } catch {
    throw new UsageError(`--nonce takes hexadecimal digits, not "${text.slice(0, 40)}"`);
  }
}

/** @throws UsageError */
function needed(value: string | undefined, option: string): string {
  if (value === undefined)
    throw new UsageError(`required option '${option}' not specified; or name one file of exported evidence`);
  return value;
}

function filesOf(options: VerifyOptions): EvidenceFiles {
  return {
    log: readBytes(needed(options.log, '--log')),
    quote: readBytes(needed(options.quote, '--quote')),
    signature: readBytes(needed(options.signature, '--signature')),
    nonce: nonceOf(needed(options.nonce, '--nonce')),
    ...(options.bootLog === undefined ? {} : { bootLog: readBytes(options.bootLog) }),
    ...(options.ak === undefined ? {} : { ak: readText(options.ak) }),
    ...(options.akPublic === undefined ? {} : { akPublic: readBytes(options.akPublic) }),
    ...(options.pcrs === undefined ? {} : { pcrs: readText(options.pcrs) }),
    ...(options.keyring === undefined ? {} : { keyring: options.keyring.map(readText) }),
    ...(options.ekCertificate === undefined ? {} : { ekCertificate: certificate(options.ekCertificate) }),
    ...(options.akCertificate === undefined ? {} : { akCertificate: certificate(options.akCertificate) }),
    ...(options.ca === undefined ? {} : { ca: options.ca.map(certificate) }),
    ...(options.crl === undefined ? {} : { crl: options.crl.flatMap((file) => splitRevocationLists(readBytes(file))) }),
    ...(options.requireBinding === undefined ? {} : { requireBinding: options.requireBinding }),
    ...(options.reference === undefined ? {} : { reference: readText(options.reference) }),
  };
}

/** Bad evidence is a verdict; a reference or a key ring that cannot be read is a fault of the command. @throws UsageError */
async function judge(options: VerifyOptions): Promise<OfflineVerdict> {
  try {
    return await verifyEvidenceFiles(filesOf(options));
  } catch (error) {
    if (error instanceof TvdcError && error.code === 'bad_import') {
      throw new UsageError(`${options.reference ?? ''} is no file of reference measurements: ${messageOf(error)}`);
    }
    throw error;
  }
}

async function verify(streams: Streams, options: VerifyOptions): Promise<void> {
  const form = outputForm(options, verdictForms);
  if (options.ak === undefined && options.akPublic === undefined) {
    throw new UsageError('name the attestation key with --ak or --ak-public');
  }
  const verdict = await judge(options);
  if (form === 'json') {
    await print(streams, `${toJson(verdict, 2)}\n`);
  } else {
    const lines = [`${verdict.verdict}: ${verdict.covered} entries covered by the quote, ${verdict.pending} pending`];
    for (const { code, message, path } of verdict.findings) {
      lines.push(`  ${code}: ${message}${path === undefined ? '' : ` (${printable(path)})`}`);
    }
    await print(streams, `${lines.join('\n')}\n`);
  }
  if (verdict.verdict !== 'trusted') throw new Exit(exitStatus.no);
}

const verifyExample = `
Example: tvdc attest verify --log ima.bin --boot-log bios.bin --quote q.msg --signature q.sig --ak ak.pem \\
           --nonce 47b5552b --reference reference.json -o json`;

export function attestCommand(streams: Streams): Command {
  const attest = new Command('attest').description('challenge hosts and virtual machines, and judge their evidence');
  attest
    .command('verify')
    .argument('[evidence]', 'what `tvdc attest history --export` wrote; or name the parts:')
    .description('judge evidence files taken anywhere; status 0 only if the verdict is trusted')
    .option('--log <file>', 'IMA measurement list, binary or ASCII')
    .option('--boot-log <file>', 'TCG event log of the firmware')
    .option('--quote <file>', 'TPMS_ATTEST')
    .option('--signature <file>', 'TPMT_SIGNATURE')
    .option('--ak <file>', 'public attestation key, PEM')
    .option('--ak-public <file>', 'public attestation key, TPM2B_PUBLIC')
    .option('--nonce <hex>', 'the challenge that the quote answers')
    .option('--pcrs <file>', 'PCR values, JSON: bank, index, hex; checked against the quote')
    .option('--keyring <file...>', 'public keys whose file signatures are believed, PEM')
    .option('--ek-certificate <file>', 'EK certificate')
    .option('--ak-certificate <file>', 'AK certificate')
    .option('--ca <file...>', 'trust anchors and authorities')
    .option('--crl <file...>', 'revocation lists')
    .option('--require-binding', 'without a proof that the AK lies in a certified TPM at best unknown')
    .option('--reference <file>', 'reference measurements, JSON')
    .option('--signer <pem...>', "keys of verifiers whose exported evidence is believed (default: the own verifier's)")
    .option('--state <folder>', "the own verifier's folder (TVDC_VERIFIER_DATA)")
    .option('-o, --output <form>', 'table or json')
    .addHelpText('after', verifyExample)
    .action((evidence: string | undefined, options: VerifyOptions) =>
      evidence === undefined ? verify(streams, options) : verifyExported(streams, evidence, options),
    );
  addOnlineCommands(attest, streams);
  return attest;
}
