import type Database from 'libsql';
import { placeOf } from './place.js';

interface FirstRow {
  readonly id: number;
  readonly set_id: number;
  readonly algorithm: string;
  readonly digest: ArrayBuffer;
  readonly path: string | null;
  readonly status: string;
  readonly package: string | null;
  readonly source: string | null;
  readonly facts: string | null;
}

const page = 1000;
const select = `SELECT id, set_id, algorithm, digest, path, status, package, source, facts FROM first_reference
  WHERE id > ? ORDER BY id LIMIT ${page}`;
const insert = `INSERT INTO reference
  (content, place, algorithm, digest, path, status, package, source, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Brings a file of the first layout, whose index was by digest, to the present one, in the transaction of the caller. */
export function migrateFromFirst(database: Database.Database, statements: readonly string[]): void {
  database.exec(`DROP INDEX reference_identity; DROP INDEX reference_path;
    ALTER TABLE reference RENAME TO first_reference; ALTER TABLE reference_set RENAME TO first_set;
    ALTER TABLE reference_revision RENAME TO first_revision;`);
  for (const statement of statements) database.exec(statement);
  database.exec(`UPDATE reference_revision SET last = (SELECT last FROM first_revision) + (SELECT coalesce(max(id), 0) FROM first_set);
    INSERT INTO reference_set (name, content, description, created, changed, revision, entries)
      SELECT name, id, description, created, changed, revision, entries FROM first_set;`);
  const pages = database.prepare(select);
  const copy = database.prepare(insert);
  for (let after = 0; ; ) {
    const rows = pages.all([after]) as FirstRow[];
    for (const { set_id, algorithm, digest, path, status, package: name, source, facts } of rows) {
      const octets = Buffer.from(digest);
      const place = placeOf(octets.toString('hex'), path);
      copy.run([set_id, place, algorithm, octets, path, status, name, source, facts]);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) break;
    after = last.id;
  }
  database.exec('DROP TABLE first_reference; DROP TABLE first_set; DROP TABLE first_revision;');
}
