import { Command } from 'commander';
import { type EvidenceFiles, verifyEvidenceFiles } from '../../attestation/index.js';
import { fromHex } from '../../base/index.js';
import { splitPem } from '../../vtpm/certificates/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readBytes, readText } from '../files.js';
import { processStreams, toJson } from '../output/index.js';

interface VerifyOptions {
  readonly log: string;
  readonly bootLog?: string;
  readonly quote: string;
  readonly signature: string;
  readonly ak?: string;
  readonly akPublic?: string;
  readonly nonce: string;
  readonly pcrs?: string;
  readonly keyring?: readonly string[];
  readonly ekCertificate?: string;
  readonly akCertificate?: string;
  readonly ca?: readonly string[];
  readonly crl?: readonly string[];
  readonly requireBinding?: boolean;
  readonly reference?: string;
  readonly output?: string;
}

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

function filesOf(options: VerifyOptions): EvidenceFiles {
  return {
    log: readBytes(options.log),
    quote: readBytes(options.quote),
    signature: readBytes(options.signature),
    nonce: nonceOf(options.nonce),
    ...(options.bootLog === undefined ? {} : { bootLog: readBytes(options.bootLog) }),
    ...(options.ak === undefined ? {} : { ak: readText(options.ak) }),
    ...(options.akPublic === undefined ? {} : { akPublic: readBytes(options.akPublic) }),
    ...(options.pcrs === undefined ? {} : { pcrs: readText(options.pcrs) }),
    ...(options.keyring === undefined ? {} : { keyring: options.keyring.map(readText) }),
    ...(options.ekCertificate === undefined ? {} : { ekCertificate: certificate(options.ekCertificate) }),
    ...(options.akCertificate === undefined ? {} : { akCertificate: certificate(options.akCertificate) }),
    ...(options.ca === undefined ? {} : { ca: options.ca.map(certificate) }),
    ...(options.crl === undefined ? {} : { crl: options.crl.map(certificate) }),
    ...(options.requireBinding === undefined ? {} : { requireBinding: options.requireBinding }),
    ...(options.reference === undefined ? {} : { reference: readText(options.reference) }),
  };
}

async function verify(options: VerifyOptions): Promise<void> {
  if (options.ak === undefined && options.akPublic === undefined) throw new UsageError('name the attestation key with --ak or --ak-public');
  const verdict = await verifyEvidenceFiles(filesOf(options));
  const { out } = processStreams;
  if (options.output === 'json') {
    out.write(`${toJson(verdict, 2)}\n`);
  } else {
    out.write(`${verdict.verdict}: ${verdict.covered} entries covered by the quote, ${verdict.pending} pending\n`);
    for (const finding of verdict.findings) {
      out.write(`  ${finding.code}: ${finding.message}${finding.path === undefined ? '' : ` (${finding.path})`}\n`);
    }
  }
  if (verdict.verdict !== 'trusted') throw new Exit(exitStatus.no);
}

export function attestCommand(): Command {
  const attest = new Command('attest').description('judge evidence of measured systems');
  attest
    .command('verify')
    .description('judge evidence files taken anywhere; status 0 only if the verdict is trusted')
    .requiredOption('--log <file>', 'IMA measurement list, binary or ASCII')
    .option('--boot-log <file>', 'TCG event log of the firmware')
    .requiredOption('--quote <file>', 'TPMS_ATTEST')
    .requiredOption('--signature <file>', 'TPMT_SIGNATURE')
    .option('--ak <file>', 'public attestation key, PEM')
    .option('--ak-public <file>', 'public attestation key, TPM2B_PUBLIC')
    .requiredOption('--nonce <hex>', 'the challenge that the quote answers')
    .option('--pcrs <file>', 'PCR values, JSON: bank, index, hex; checked against the quote')
    .option('--keyring <file...>', 'public keys whose file signatures are believed, PEM')
    .option('--ek-certificate <file>', 'EK certificate')
    .option('--ak-certificate <file>', 'AK certificate')
    .option('--ca <file...>', 'trust anchors and authorities')
    .option('--crl <file...>', 'revocation lists')
    .option('--require-binding', 'without a proof that the AK lies in a certified TPM at best unknown')
    .option('--reference <file>', 'reference measurements, JSON')
    .option('-o, --output <form>', 'table or json')
    .action(verify);
  return attest;
}
