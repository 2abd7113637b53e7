import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageFolder } from '../../base/index.js';

const bootFiles = ['firmware.bin', 'loader.bin', 'loader.cfg', 'kernel.bin'] as const;

function ownCode(): string[] {
  const code = join(packageFolder(), 'dist');
  if (!existsSync(code)) return [];
  return readdirSync(code, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Describes what a simulated host boots: a small boot chain of its own, then the interpreter and every file of our own code,
 * because whoever judges a host wants to know which management software it runs.
 */
export function writeHostImage(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const file of bootFiles) writeFileSync(join(folder, file), `tvdc simulated host: ${file}\n`);
  const files = [
    { path: '/usr/bin/node', source: process.execPath },
    ...ownCode().map((source) => ({ path: `/opt/tvdc/${relative(packageFolder(), source)}`, source })),
  ];
  const manifest = {
    format: 1,
    crtm: 'tvdc-host-crtm 1.0',
    firmware: 'firmware.bin',
    bootLoader: 'loader.bin',
    bootConfiguration: 'loader.cfg',
    kernel: 'kernel.bin',
    commandLine: 'root=/dev/sda1 ro ima_policy=tcb',
    files,
  };
  writeFileSync(join(folder, 'image.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
