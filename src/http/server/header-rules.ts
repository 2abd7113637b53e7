// What DSP0200 (section 6, headers) and HTTP/1.1 demand of a request before its body is read.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { badRequest, headerMismatch, HttpRefusal, unsupportedOperation } from './refusal.js';

/** How much body will come. */
export type Framing = { readonly kind: 'length'; readonly length: number } | { readonly kind: 'chunked' };

/** The role of a request, from its headers alone. */
export type RequestRole =
  | { readonly kind: 'call'; readonly batch: boolean; readonly method: string | null; readonly object: string | null }
  | {
      readonly kind: 'export';
      /** Whether a CIMExport header stands there: then CIMExportMethod must too. */
      readonly declared: boolean;
      readonly batch: boolean;
      readonly method: string | null;
    };

export function checkMethod(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new HttpRefusal(405, { headers: ['Allow', 'POST'] });
  if (request.httpVersionMajor !== 1) throw new HttpRefusal(505, { close: true });
}

// RFC 3986 3.2.2 and 3.2.3, and nothing where the client knows no name.
const hostForm = /^[A-Za-z0-9._~!$&'()*+,;=:%[\]-]*$/;
// Node takes the first of several, other programs on the way may take the last.
const onlyOnce: readonly string[] = ['host', 'authorization', 'content-type'];

/** HTTP/1.1 requests name their host exactly once (RFC 9112 3.2); nobody says twice who asks and what comes. */
export function checkOnce(request: IncomingMessage): void {
  const raw = request.rawHeaders;
  let seen = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const { length } = raw[at] as string;
    if (length !== 4 && length !== 12 && length !== 13) continue;
    const which = onlyOnce.indexOf((raw[at] as string).toLowerCase());
    if (which < 0) continue;
    const bit = 1 << which;
    if ((seen & bit) !== 0) throw badRequest(`expected one ${raw[at]} header`);
    seen |= bit;
  }
  if ((seen & 1) === 0 && request.httpVersionMinor > 0) throw badRequest('expected a Host header');
  if (!hostForm.test(request.headers.host ?? '')) throw badRequest('Host is no name of a host');
}

/** @throws HttpRefusal 411, 413, 501 */
export function framingOf(headers: IncomingHttpHeaders, bodyBytes: number): Framing {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (coding.trim().toLowerCase() !== 'chunked') {
      throw new HttpRefusal(501, { details: `transfer encoding ${coding} is not known`, close: true });
    }
    return { kind: 'chunked' };
  }
  const declared = headers['content-length'];
  if (declared === undefined) throw new HttpRefusal(411, { details: 'expected Content-Length or a chunked body' });
  const length = Number(declared);
  if (length > bodyBytes) throw tooLarge(bodyBytes);
  return { kind: 'length', length };
}

export function tooLarge(bodyBytes: number): HttpRefusal {
  return new HttpRefusal(413, { details: `expected at most ${bodyBytes} bytes`, close: true });
}

const contentTypeForm = /^(?:application|text)\/xml\s*(?:;\s*charset\s*=\s*(?:"utf-?8"|utf-?8)\s*)?;?$/i;
const usualContentTypes: ReadonlySet<string> = new Set([
  'application/xml; charset="utf-8"',
  'application/xml; charset=utf-8',
  'application/xml',
]);

/** XML in UTF-8. */
export function checkContentType(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'];
  if (type === undefined) throw badRequest('expected Content-Type application/xml or text/xml');
  if (!usualContentTypes.has(type) && !contentTypeForm.test(type.trim())) {
    throw badRequest(`expected Content-Type application/xml or text/xml in utf-8, got ${type.slice(0, 100)}`);
  }
}

function single(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

/**
 * @param accepts which roles this server plays; a mere listener also takes exports without headers, as other listeners do
 * @throws HttpRefusal 400, 501
 */
export function roleOf(
  headers: IncomingHttpHeaders,
  accepts: { readonly calls: boolean; readonly exports: boolean },
): RequestRole {
  const operation = single(headers, 'cimoperation');
  const exporting = single(headers, 'cimexport');
  if (operation !== null && exporting !== null)
    throw unsupportedOperation('CIMOperation and CIMExport exclude each other');
  if (operation !== null) {
    if (operation.trim().toLowerCase() !== 'methodcall')
      throw unsupportedOperation(`CIMOperation ${operation.slice(0, 100)}`);
    if (!accepts.calls) throw unsupportedOperation('this server only takes indications');
    return {
      kind: 'call',
      batch: headers['cimbatch'] !== undefined,
      method: single(headers, 'cimmethod'),
      object: single(headers, 'cimobject'),
    };
  }
  if (exporting === null && (accepts.calls || !accepts.exports)) throw badRequest('expected CIMOperation');
  if (exporting !== null) {
    if (exporting.trim().toLowerCase() !== 'methodrequest')
      throw unsupportedOperation(`CIMExport ${exporting.slice(0, 100)}`);
    if (!accepts.exports) throw unsupportedOperation('this server takes no indications');
  }
  const batch = headers['cimexportbatch'] !== undefined;
  return { kind: 'export', declared: exporting !== null, batch, method: single(headers, 'cimexportmethod') };
}

/** Version of the CIMProtocolVersion header; null where it is missing. @throws HttpRefusal 400, 501 */
export function protocolVersionOf(headers: IncomingHttpHeaders): string | null {
  const value = single(headers, 'cimprotocolversion')?.trim();
  if (value === undefined) return null;
  if (!/^[0-9]{1,4}\.[0-9]{1,4}$/.test(value)) throw headerMismatch(`CIMProtocolVersion ${value.slice(0, 20)}`);
  if (!value.startsWith('1.')) throw new HttpRefusal(501, { cimError: 'unsupported-protocol-version' });
  return value;
}

/** Whether the client reads trailers (RFC 9110 10.1.4). */
export function readsTrailers(headers: IncomingHttpHeaders): boolean {
  const te = headers['te'];
  return typeof te === 'string' && /(?:^|[\s,])trailers(?:$|[\s,;])/i.test(te);
}
