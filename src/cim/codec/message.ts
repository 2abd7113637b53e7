import type { CimClassPath, CimInstance, CimInstancePath } from '../model/index.js';
import type { CimError, CimRequest } from '../operations/index.js';

/** CIMError header values (DSP0200) for a message whose versions this server does not speak: HTTP 501. */
export type VersionRefusal = 'unsupported-cim-version' | 'unsupported-dtd-version' | 'unsupported-protocol-version';

/** What the CIMObject header must name: a namespace for intrinsic operations, a path with namespace for methods. */
export type CallTarget = { readonly kind: 'namespace'; readonly namespace: string } | CimInstancePath | CimClassPath;

/** A SIMPLEREQ. `faulty` ones are answered with their error in an ERROR element under the message's id. */
export interface DecodedCall {
  /** Operation or method name as sent: what the CIMMethod header must say. */
  readonly name: string;
  readonly intrinsic: boolean;
  readonly target: CallTarget;
  readonly outcome:
    | { readonly kind: 'request'; readonly request: CimRequest }
    | { readonly kind: 'faulty'; readonly error: CimError };
}

/** A SIMPLEEXPREQ. */
export interface DecodedExport {
  /** Export method as sent: what the CIMExportMethod header must say. */
  readonly name: string;
  readonly outcome:
    | { readonly kind: 'indication'; readonly indication: CimInstance }
    | { readonly kind: 'faulty'; readonly error: CimError };
}

/** What a request message asks for. */
export type MessageBody =
  | { readonly kind: 'simple'; readonly call: DecodedCall }
  | { readonly kind: 'batch'; readonly calls: readonly DecodedCall[] }
  | { readonly kind: 'export'; readonly call: DecodedExport }
  | { readonly kind: 'export-batch'; readonly calls: readonly DecodedExport[] }
  | { readonly kind: 'unsupported'; readonly refusal: VersionRefusal };

/** A request message of DSP0201: its envelope and what it asks for. */
export interface CimMessage {
  readonly id: string;
  readonly protocolVersion: string;
  readonly cimVersion: string;
  readonly dtdVersion: string;
  readonly body: MessageBody;
}
