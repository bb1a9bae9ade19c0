import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProjects, root } from './projects.ts'

const headings = ['What it is', 'Promises', 'Use', 'Map', 'Try it', 'Limits']
const MOST_LINES = 60

/** What is wrong with the shape of a package's README. An app's holds tables that are made, so its length is free. */
export function judgeReadme(path: string, text: string): readonly string[] {
  const found = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  const wrong = found.join() === headings.join() ? [] : [`${path}: the headings are not ${headings.join(', ')}`]
  const long = !path.startsWith('apps/') && text.trimEnd().split('\n').length > MOST_LINES
  return long ? [...wrong, `${path} is longer than ${String(MOST_LINES)} lines`] : wrong
}

/** Paths that a document names and the tree does not have. */
export function findDeadLinks(path: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '')
  return links
    .filter((link) => !existsSync(join(root, path, '..', link)))
    .map((link) => `${path} names ${link}, which is not there`)
}

/** Type-checks the code under "Use" of each library's README, in that library. */
function typeCheckUses(readmes: ReadonlyMap<string, string>): readonly string[] {
  const files = [...readmes].flatMap(([folder, text]) => {
    const code = /^## Use$[^]*?```ts\n([^]*?)```/m.exec(text)?.[1]
    if (code === undefined || !folder.startsWith('libs/')) return []
    const file = join(folder, '.use.ts')
    writeFileSync(join(root, file), code)
    return [file]
  })
  const config = join(root, '.use.tsconfig.json')
  writeFileSync(config, JSON.stringify({ extends: './tsconfig.json', include: [], files }))
  try {
    const checked = spawnSync('tsc', ['-p', config, '--noUnusedLocals', 'false'], { cwd: root, encoding: 'utf8' })
    return checked.status === 0 ? [] : [checked.stdout]
  } finally {
    for (const file of [...files.map((one) => join(root, one)), config]) rmSync(file)
  }
}

if (import.meta.main) {
  const folders = findProjects().map(({ folder }) => folder)
  const readmes = new Map(
    folders.filter((one) => existsSync(join(root, one, 'README.md'))).map((one) => [one, read(`${one}/README.md`)]),
  )
  const missing = folders.filter((folder) => !readmes.has(folder)).map((folder) => `${folder} has no README.md`)
  const shapes = [...readmes].flatMap(([folder, text]) => judgeReadme(`${folder}/README.md`, text))
  const tops = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/compatibility.md']
  const links = [...tops, ...[...readmes.keys()].map((one) => `${one}/README.md`)].flatMap((path) =>
    findDeadLinks(path, read(path)),
  )
  const wrong = [...missing, ...shapes, ...links, ...typeCheckUses(readmes)]
  for (const line of wrong) console.error(line)
  console.log(`documents: ${String(readmes.size)} READMEs, ${String(wrong.length)} faults`)
  process.exitCode = wrong.length > 0 ? 1 : 0
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
