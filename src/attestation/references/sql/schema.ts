import type { SqlTypes } from './port.js';

/** Number of the layout that `layoutStatements` makes. */
export const layout = 2;

/**
 * Tables and indexes of the reference database. A set's rows carry the number of its content: a set that is replaced gets
 * another content at once, and rows of contents that no set names wait in `reference_staged` for their removal.
 * `place` is explained where it is computed.
 */
export function layoutStatements({ key, integer, octets }: SqlTypes): readonly string[] {
  return [
    `CREATE TABLE reference_set (
       name TEXT PRIMARY KEY, content ${integer} NOT NULL UNIQUE, description TEXT NOT NULL, created ${integer} NOT NULL,
       changed ${integer} NOT NULL, revision ${integer} NOT NULL, entries ${integer} NOT NULL)`,
    `CREATE TABLE reference_staged (content ${integer} PRIMARY KEY, touched ${integer} NOT NULL)`,
    `CREATE TABLE reference_revision (last ${integer} NOT NULL)`,
    'INSERT INTO reference_revision VALUES (0)',
    `CREATE TABLE reference_bundle (name TEXT PRIMARY KEY, version ${integer} NOT NULL, digest TEXT NOT NULL)`,
    `CREATE TABLE reference (
       id ${key}, content ${integer} NOT NULL, place ${integer} NOT NULL, algorithm TEXT NOT NULL,
       digest ${octets} NOT NULL, path TEXT, status TEXT NOT NULL, package TEXT, source TEXT, facts TEXT)`,
    'CREATE INDEX reference_place ON reference (place, content)',
    'CREATE INDEX reference_content ON reference (content, id)',
    "CREATE INDEX reference_bad ON reference (digest) WHERE status = 'bad'",
  ];
}
