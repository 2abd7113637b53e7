import { nextTurn } from '../../../base/index.js';
import type { ReferenceFilter } from '../database.js';
import { logPath } from '../entry.js';
import { placesOf } from './place.js';
import type { SqlRow, SqlSession, SqlValue } from './port.js';
import { columns } from './rows.js';

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

function condition(filter: ReferenceFilter): Condition {
  const parts: Condition[] = [];
  if (filter.digest !== undefined) parts.push({ sql: 'digest = ?', values: [Buffer.from(filter.digest, 'hex')] });
  if (filter.path !== undefined) {
    const path = logPath(filter.path);
    parts.push({ sql: 'place >= ? AND place < ? AND path = ?', values: [...placesOf(path), path] });
  }
  for (const name of ['package', 'status', 'source'] as const) {
    const wanted = filter[name];
    if (wanted !== undefined) parts.push({ sql: `${name} = ?`, values: [wanted] });
  }
  return {
    sql: parts.map(({ sql }) => ` AND ${sql}`).join(''),
    values: parts.flatMap(({ values }) => values),
  };
}

const page = 1000;

/**
 * Rows of a content that a filter covers, in the order of their numbers, page by page. No page reads more than a thousand
 * rows, however few of them fit, and the event loop turns between two pages.
 */
export async function* selectRows(
  session: Pick<SqlSession, 'query'>,
  content: number,
  filter: ReferenceFilter,
): AsyncGenerator<readonly SqlRow[]> {
  const { sql, values } = condition(filter);
  if (filter.path !== undefined) {
    // By the index of places: the pluses keep SQLite from any other.
    for (let after = 0; ; ) {
      const rows = await session.query(
        `SELECT id, ${columns} FROM reference WHERE +content = ? AND +id > ?${sql} ORDER BY +id LIMIT ${page}`,
        [content, after, ...values],
      );
      if (rows.length > 0) yield rows;
      if (rows.length < page) return;
      after = rows.at(-1)?.['id'] as number;
    }
  }
  for (let after = 0; ; ) {
    const [end] = await session.query(
      `SELECT max(id) AS last, count(*) AS rows_read FROM
         (SELECT id FROM reference WHERE content = ? AND id > ? ORDER BY id LIMIT ${page}) AS paged`,
      [content, after],
    );
    const last = end?.['last'];
    if (typeof last !== 'number') return;
    const rows = await session.query(
      `SELECT id, ${columns} FROM reference WHERE content = ? AND id > ? AND id <= ?${sql} ORDER BY id`,
      [content, after, last, ...values],
    );
    if (rows.length > 0) yield rows;
    if (Number(end?.['rows_read']) < page) return;
    after = last;
    await nextTurn();
  }
}
