import { CimError } from '../../cim/operations/index.js';
import type { Schema } from '../../cim/schema/index.js';
import type { ClassView } from '../provider/index.js';

const views = new WeakMap<Schema, ClassView>();

/** The classes of a namespace as providers see them. */
export function classViewOf(schema: Schema): ClassView {
  let view = views.get(schema);
  if (view === undefined) {
    view = {
      get: (name) => {
        const cls = schema.get(name);
        if (cls === undefined) throw new CimError(5, `class ${name} does not exist`);
        return cls;
      },
      find: (name) => schema.get(name),
      isSubclass: (name, ancestor) => schema.isSubclass(name, ancestor),
    };
    views.set(schema, view);
  }
  return view;
}
