import { type Command, Option } from 'commander';
import { readCrl, type RevocationReason, revocationReasons, toPem } from '../../vtpm/certificates/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText, writeBytes } from '../files.js';
import { type Columns, type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { certificateOf, tpmOf } from './vtpm-find.js';

interface Revoked {
  readonly issuer: string;
  readonly serial: string;
  readonly time: string;
  readonly reason: RevocationReason;
}

const columns: Columns<Revoked> = [
  ['SERIAL', (row) => row.serial],
  ['REVOKED', (row) => row.time],
  ['REASON', (row) => row.reason],
  ['ISSUER', (row) => row.issuer],
];

type CrlOptions = ConnectionOptions & { readonly file?: string };
type RevokeOptions = ConnectionOptions & {
  readonly certificate?: string;
  readonly serial?: string;
  readonly reason: RevocationReason;
};

async function crl(streams: Streams, options: CrlOptions): Promise<void> {
  const form = outputForm(options);
  const { revocationLists } = await import('../../client/management/index.js');
  const lists = await revocationLists(await connectHost(options));
  if (options.file !== undefined) {
    writeBytes(options.file, lists.map((list) => toPem(list, 'X509 CRL')).join(''));
    return writeAnswer(streams, form, `${lists.length} revocation lists in ${options.file}`, {
      file: options.file,
      count: lists.length,
    });
  }
  const rows = lists.map(readCrl).flatMap(({ issuer, revoked }) =>
    [...revoked].map(([serial, { time, reason }]) => {
      return { issuer, serial, time: new Date(time).toISOString(), reason };
    }),
  );
  await writeRecords(streams, form, rows, columns);
}

async function revoke(streams: Streams, name: string | undefined, options: RevokeOptions): Promise<void> {
  const form = outputForm(options);
  const named = [name, options.certificate, options.serial].filter((item) => item !== undefined);
  if (named.length !== 1) throw new UsageError('name one virtual machine, or --certificate, or --serial');
  const { revokeCertificate } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  let certificate = options.serial ?? '';
  if (options.certificate !== undefined) certificate = readText(options.certificate);
  else if (name !== undefined) {
    const own = await certificateOf(streams, host, await tpmOf(streams, host, name), name);
    certificate = own.getString('PEM') ?? '';
  }
  await revokeCertificate(host, certificate, options.reason);
  const { reason } = options;
  await writeAnswer(streams, form, 'the certificate is revoked', { reason });
}

/** Verbs for certificates that are not valid any more. */
export function addAuthority(vtpm: Command, streams: Streams): void {
  withConnection(vtpm.command('crl').description('what the authority of the host has revoked'))
    .option('--file <file>', 'where the lists go, as PEM: for verifiers and openssl')
    .action((options: CrlOptions) => crl(streams, options));
  withConnection(vtpm.command('revoke').description('end the validity of a certificate of an endorsement key'))
    .argument('[vm]', 'whose certificate: name or UUID of a VM, or id of a TPM')
    .option('--certificate <file>', 'a certificate as PEM')
    .option('--serial <hex>', 'the number of a certificate')
    .addOption(new Option('--reason <name>', 'why').choices(Object.keys(revocationReasons)).default('unspecified'))
    .addHelpText('after', '\nA TPM whose certificate is revoked gets another one by: tvdc vtpm renew')
    .action((name: string | undefined, options: RevokeOptions) => revoke(streams, name, options));
}
