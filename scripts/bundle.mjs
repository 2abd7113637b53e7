// Packs what tsc has compiled in build/ into few files in dist/: Node takes longer to load a thousand files than to run them.
// One file for each door of package.json and for the program; what several share, and every command, has a file of its own.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { rollup } from '@rollup/wasm-node';
import { root } from './setup.mjs';

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const doors = Object.values(exports).flatMap((door) => /^\.\/dist\/(.*)\.js$/.exec(door.default ?? '')?.[1] ?? []);
const input = Object.fromEntries([...doors, 'cli/main'].map((name) => [name, join(root, 'build', `${name}.js`)]));

/** A part is named after its file, or after its folder where that is a folder's door. */
function nameOf({ facadeModuleId, moduleIds }) {
  const file = facadeModuleId ?? moduleIds.at(-1);
  const folder = relative(join(root, 'build'), dirname(file)).replaceAll(/[\\/]/g, '-');
  const name = basename(file, '.js');
  return `parts/${name === 'index' ? folder : name}-[hash].js`;
}

const dist = join(root, 'dist');
for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
  if (entry.isFile() && /\.js(\.map)?$/.test(entry.name)) rmSync(join(entry.parentPath ?? entry.path, entry.name));
}
const bundle = await rollup({
  input,
  external: (id) => !/^[./]/.test(id),
  treeshake: false,
  onwarn: (warning) => {
    throw new Error(warning.message);
  },
});
await bundle.write({
  dir: dist,
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: nameOf,
  hoistTransitiveImports: false,
});
await bundle.close();
