// XML 1.0, fifth edition: productions [2] Char, [4] NameStartChar, [4a] NameChar.

const forbiddenOneByte = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const forbiddenAny = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Offset of the first character that no XML document may contain; -1 if there is none. */
export function findForbidden(text: string): number {
  const control = text.search(forbiddenOneByte);
  if (control >= 0) return control;
  return /[\ud800-\udfff\ufffe\uffff]/.test(text) ? text.search(forbiddenAny) : -1;
}

/** Whether a code point may stand in a document, so that a character reference may name it. */
export function isXmlCharacter(code: number): boolean {
  return (
    (code >= 0x20 && code <= 0xd7ff) ||
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

const nameStartRanges: readonly (readonly [number, number])[] = [
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
];

const nameMark = 2;
const startMark = 1;

// By ASCII code: 1 may start a name, 2 may follow in it.
const asciiNames = new Uint8Array(128);
for (const char of ':_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') asciiNames[char.charCodeAt(0)] = startMark;
for (const char of '-.0123456789') asciiNames[char.charCodeAt(0)] = nameMark;

function isNameStart(code: number): boolean {
  if (code < 128) return asciiNames[code] === startMark;
  return nameStartRanges.some(([from, to]) => code >= from && code <= to);
}

function isNamePart(code: number): boolean {
  if (code < 128) return (asciiNames[code] as number) > 0;
  return code === 0xb7 || (code >= 0x300 && code <= 0x36f) || code === 0x203f || code === 0x2040 || isNameStart(code);
}

/** End of the name that starts at `from`; `from` itself if none does. */
export function nameEnd(text: string, from: number): number {
  let at = from;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit < 128) {
      const mark = asciiNames[unit] as number;
      if (mark === 0 || (at === from && mark !== startMark)) return at;
      at++;
      continue;
    }
    const code = text.codePointAt(at);
    if (code === undefined || !(at === from ? isNameStart(code) : isNamePart(code))) return at;
    at += code > 0xffff ? 2 : 1;
  }
}

/** Whether the unit is a blank of XML: space, tab, line feed. Carriage returns are gone before scanning. */
export function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x09 || unit === 0x0d;
}
