import { fromHex, toBase64, toHex } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import { readCertificate, type RevocationReason, revocationReasons, toPem } from '../../vtpm/certificates/index.js';
import {
  associationProvider,
  type HostView,
  listProvider,
  optionalText,
  ownMethod,
  Paths,
  requiredText,
  serviceValues,
} from '../kit/index.js';

const className = 'TVDC_CertificateAuthority';
const serialForm = /^[0-9a-f]{1,40}$/;

/** Hexadecimal digits of a serial number, as tools show it, or the certificate itself as PEM. @throws CimError 4 */
function serialOf(text: string): string {
  if (text.includes('-----BEGIN')) {
    try {
      return readCertificate(text).serial;
    } catch (cause) {
      throw new CimError(4, 'Certificate is neither a certificate as PEM nor a serial number', { cause });
    }
  }
  const digits = text.replaceAll(':', '').replace(/^0x/i, '').toLowerCase();
  if (!serialForm.test(digits))
    throw new CimError(4, 'Certificate is neither a certificate as PEM nor a serial number');
  return toHex(fromHex(digits.padStart(digits.length + (digits.length % 2), '0'))).replace(/^0+(?=.)/, '');
}

function reasonOf(text: string | null): RevocationReason {
  if (text === null) return 'unspecified';
  if (text in revocationReasons) return text as RevocationReason;
  throw new CimError(4, `Reason must be one of ${Object.keys(revocationReasons).join(', ')}, not "${text}"`);
}

/** TVDC_CertificateAuthority: who issues the certificates of this host's endorsement keys, and says which are not valid any more. */
export function authorityProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, hostTpm } = view;
  const paths = new Paths(parts.identity, namespace);

  const methods: Readonly<Record<string, MethodFunction>> = {
    GetRevocationLists: () => ownMethod(async () => ({ Lists: parts.vtpms.revocationLists().map(toBase64) })),
    RevokeCertificate: (context, _self, parameters) =>
      ownMethod(async () => {
        const serial = serialOf(requiredText(parameters, 'Certificate'));
        const reason = reasonOf(optionalText(parameters, 'Reason'));
        await parts.vtpms.revokeCertificate(serial, reason, (tx) => {
          const facts = { change: 'revoke certificate', serial, reason };
          parts.journal.append(tx, { kind: 'vtpm', actor: context.caller.user, subject: null, facts });
        });
      }),
  };

  const authority = listProvider({
    className,
    namespace,
    // The chain of the host's own endorsement key: that key's certificate, this authority, the datacenter's root.
    rows: () => hostTpm.ekCertificateChain.slice(1, 2),
    values: (der) => ({
      ...serviceValues(paths, className, 'Endorsement keys of virtual TPMs'),
      CADistinguishedName: readCertificate(der).subject,
      PEM: toPem(der),
    }),
    methods,
  });
  const onHost = associationProvider({
    className: 'TVDC_HostedService',
    namespace,
    *links() {
      yield { Antecedent: paths.host(), Dependent: paths.service(className) };
    },
  });
  return [authority, onHost];
}
