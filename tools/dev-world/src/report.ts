/** One line of progress, with the time since the start. */
export type Say = (text: string) => void

export const say: Say = (text) => console.log(`[${performance.now() >= 1e5 ? clock() : elapsed()}] ${text}`)

const elapsed = () => `${(performance.now() / 1000).toFixed(1)}s`
// After the start a line tells when, not how long after.
const clock = () => new Date().toTimeString().slice(0, 8)

/** Calls back when nobody reads us any more (`npm start | head`), and lets no write after that throw. */
export function onReaderGone(callback: () => void): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', callback)
}

export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}
