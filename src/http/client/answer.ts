import type { Dispatcher } from 'undici';
import { CimError } from '../../cim/operations/index.js';
import { TransportError } from './errors.js';

type AnswerData = Dispatcher.ResponseData;

/** Headers as undici gives them. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One value of a header; those that came several times are joined. */
export function headerOf(headers: AnswerHeaders, name: string): string | null {
  const value = headers[name];
  return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
}

export function plainHeaders(headers: AnswerHeaders): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of Object.keys(headers)) out[name] = headerOf(headers, name) ?? '';
  return out;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Error of a status other than 200. The body is read and forgotten, so that the connection can be used again. */
export async function toHttpError(answer: AnswerData, where: string): Promise<TransportError> {
  await answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
  const status = answer.statusCode;
  if (status === 401) {
    const challenge = headerOf(answer.headers, 'www-authenticate');
    const message = `${where}: user name or password not accepted`;
    return new TransportError('unauthorized', message, { status, details: challenge === null ? {} : { challenge } });
  }
  const cimError = headerOf(answer.headers, 'cimerror');
  const raw = headerOf(answer.headers, 'cimerrordetails') ?? headerOf(answer.headers, 'pgerrordetail');
  const details = raw === null ? null : percentDecoded(raw);
  const said = [cimError, details].filter((part) => part !== null).join(': ');
  return new TransportError('http', `${where}: HTTP status ${status}${said === '' ? '' : ` (${said})`}`, {
    status,
    cimError,
    details: details === null ? {} : { cimErrorDetails: details },
  });
}

const xmlContent = /^\s*(?:application|text)\/xml\s*(?:;|$)/i;

/** Whether a Content-Type says CIM-XML; none at all is accepted from anybody. */
export function isXmlContent(contentType: string | null): boolean {
  return contentType === null || xmlContent.test(contentType);
}

/** A failure that the server could only tell after the first bytes (DSP0200, trailers). Null: there is none. */
export function failureInTrailers(trailers: Record<string, string>): CimError | null {
  const folded = new Map(Object.entries(trailers).map(([name, value]) => [name.toLowerCase(), value]));
  const status = folded.get('cimstatuscode');
  const cimError = folded.get('cimerror');
  if (status === undefined && cimError === undefined) return null;
  const code = Number(status ?? 1);
  if (code === 0) return null;
  const description = percentDecoded(folded.get('cimstatuscodedescription') ?? cimError ?? '');
  return new CimError(Number.isInteger(code) && code > 0 ? code : 1, description);
}
