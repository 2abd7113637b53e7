import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Assurance, TrustAnchor } from '../../attestation/index.js';
import { ConfigurationError, messageOf } from '../../base/index.js';
import { readCertificate, splitPem, toPem } from '../../vtpm/certificates/index.js';

const folderName = 'anchors';

/** Certificates of files, each PEM (several) or DER. @throws ConfigurationError `bad_anchor` */
export function readAnchors(files: readonly string[], assurance: Assurance): readonly TrustAnchor[] {
  return files.flatMap((file) => {
    try {
      const bytes = new Uint8Array(readFileSync(file));
      const text = Buffer.from(bytes).toString('latin1');
      const certificates = text.includes('-----BEGIN') ? splitPem(text) : [bytes];
      if (certificates.length === 0) throw new Error('there is no certificate in it');
      return certificates.map((der) => ({ certificate: readCertificate(der).der, assurance }));
    } catch (error) {
      throw new ConfigurationError('bad_anchor', `trust anchor ${file}: ${messageOf(error)}`, { cause: error });
    }
  });
}

/** Anchors that were put into a verifier's folder. The file's name says how strong what it certifies is. */
export function storedAnchors(folder: string): readonly TrustAnchor[] {
  const anchors = join(folder, folderName);
  if (!existsSync(anchors)) return [];
  return readdirSync(anchors)
    .filter((name) => name.endsWith('.pem'))
    .flatMap((name) => {
      const assurance = (/\.(hardware|virtual|software|simulated)\.pem$/.exec(name)?.[1] ?? 'none') as Assurance;
      return readAnchors([join(anchors, name)], assurance);
    });
}

/** Puts an anchor into a verifier's folder: from now on it is believed. */
export function saveAnchor(folder: string, { certificate, assurance }: TrustAnchor): string {
  const anchors = join(folder, folderName);
  mkdirSync(anchors, { recursive: true, mode: 0o700 });
  const file = join(anchors, `${readCertificate(certificate).fingerprint.slice(0, 32)}.${assurance}.pem`);
  writeFileSync(file, toPem(certificate), { mode: 0o600 });
  return file;
}

/** The datacenter's root as a host on this machine keeps it; null where its folder cannot be read. */
export function rootOf(hostFolder: string): string | null {
  const file = join(hostFolder, 'ca', 'root', 'root.pem');
  return existsSync(file) ? file : null;
}
