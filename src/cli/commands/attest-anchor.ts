import type { Assurance } from '../../attestation/index.js';
import { TvdcError } from '../../base/index.js';
import { saveAnchor } from '../../host/verifier/index.js';
import { readCertificate, splitPem, toPem } from '../../vtpm/certificates/index.js';
import { connect, type ConnectionOptions, namespaceOf, outputForm } from '../connection/index.js';
import { print, type Streams, writeRecords } from '../output/index.js';
import { verifierFolder } from './verifier-folder.js';

export interface AnchorOptions extends ConnectionOptions {
  readonly state?: string;
  readonly trust?: string;
  readonly assurance: Assurance;
}

/**
 * Shows the self-issued certificates that a host offers as TVDC_Certificate. Nothing that a host says of itself makes it
 * trustworthy: a fingerprint that came another way does.
 */
export async function saveHostAnchor(streams: Streams, options: AnchorOptions): Promise<void> {
  const namespace = namespaceOf(options);
  const offered = (await (await connect(options)).instances('TVDC_Certificate', { namespace }).toArray()).flatMap(
    (item) => {
      const [der] = splitPem(item.getString('PEM') ?? '');
      const facts = der === undefined ? null : readCertificate(der);
      return facts === null || facts.subject !== facts.issuer ? [] : [facts];
    },
  );
  if (options.trust === undefined) {
    const rows = offered.map((item) => ({
      fingerprint: item.fingerprint,
      subject: item.subject,
      pem: toPem(item.der),
    }));
    await writeRecords(streams, outputForm(options), rows, [
      ['SHA-256', (row) => row.fingerprint],
      ['SUBJECT', (row) => row.subject],
    ]);
    return;
  }
  const wanted = options.trust.replaceAll(':', '').toLowerCase();
  const found = offered.find(({ fingerprint }) => fingerprint === wanted);
  if (found === undefined)
    throw new TvdcError('not_found', 'the host offers no root certificate with this fingerprint');
  const file = saveAnchor(verifierFolder(options.state), { certificate: found.der, assurance: options.assurance });
  await print(streams, `${found.subject} is believed from now on: ${file}\n`);
}
