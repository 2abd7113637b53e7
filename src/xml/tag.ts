/** A start tag: name and attributes, already checked and decoded. Immutable, shared by all tags of the same text. */
export class XmlTag {
  readonly name: string;
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly selfClosed: boolean;
  /** What a decoder made of this tag, kept as long as the tag is remembered. */
  memo: unknown = undefined;

  constructor(name: string, names: readonly string[], values: readonly string[], selfClosed: boolean) {
    this.name = name;
    this.names = names;
    this.values = values;
    this.selfClosed = selfClosed;
  }

  /** Value of an attribute, name exact; undefined if it is not there. */
  attribute(name: string): string | undefined {
    const at = this.names.indexOf(name);
    return at < 0 ? undefined : this.values[at];
  }
}

/**
 * Remembers start tags by their raw text, so that a text seen before costs one look-up. Only text that passed the full
 * check enters. Bounded: two generations, the older is dropped when the younger is full.
 */
export class XmlTagCache {
  readonly #size: number;
  #young = new Map<string, XmlTag>();
  #old = new Map<string, XmlTag>();

  /** @param size tags of one generation */
  constructor(size = 1000) {
    this.#size = size;
  }

  get(raw: string): XmlTag | undefined {
    const tag = this.#young.get(raw);
    if (tag !== undefined) return tag;
    const older = this.#old.get(raw);
    if (older !== undefined) this.set(raw, older);
    return older;
  }

  set(raw: string, tag: XmlTag): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(copyText(raw), tag);
  }
}

/** The same text without the larger one that it may be a slice of, so that keeping it keeps nothing else alive. */
export function copyText(text: string): string {
  // Flattening the concatenation copies; engines copy slices below 13 characters anyway.
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
