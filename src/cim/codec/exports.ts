import { escapeAttribute } from '../../xml/index.js';
import type { CimInstance } from '../model/index.js';
import type { CimError } from '../operations/index.js';
import { createReader } from './create-reader.js';
import { answerEnvelope, requestEnvelope } from './envelope.js';
import { type CodecLimits, limitsOver, requestLimits } from './limits.js';
import { readError } from './read-error.js';
import { feed, withCodecErrors } from './reader.js';
import { errorElement } from './write-error.js';
import { instanceElement } from './write-instance.js';

/** SIMPLEEXPREQ with ExportIndication: an indication on its way to a listener. @throws TvdcError `bad_value` @throws XmlCharacterError */
export function encodeExportRequest(id: string, indication: CimInstance): Buffer {
  const { head, tail } = requestEnvelope(id);
  const parameter = `<EXPPARAMVALUE NAME="NewIndication">${instanceElement(indication, false)}</EXPPARAMVALUE>`;
  const call = `<EXPMETHODCALL NAME="ExportIndication">${parameter}</EXPMETHODCALL>`;
  return Buffer.from(`${head}<SIMPLEEXPREQ>${call}</SIMPLEEXPREQ>${tail}`);
}

/** What a listener answers to one export. */
export interface ExportAnswer {
  /** Export method as it was sent. */
  readonly name: string;
  /** Null: accepted. */
  readonly error: CimError | null;
}

function exportResponse({ name, error }: ExportAnswer): string {
  const content = error === null ? '<IRETURNVALUE></IRETURNVALUE>' : errorElement(error, false);
  return `<SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="${escapeAttribute(name)}">${content}</EXPMETHODRESPONSE></SIMPLEEXPRSP>`;
}

/** The answer of a listener to one export. @param error null: accepted */
export function encodeExportResponse(id: string, name: string, error: CimError | null): Buffer {
  const { head, tail } = answerEnvelope(id);
  return Buffer.from(head + exportResponse({ name, error }) + tail);
}

/** MULTIEXPRSP: the answers of a listener to a batch, in its order. */
export function encodeExportBatchResponse(id: string, answers: readonly ExportAnswer[]): Buffer {
  const { head, tail } = answerEnvelope(id);
  return Buffer.from(`${head}<MULTIEXPRSP>${answers.map(exportResponse).join('')}</MULTIEXPRSP>${tail}`);
}

/**
 * Reads a listener's answer to one export; nothing else than acceptance returns.
 * @throws CimError the listener's refusal @throws CodecError `answer-not-well-formed`, `answer-not-valid`
 */
export function decodeExportResponse(source: Uint8Array | string, limits?: Partial<CodecLimits>): void {
  const refusal = withCodecErrors('answer', () => {
    const reader = createReader({
      role: 'answer',
      limits: limitsOver(requestLimits, limits),
      onFault: () => undefined,
    });
    feed(reader, source);
    for (const element of ['CIM', 'MESSAGE', 'SIMPLEEXPRSP', 'EXPMETHODRESPONSE']) reader.expect(element);
    let error: CimError | null = null;
    const child = reader.child();
    if (child === 'ERROR') error = readError(reader);
    else if (child === 'IRETURNVALUE') reader.end();
    else if (child !== null) reader.invalid(`unexpected ${child}`);
    if (child !== null) reader.end();
    for (let open = reader.scanner.depth; open > 0; open--) reader.end();
    if (reader.scanner.nextTag() !== 'end') reader.invalid('more after CIM');
    return error;
  });
  if (refusal !== null) throw refusal;
}
