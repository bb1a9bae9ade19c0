/** One command of a README, and what it says that comes out. */
export interface Step {
  readonly command: string
  /** Lines; `…` stands for anything. None: nothing is said of the output. */
  readonly expected: readonly string[]
}

/** The `sh` blocks under a heading that ask a running world something, in their order. */
export function stepsUnder(heading: string, markdown: string): Step[] {
  const section = `${markdown}\n## `.split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  return blocks.filter((block) => /^[^#]*\bcurl\b/m.test(block)).flatMap(readSteps)
}

/** A comment right below a command, or below another such comment, is output; any other is for the reader. */
function readSteps(block: string): Step[] {
  const steps: { command: string; expected: string[] }[] = []
  let open: { command: string; expected: string[] } | undefined
  for (const line of block.split('\n')) {
    if (line.trim() === '') open = undefined
    else if (line.startsWith('# ')) open?.expected.push(line.slice(2))
    else if (open?.command.endsWith('\\')) open.command += `\n${line}`
    else if (!line.startsWith('npm start')) steps.push((open = { command: line, expected: [] }))
  }
  return steps
}

export function fits(pattern: string, text: string): boolean {
  const escaped = pattern.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${escaped.join('.*')}$`, 's').test(text)
}
