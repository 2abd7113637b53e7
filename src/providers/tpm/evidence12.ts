import { messageOf, toBase64, toHex } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { MethodFunction } from '../../cimom/index.js';
import { parsePcrSelection, publicKeyOf } from '../../tpm/index.js';
import type { VtpmInstance } from '../../vtpm/index.js';
import { optionalText, ownMethod, ownOutcome, requiredOctets, returnCodes } from '../kit/index.js';

const forms = { TPM_Quote: 'quote', TPM_Quote2: 'quote2' } as const;

/** What a quote of a TPM 1.2 is worth, said with each. */
const weakness =
  'a quote of a TPM 1.2 rests on SHA-1, and nothing proves that its key lies in the TPM of the certificate';

function registersOf(text: string): readonly number[] {
  try {
    const [only, ...more] = parsePcrSelection(text);
    if (only?.bank === 'sha1' && more.length === 0) return only.indexes;
  } catch (error) {
    throw new CimError(4, messageOf(error), { cause: error });
  }
  throw new CimError(4, `a TPM 1.2 has the bank sha1 alone: expected a selection as sha1:0-10, got ${text}`);
}

function formOf(scheme: string | null): 'quote' | 'quote2' {
  if (scheme === null) return 'quote2';
  if (scheme in forms) return forms[scheme as keyof typeof forms];
  throw new CimError(4, `a TPM 1.2 signs by ${Object.keys(forms).join(' or ')}, not by ${scheme}`);
}

/** The evidence methods of TVDC_TPM for a TPM 1.2: it quotes, and answers no challenge of a verifier for TPM 2.0. */
export function evidenceMethods12(
  find: (self: Parameters<MethodFunction>[1]) => VtpmInstance,
): Readonly<Record<string, MethodFunction>> {
  const unsupported: MethodFunction = (_context, self) =>
    ownOutcome(async () => {
      const { vmUuid } = find(self);
      const sentence = `the virtual TPM of ${vmUuid} is a TPM 1.2, which cannot do this; ${weakness}`;
      return { returnValue: returnCodes.notSupported, out: { Explanation: sentence } };
    });
  return {
    GetIdentity: unsupported,
    ActivateCredential: unsupported,
    GetEvidence: unsupported,
    Quote: (_context, self, parameters) =>
      ownMethod(async () => {
        const tpm = find(self);
        const nonce = requiredOctets(parameters, 'Nonce');
        if (nonce.length !== 20) throw new CimError(4, `the Nonce of a TPM 1.2 has 20 octets, not ${nonce.length}`);
        const registers = registersOf(optionalText(parameters, 'Selection') ?? 'sha1:0-10');
        const { info, signature } = await tpm.quote12(formOf(optionalText(parameters, 'Scheme')), nonce, registers);
        return {
          Quoted: toBase64(info),
          Signature: toBase64(signature),
          AKName: toHex(tpm.identity.akName),
          AKPublic: toBase64(publicKeyOf(tpm.identity.akPublic).export({ type: 'spki', format: 'der' })),
          Explanation: weakness,
        };
      }),
  };
}
