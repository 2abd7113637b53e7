import { type CimClass, type CimMethod, type CimPropertyDeclaration, foldName } from '../model/index.js';

/** Elements of a class by folded name. */
export interface MemberIndex {
  readonly properties: ReadonlyMap<string, CimPropertyDeclaration>;
  readonly methods: ReadonlyMap<string, CimMethod>;
}

const indexes = new WeakMap<CimClass, MemberIndex>();

/** The index of a class; the same object every time. */
export function membersOf(cls: CimClass): MemberIndex {
  let index = indexes.get(cls);
  if (index === undefined) {
    index = {
      properties: new Map(cls.properties.map((property) => [foldName(property.name), property])),
      methods: new Map(cls.methods.map((method) => [foldName(method.name), method])),
    };
    indexes.set(cls, index);
  }
  return index;
}
