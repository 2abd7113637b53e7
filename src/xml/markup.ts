import { isBlank, nameEnd } from './characters.js';
import { decodeReferences } from './references.js';
import type { XmlSource } from './source.js';

// What stands between tags. Each function begins with the cursor on the markup's `<` and leaves it behind the markup.

const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>$/;
const plainDoctype =
  /^<!DOCTYPE[ \t\n]+[^ \t\n<>"'[\]]+(?:[ \t\n]+(?:SYSTEM|PUBLIC[ \t\n]+(?:"[^"<>]*"|'[^'<>]*'))[ \t\n]+(?:"[^"<>]*"|'[^'<>]*'))?[ \t\n]*>$/;
const longestProlog = 1000;

/** What of XML a document may have beyond elements and text. */
export interface XmlAllowances {
  /** `refuse` (default): any DOCTYPE is forbidden. `without-subset`: one without internal subset is skipped, never fetched. */
  readonly doctype?: 'refuse' | 'without-subset';
  /** `refuse` (default): processing instructions other than the declaration are forbidden. */
  readonly processingInstructions?: 'refuse' | 'skip';
}

/** Whether the text has this markup at the cursor. @throws `xmlIncomplete` if it ends too early to tell */
function startsWith(source: XmlSource, markup: string): boolean {
  if (source.text.startsWith(markup, source.at)) return true;
  if (markup.startsWith(source.text.slice(source.at))) source.truncated('unfinished markup');
  return false;
}

/** Skips a comment; false if there is none. */
export function skipComment(source: XmlSource): boolean {
  if (!startsWith(source, '<!--')) return false;
  const { text } = source;
  const end = text.indexOf('--', source.at + 4);
  if (end < 0 || end + 2 >= text.length) source.truncated('comment without end');
  if (text[end + 2] !== '>') source.broken('"--" inside a comment', end);
  source.at = end + 3;
  return true;
}

/** The text of a CDATA section. */
export function readSection(source: XmlSource): string {
  if (!startsWith(source, '<![CDATA[')) source.broken('unknown markup');
  const from = source.at + 9;
  const end = source.text.indexOf(']]>', from);
  if (end < 0) source.truncated('CDATA section without end');
  source.at = end + 3;
  return source.text.slice(from, end);
}

/** Character data between two places, references replaced. */
export function readText(source: XmlSource, from: number, to: number): string {
  const raw = source.text.slice(from, to);
  const gap = raw.indexOf(']]>');
  if (gap >= 0) source.broken('"]]>" in text', from + gap);
  if (!raw.includes('&')) return raw;
  return decodeReferences(raw, (offset) => source.broken('unknown entity or character reference', from + offset));
}

/** Skips a DOCTYPE where that is allowed. */
export function skipDoctype(source: XmlSource, allowances: XmlAllowances): void {
  if (!startsWith(source, '<!DOCTYPE')) source.broken('unknown markup');
  if (allowances.doctype !== 'without-subset') source.fail('xml_forbidden', 'DOCTYPE is not allowed');
  const end = source.text.indexOf('>', source.at);
  if (end < 0) source.truncated('DOCTYPE without end');
  const whole = end - source.at > longestProlog ? '' : source.text.slice(source.at, end + 1);
  if (!plainDoctype.test(whole)) source.fail('xml_forbidden', 'DOCTYPE with internal subset, or malformed');
  source.at = end + 1;
}

function checkDeclaration(source: XmlSource, end: number): void {
  const parts = declaration.exec(end > longestProlog ? '' : source.text.slice(0, end));
  if (parts === null) return source.broken('malformed XML declaration');
  const encoding = parts[1] ?? parts[2];
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    source.fail('xml_forbidden', `encoding ${encoding} is not UTF-8`);
  }
}

/** Skips the XML declaration, or a processing instruction where those are allowed. */
export function skipInstruction(source: XmlSource, allowances: XmlAllowances): void {
  const from = source.at + 2;
  const end = source.text.indexOf('?>', from);
  if (end < 0) source.truncated('"?>" missing');
  const target = source.text.slice(from, nameEnd(source.text, from));
  if (target === 'xml' && source.isAtStart) {
    checkDeclaration(source, end + 2);
  } else {
    const after = from + target.length;
    const wellFormed = target !== '' && (after === end || isBlank(source.text.charCodeAt(after)));
    if (!wellFormed || /^xml$/i.test(target)) source.broken('malformed or misplaced processing instruction');
    if (allowances.processingInstructions !== 'skip') {
      source.fail('xml_forbidden', 'processing instructions are not allowed');
    }
  }
  source.at = end + 2;
}
