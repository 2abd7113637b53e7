import { type CimInstancePath, foldName, InstanceShape, type PropertyShape } from '../model/index.js';

const mostHeaders = 20_000;
const mostNodes = 50_000;

let headers = new Map<string, PropertyShape>();
let roots = new Map<string, ShapeNode>();
let nodes = 0;

/** The one object for all property headers that say the same. */
export function internHeader(header: PropertyShape): PropertyShape {
  const key = JSON.stringify(header);
  let known = headers.get(key);
  if (known === undefined) {
    if (headers.size >= mostHeaders) headers = new Map();
    known = header;
    headers.set(key, known);
  }
  return known;
}

/**
 * A place in the tree of property sequences: instances that start alike walk alike, so that equal headers of the same
 * class end at the same shape.
 */
export class ShapeNode {
  readonly className: string;
  readonly #header: PropertyShape | null;
  readonly #parent: ShapeNode | null;
  #lastHeader: PropertyShape | null = null;
  #lastNext: ShapeNode | null = null;
  // Made when needed: most places go on in one way only, and there may be many.
  #next: Map<PropertyShape, ShapeNode> | null = null;
  #lastKeys: readonly { readonly name: string }[] = [];
  #lastShape: InstanceShape | null = null;
  #shapes: Map<string, InstanceShape> | null = null;
  #twice: boolean | null = null;

  constructor(className: string, parent: ShapeNode | null, header: PropertyShape | null) {
    this.className = className;
    this.#parent = parent;
    this.#header = header;
  }

  next(header: PropertyShape): ShapeNode {
    if (this.#lastHeader === header && this.#lastNext !== null) return this.#lastNext;
    let node = this.#next?.get(header);
    if (node === undefined) {
      node = new ShapeNode(this.className, this, header);
      nodes++;
      if (this.#lastHeader !== null && this.#lastNext !== null) {
        this.#next ??= new Map([[this.#lastHeader, this.#lastNext]]);
        this.#next.set(header, node);
      }
    }
    this.#lastHeader = header;
    this.#lastNext = node;
    return node;
  }

  /** The shape of what was walked; properties that the path names are keys. */
  shape(path: CimInstancePath | null): InstanceShape {
    const keys = path === null ? [] : path.keys;
    if (this.#lastShape !== null && sameNames(keys, this.#lastKeys)) return this.#lastShape;
    const signature = keys.map((key) => foldName(key.name)).join('\u0000');
    this.#shapes ??= new Map();
    let shape = this.#shapes.get(signature);
    if (shape === undefined) {
      shape = new InstanceShape(this.className, this.#properties(new Set(signature.split('\u0000'))));
      this.#shapes.set(signature, shape);
      nodes++;
    }
    this.#lastKeys = keys.map(({ name }) => ({ name }));
    this.#lastShape = shape;
    return shape;
  }

  /** Whether a property stands there twice. */
  get hasTwice(): boolean {
    if (this.#twice === null) {
      const headers = this.#headers();
      this.#twice = new Set(headers.map(({ name }) => foldName(name))).size < headers.length;
    }
    return this.#twice;
  }

  #properties(keys: ReadonlySet<string>): PropertyShape[] {
    return this.#headers().map((header) => (keys.has(foldName(header.name)) ? { ...header, isKey: true } : header));
  }

  #headers(): PropertyShape[] {
    const headers = this.#header === null ? [] : [this.#header];
    for (let node = this.#parent; node !== null; node = node.#parent) {
      if (node.#header !== null) headers.push(node.#header);
    }
    return headers.reverse();
  }
}

function sameNames(a: readonly { readonly name: string }[], b: readonly { readonly name: string }[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at]?.name !== b[at]?.name) return false;
  return true;
}

/** Where the instances of a class begin. Forgets everything when there are too many different ones. */
export function shapeRoot(className: string): ShapeNode {
  if (nodes > mostNodes) {
    roots = new Map();
    nodes = 0;
  }
  let root = roots.get(className);
  if (root === undefined) {
    root = new ShapeNode(className, null, null);
    roots.set(className, root);
    nodes++;
  }
  return root;
}
