export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escape).join(' | ')} |`).join('\n')

export const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')

const escape = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
